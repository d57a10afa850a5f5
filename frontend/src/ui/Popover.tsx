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
 * A box in the top layer beside its anchor while it is mounted. Esc, a click outside and a scroll of the page behind
 * it close it; focus goes back to the anchor when it was inside.
 */
export function Popover({ anchor, onClose, side, align, className, children, ...rest }: PopoverProps) {
  const ref = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  useLayoutEffect(() => {
    close.current = onClose;
  });

  useLayoutEffect(() => {
    const box = ref.current;
    const from = anchor.current;
    if (!box || !from) return;
    const put = () => {
      const view = { width: document.documentElement.clientWidth, height: window.innerHeight };
      const at = place(
        from.getBoundingClientRect(),
        { width: box.offsetWidth, height: box.offsetHeight },
        view,
        {
          side,
          align,
        },
      );
      box.style.left = `${at.left}px`;
      box.style.top = `${at.top}px`;
    };
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") close.current();
    };
    const scrolled = (event: Event) => {
      if (event.target instanceof Node && event.target.contains(from)) close.current();
    };
    box.addEventListener("toggle", toggled);
    document.addEventListener("scroll", scrolled, { capture: true, passive: true });
    window.addEventListener("resize", put);
    box.showPopover();
    put();
    const watch = new ResizeObserver(put);
    watch.observe(box);
    return () => {
      watch.disconnect();
      window.removeEventListener("resize", put);
      document.removeEventListener("scroll", scrolled, { capture: true });
      box.removeEventListener("toggle", toggled);
      const inside = box.contains(document.activeElement);
      if (box.matches(":popover-open")) box.hidePopover();
      if (inside) from.focus();
    };
  }, [anchor, side, align]);

  return (
    <div {...rest} ref={ref} popover="auto" className={cx(styles["popover"], className)}>
      {children}
    </div>
  );
}
