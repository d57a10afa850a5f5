export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export type Side = "top" | "bottom" | "right";
export type Align = "start" | "center" | "end";

const edge = 8;
const clamp = (value: number, low: number, high: number) =>
  Math.max(low, Math.min(value, Math.max(low, high)));

/** Where a floating box of this size goes beside its anchor, in CSS pixels; it flips when there is no room, and stays in view. */
export function place(
  anchor: Box,
  size: { width: number; height: number },
  view: { width: number; height: number },
  { side = "bottom", align = "start", gap = 4 }: { side?: Side; align?: Align; gap?: number } = {},
): { left: number; top: number; side: Side } {
  if (side === "right" && anchor.right + gap + size.width <= view.width - edge) {
    const middle = (anchor.top + anchor.bottom - size.height) / 2;
    return { left: anchor.right + gap, top: clamp(middle, edge, view.height - size.height - edge), side };
  }
  const below = anchor.bottom + gap;
  const above = anchor.top - gap - size.height;
  const fits = { bottom: below + size.height <= view.height - edge, top: above >= edge };
  const first = side === "top" ? "top" : "bottom";
  const other = first === "top" ? "bottom" : "top";
  const chosen = fits[first] || !fits[other] ? first : other;
  const left = {
    start: anchor.left,
    center: (anchor.left + anchor.right - size.width) / 2,
    end: anchor.right - size.width,
  }[align];
  return {
    left: clamp(left, edge, view.width - size.width - edge),
    top: clamp(chosen === "top" ? above : below, edge, view.height - size.height - edge),
    side: chosen,
  };
}
