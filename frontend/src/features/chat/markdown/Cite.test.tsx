import "@testing-library/jest-dom/vitest";
import { fireEvent, render, screen } from "@testing-library/react";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { SourcesContext } from "./Cite";
import { Markdown } from "./Markdown";

const sources = new Map(
  [1, 2].map((number) => [
    number,
    {
      number,
      address: `https://a.example/${number}`,
      host: "a.example",
      title: `Page ${number}`,
      snippet: "Long.",
    },
  ]),
);
const show = (text: string, known = sources) =>
  render(
    <SourcesContext value={known}>
      <Markdown text={text} streaming={false} />
    </SourcesContext>,
  ).container;

beforeAll(() => {
  const nothing = () => undefined;
  HTMLElement.prototype.showPopover = nothing;
  HTMLElement.prototype.hidePopover = nothing;
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe = nothing;
      disconnect = nothing;
    },
  );
});

describe("numbers in brackets", () => {
  it("are links to their sources, which get nothing of ours", () => {
    show("Long [1][2], very [1, 2].");
    const links = screen.getAllByRole("link");
    expect(links.map((link) => link.getAttribute("href"))).toEqual(
      [1, 2, 1, 2].map((number) => `https://a.example/${number}`),
    );
    for (const link of links) {
      expect(link).toHaveAttribute("target", "_blank");
      expect(link.getAttribute("rel")).toContain("noopener noreferrer");
    }
    expect(links[0]).toHaveAccessibleName("Source 1: Page 1, a.example");
  });

  it.each(["x[3] and [1, 3]", "`[1]`", "[4][5]", "```\n[1]\n```"])("are text in %s", (text) => {
    expect(show(text).querySelector("a")).toBeNull();
    expect(show(text).textContent).toContain(/\[.*\]/.exec(text)?.[0] ?? "");
  });

  it("are text without sources, and what the text itself says they are", () => {
    expect(show("See [1].", new Map()).textContent).toBe("See [1].");
    const own = show("See [1].\n\n[1]: https://own.example/").querySelector("a");
    expect(own).toHaveAttribute("href", "https://own.example/");
    expect(show("[see [1] here](https://own.example/)").querySelectorAll("a")).toHaveLength(1);
  });

  it("show a card under a finger instead of leaving", () => {
    show("Long [1].");
    const link = screen.getByRole("link");
    fireEvent.pointerDown(link, { pointerType: "touch" });
    expect(fireEvent.click(link)).toBe(false);
    expect(document.querySelector('[aria-label="Source 1"]')).toHaveTextContent("Page 1a.exampleLong.");
  });
});
