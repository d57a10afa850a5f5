import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { shortcutKeys } from "@/lib/shortcuts";
import { place } from "./place";
import styles from "./Tooltip.module.css";

interface Tip {
  target: HTMLElement;
  text: string;
  keys: string | undefined;
}

const delay = 500;

/**
 * One tooltip for the whole page, mounted once: it shows `data-tip` (and `data-tip-keys`) of what is hovered for half a
 * second or focused by keyboard; never of what a finger touched, nor of what gets the focus from it. The tip repeats the accessible name, so screen readers are not told twice.
 */
export function TooltipHost() {
  const [tip, setTip] = useState<Tip | null>(null);
  const ref = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer = 0;
    let pressed: { x: number; y: number } | null = null;
    let touching = window.matchMedia("(hover: none)").matches;
    const find = (event: Event) =>
      event.target instanceof Element ? event.target.closest<HTMLElement>("[data-tip]") : null;
    const show = (target: HTMLElement, wait: number) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        const text = target.dataset["tip"];
        const open = target.getAttribute("aria-expanded") === "true";
        if (text && target.isConnected && !open) setTip({ target, text, keys: target.dataset["tipKeys"] });
      }, wait);
    };
    const hide = () => {
      window.clearTimeout(timer);
      setTip(null);
    };
    const over = (event: PointerEvent) => {
      // What a press put under a mouse that rests, such as stop where send was, was not asked about.
      if (pressed?.x === event.clientX && pressed.y === event.clientY) return;
      pressed = null;
      const target = find(event);
      if (target && event.pointerType === "mouse") show(target, delay);
      else hide();
    };
    const focus = (event: FocusEvent) => {
      const target = find(event);
      if (!touching && target?.matches(":focus-visible")) show(target, 0);
      else hide();
    };
    const down = (event: PointerEvent) => {
      touching = event.pointerType !== "mouse";
      pressed = { x: event.clientX, y: event.clientY };
      hide();
    };
    // Keys on the glass come with the fingers; those that move the focus come from a keyboard.
    const key = (event: KeyboardEvent) => {
      if (event.key === "Tab") touching = false;
      hide();
    };
    document.addEventListener("pointerover", over);
    document.addEventListener("focusin", focus);
    document.addEventListener("focusout", hide);
    document.addEventListener("pointerdown", down);
    document.addEventListener("keydown", key);
    return () => {
      hide();
      document.removeEventListener("pointerover", over);
      document.removeEventListener("focusin", focus);
      document.removeEventListener("focusout", hide);
      document.removeEventListener("pointerdown", down);
      document.removeEventListener("keydown", key);
    };
  }, []);

  useLayoutEffect(() => {
    const box = ref.current;
    if (!tip || !box) return;
    box.showPopover();
    const at = place(
      tip.target.getBoundingClientRect(),
      { width: box.offsetWidth, height: box.offsetHeight },
      { width: document.documentElement.clientWidth, height: window.innerHeight },
      { align: "center", gap: 6 },
    );
    box.style.left = `${at.left}px`;
    box.style.top = `${at.top}px`;
  }, [tip]);

  if (!tip) return null;
  return (
    <div ref={ref} popover="manual" className={styles["tip"]} aria-hidden="true">
      {tip.text}
      {tip.keys ? <kbd>{shortcutKeys(tip.keys).join(" ")}</kbd> : null}
    </div>
  );
}
