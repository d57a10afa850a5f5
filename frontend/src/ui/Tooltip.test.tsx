import { act, fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { TooltipHost } from "./Tooltip";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  HTMLElement.prototype.showPopover = () => undefined;
  render(
    <>
      <button data-tip="Stop it">x</button>
      <TooltipHost />
    </>,
  );
  return () => vi.useRealTimers();
});
const button = () => screen.getByRole("button");
const wait = (): void =>
  act(() => {
    vi.advanceTimersByTime(600);
  });
const focused = () => {
  const element = button();
  element.matches = (selector) => selector === ":focus-visible";
  act(() => element.focus());
};

describe("a tooltip", () => {
  it("shows what a mouse rests on, until it leaves", () => {
    fireEvent(button(), new MouseEvent("pointerover", { bubbles: true }));
    wait();
    expect(screen.queryByText("Stop it")).toBeNull();
    const over = new MouseEvent("pointerover", { bubbles: true });
    Object.defineProperty(over, "pointerType", { value: "mouse" });
    fireEvent(button(), over);
    wait();
    expect(screen.getByText("Stop it")).toBeInTheDocument();
    fireEvent(document.body, new MouseEvent("pointerover", { bubbles: true }));
    expect(screen.queryByText("Stop it")).toBeNull();
  });

  it("shows what the keyboard brought the focus to", () => {
    fireEvent.keyDown(document.body, { key: "Tab" });
    focused();
    wait();
    expect(screen.getByText("Stop it")).toBeInTheDocument();
  });

  it("does not stick to what a finger touched", () => {
    const down = new MouseEvent("pointerdown", { bubbles: true });
    Object.defineProperty(down, "pointerType", { value: "touch" });
    fireEvent(button(), down);
    focused();
    wait();
    expect(screen.queryByText("Stop it")).toBeNull();
  });
});
