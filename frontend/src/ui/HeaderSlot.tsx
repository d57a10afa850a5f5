import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import { create } from "zustand";

const useSlot = create<{ element: HTMLElement | null }>(() => ({ element: null }));

/** The place in the bar above the text; the shell puts it there once. */
export function HeaderOutlet({ className }: { className?: string | undefined }) {
  return <div className={className} ref={(element) => useSlot.setState({ element })} />;
}

/** Renders into the bar above the text, such as a title and a model picker. */
export function HeaderSlot({ children }: { children: ReactNode }) {
  const slot = useSlot((state) => state.element);
  return slot ? createPortal(children, slot) : null;
}
