import { type RefObject, useEffect, useState } from "react";

const AROUND = 8;

/** Which of `count` places of one height are in sight of the scroller round `box`, with some more on both sides. */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  count: number,
  height: number,
): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, 30]);
  const there = count > 0;
  useEffect(() => {
    const element = box.current;
    const scroller = element?.closest("[data-scroller]");
    if (!there || !element || !scroller) return;
    let frame = 0;
    const look = () => {
      const above = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(above / height) - AROUND);
      const last = Math.max(0, Math.ceil((above + scroller.clientHeight) / height) + AROUND);
      setRange((before) => (before[0] === first && before[1] === last ? before : [first, last]));
    };
    const soon = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    scroller.addEventListener("scroll", soon, { passive: true });
    const resized = new ResizeObserver(soon);
    resized.observe(scroller);
    resized.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      scroller.removeEventListener("scroll", soon);
      resized.disconnect();
    };
  }, [box, there, height]);
  return [range[0], Math.min(range[1], count - 1)];
}
