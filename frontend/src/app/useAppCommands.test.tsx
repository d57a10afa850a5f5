import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { registerCommand } from "@/lib/commands";
import { setOverlay, useLayout } from "@/lib/layout";
import { useAppCommands } from "./useAppCommands";

function Page() {
  useAppCommands({ openArchive: vi.fn(), signOut: vi.fn() });
  return <textarea aria-label="Message" />;
}

beforeEach(() => setOverlay(null));
const overlay = () => useLayout.getState().overlay;

describe("shortcuts of the page", () => {
  it("work while someone types, but for letters and signs", async () => {
    const stop = vi.fn();
    const unregister = registerCommand({ id: "stop", title: "Stop", shortcut: "Escape", run: stop });
    render(<Page />);
    const box = screen.getByRole("textbox", { name: "Message" });
    await userEvent.type(box, "why?");
    expect(overlay()).toBeNull();
    expect(box).toHaveValue("why?");
    await userEvent.keyboard("{Escape}");
    expect(stop).toHaveBeenCalledOnce();
    await userEvent.keyboard("{Control>}k{/Control}");
    expect(overlay()).toBe("palette");
    unregister();
  });

  it("show the keys for a lone question mark, and for Mod+/ anywhere", async () => {
    render(<Page />);
    const box = screen.getByRole("textbox", { name: "Message" });
    await userEvent.type(box, "?");
    expect(overlay()).toBe("shortcuts");
    expect(box).toHaveValue("");
    setOverlay(null);
    await userEvent.type(box, "half a sentence");
    await userEvent.keyboard("{Control>}/{/Control}");
    expect(overlay()).toBe("shortcuts");
  });
});
