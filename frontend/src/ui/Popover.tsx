import { type ComponentProps, type RefObject, useLayoutEffect, useRef } from "react";
import { cx } from "@/lib/cx";
import { type Align, place, type Side } from "./place";
import styles from "./Popover.module.css";

export type PopoverProps = ComponentProps<"div"> & {
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  side?: Side;
  align?: Align;
};

/**
 * A box in the top layer beside its anchor while it is mounted. Esc and a click outside close it; it goes with its
 * anchor when the page behind it scrolls or is drawn again, and closes when the anchor has gone out of view. The anchor
 * is asked for each time, so it may be another element by then. Focus goes back to it when it was inside.
 */
export function Popover({ anchor, onClose, side, align, className, children, ...rest }: PopoverProps) {
  const ref = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  useLayoutEffect(() => {
    close.current = onClose;
  });

  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || !anchor.current) return;
    const put = () => {
      const from = anchor.current;
      if (!from) return;
      const view = { width: document.documentElement.clientWidth, height: window.innerHeight };
      const beside = from.getBoundingClientRect();
      if (box.matches(":popover-open") && (beside.bottom < 0 || beside.top > view.height)) {
        close.current();
        return;
      }
      const size = { width: box.offsetWidth, height: box.offsetHeight };
      const at = place(beside, size, view, { side, align });
      box.style.left = `${at.left}px`;
      box.style.top = `${at.top}px`;
    };
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") close.current();
    };
    const scrolled = (event: Event) => {
      if (event.target instanceof Node && event.target.contains(anchor.current)) put();
    };
    box.addEventListener("toggle", toggled);
    document.addEventListener("scroll", scrolled, { capture: true, passive: true });
    window.addEventListener("resize", put);
    box.showPopover();
    put();
    const watch = new ResizeObserver(put);
    watch.observe(box);
    const back = () => anchor.current?.focus();
    return () => {
      watch.disconnect();
      window.removeEventListener("resize", put);
      document.removeEventListener("scroll", scrolled, { capture: true });
      box.removeEventListener("toggle", toggled);
      const inside = box.contains(document.activeElement);
      if (box.matches(":popover-open")) box.hidePopover();
      if (inside) back();
    };
  }, [anchor, side, align]);

  return (
    <div {...rest} ref={ref} popover="auto" className={cx(styles["popover"], className)}>
      {children}
    </div>
  );
}
