import { ImageOff } from "lucide-react";
import type { Token, Tokens } from "marked";
import { Fragment, lazy, type ReactNode, Suspense } from "react";
import { Cites, noSources, SourcesContext } from "./Cite";
import type { CiteToken, FormulaToken, NoteToken } from "./grammar";
import { hostOf, safeAddress } from "./links";
import styles from "./Markdown.module.css";

const Formula = lazy(() => import("./Formula"));

/** Running text: only these elements, only these attributes. */
export function Inline({ tokens }: { tokens: Token[] | undefined }): ReactNode {
  return tokens?.map((token, at) => <Fragment key={at}>{one(token)}</Fragment>);
}

function one(token: Token): ReactNode {
  switch (token.type) {
    case "strong":
      return (
        <strong>
          <Inline tokens={(token as Tokens.Strong).tokens} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inline tokens={(token as Tokens.Em).tokens} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inline tokens={(token as Tokens.Del).tokens} />
        </del>
      );
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Anchor token={token as Tokens.Link} />;
    case "image":
      return <Picture token={token as Tokens.Image} />;
    case "formula": {
      const { tex, raw } = token as unknown as FormulaToken;
      return (
        <Suspense fallback={<code>{tex}</code>}>
          <Formula tex={tex} display={raw.startsWith("$$") || raw.startsWith("\\[")} />
        </Suspense>
      );
    }
    case "cite": {
      const { numbers, raw } = token as unknown as CiteToken;
      return <Cites numbers={numbers} raw={raw} />;
    }
    case "note":
      return <sup>{(token as unknown as NoteToken).label}</sup>;
    case "html":
      if (/^<br\s*\/?>$/i.test(token.raw)) return <br />;
      return token.raw.startsWith("<!--") ? null : token.raw;
    case "text": {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? <Inline tokens={tokens} /> : decode(text);
    }
    case "escape":
      return decode((token as Tokens.Escape).text);
    case "checkbox":
      return null;
    default:
      return token.raw;
  }
}

function Anchor({ token }: { token: Tokens.Link }) {
  const address = safeAddress(decode(token.href));
  // A picture that is a link leads where the link does.
  const shown = token.tokens.map((inner) =>
    inner.type === "image" ? { ...inner, type: "text", tokens: undefined } : inner,
  );
  const words = (
    <SourcesContext value={noSources}>
      <Inline tokens={shown} />
    </SourcesContext>
  );
  if (address === null) return words;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow" title={token.title ?? undefined}>
      {words}
    </a>
  );
}

/** Pictures from elsewhere are not fetched: that would tell the world what is read here. They are a link. */
function Picture({ token }: { token: Tokens.Image }) {
  const address = safeAddress(decode(token.href));
  const words = token.text || (address ? hostOf(address) : "");
  if (!address?.startsWith("http")) return words;
  return (
    <a className={styles["picture"]} href={address} target="_blank" rel="noopener noreferrer nofollow">
      <ImageOff size={16} aria-hidden="true" />
      {words}
      <span className={styles["host"]}>{hostOf(address)}</span>
    </a>
  );
}

const named: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  reg: "®",
  trade: "™",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  times: "×",
  middot: "·",
  bull: "•",
  rarr: "→",
  larr: "←",
  uarr: "↑",
  darr: "↓",
  deg: "°",
  plusmn: "±",
  euro: "€",
  le: "≤",
  ge: "≥",
  ne: "≠",
};

/** Character references in running text; React escapes what comes out. */
export function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (whole, ten, sixteen, name) => {
    if (name) return named[String(name)] ?? whole;
    const point = ten ? Number(ten) : parseInt(String(sixteen), 16);
    return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
      ? String.fromCodePoint(point)
      : "\ufffd";
  });
}
