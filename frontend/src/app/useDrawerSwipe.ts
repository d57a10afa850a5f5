import { type RefObject, useEffect } from "react";
import { setDrawer } from "@/lib/layout";

const startZone = 32;
const slop = 10;
/** Pixels a millisecond; a flick is enough, however short. */
const flick = 0.3;

interface Drag {
  x: number;
  y: number;
  width: number;
  last: number;
  at: number;
  speed: number;
  moving: boolean;
}

/** Opens the drawer by a swipe from the left edge and closes it by one to the left; it follows the finger. */
export function useDrawerSwipe({
  enabled,
  open,
  side,
  veil,
}: {
  enabled: boolean;
  open: boolean;
  side: RefObject<HTMLElement | null>;
  veil: RefObject<HTMLElement | null>;
}): void {
  useEffect(() => {
    const panel = side.current;
    const shade = veil.current;
    if (!enabled || !panel || !shade) return;
    let drag: Drag | null = null;

    const start = (event: TouchEvent) => {
      const touch = event.touches[0];
      if (!touch || event.touches.length > 1 || (!open && touch.clientX > startZone)) return;
      const { clientX: x, clientY: y } = touch;
      drag = { x, y, width: panel.offsetWidth, last: x, at: event.timeStamp, speed: 0, moving: false };
    };
    const move = (event: TouchEvent) => {
      const touch = event.touches[0];
      if (!drag || !touch) return;
      const dx = touch.clientX - drag.x;
      if (!drag.moving) {
        if (Math.abs(touch.clientY - drag.y) > slop) drag = null;
        else if (Math.abs(dx) > slop) drag.moving = true;
        if (!drag?.moving) return;
        panel.dataset["drag"] = "true";
      }
      drag.speed = (touch.clientX - drag.last) / Math.max(1, event.timeStamp - drag.at);
      drag.last = touch.clientX;
      drag.at = event.timeStamp;
      const shift = Math.min(0, Math.max(-drag.width, open ? dx : dx - drag.width));
      panel.style.translate = `${shift}px 0`;
      shade.style.opacity = String(1 + shift / drag.width);
    };
    const end = () => {
      if (drag?.moving) {
        delete panel.dataset["drag"];
        panel.style.translate = "";
        shade.style.opacity = "";
        const moved = drag.last - drag.x;
        const far = Math.abs(moved) > drag.width / 3;
        if (open ? drag.speed < -flick || (moved < 0 && far) : drag.speed > flick || (moved > 0 && far))
          setDrawer(!open);
      }
      drag = null;
    };

    const passive = { passive: true };
    window.addEventListener("touchstart", start, passive);
    window.addEventListener("touchmove", move, passive);
    window.addEventListener("touchend", end, passive);
    window.addEventListener("touchcancel", end, passive);
    return () => {
      window.removeEventListener("touchstart", start);
      window.removeEventListener("touchmove", move);
      window.removeEventListener("touchend", end);
      window.removeEventListener("touchcancel", end);
    };
  }, [enabled, open, side, veil]);
}
