/** The document's title; the name alone without children. */
export function Title({ children }: { children?: string | undefined }) {
  return <title>{children ? `${children} · Rivulet` : "Rivulet"}</title>;
}
