import type { Token, Tokens } from "marked";
import { createElement, lazy, memo, Suspense } from "react";
import { Code } from "./Code";
import type { FormulaToken, NoteToken } from "./grammar";
import { Inline } from "./Inline";
import styles from "./Markdown.module.css";

const Formula = lazy(() => import("./Formula"));
const Diagram = lazy(() => import("./Diagram"));

/** One block. Rendered again only when its source is another one, or it is no longer the open end of the text. */
export const BlockView = memo(
  function BlockView({ token, open }: { token: Token; open: boolean }) {
    return <BlockBody token={token} open={open} />;
  },
  (before, after) => before.open === after.open && same(before.token, after.token),
);

/** Equal source reads equal, except that a reference in it may have been defined since. */
function same(a: Token, b: Token): boolean {
  return a === b || (a.type === b.type && a.raw === b.raw && !a.raw.includes("]"));
}

function BlockBody({ token, open }: { token: Token; open: boolean }) {
  switch (token.type) {
    case "heading": {
      const { depth, tokens } = token as Tokens.Heading;
      // The page's own heading is above; the sizes follow what was written.
      const tag = `h${Math.min(depth + 2, 6)}`;
      return createElement(tag, { className: styles[`h${depth}`] }, <Inline tokens={tokens} />);
    }
    case "paragraph":
      return (
        <p>
          <Inline tokens={(token as Tokens.Paragraph).tokens} />
        </p>
      );
    case "text": {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? <Inline tokens={tokens} /> : text;
    }
    case "list":
      return <List list={token as Tokens.List} open={open} />;
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={(token as Tokens.Blockquote).tokens} open={open} />
        </blockquote>
      );
    case "code": {
      const { lang, text, raw } = token as Tokens.Code;
      const name = /^[^\s{]*/.exec(lang ?? "")?.[0] ?? "";
      const writing = open && !/\n {0,3}(?:`{3,}|~{3,})[ \t]*\n?$/.test(raw);
      if (name.toLowerCase() === "mermaid" && !writing) {
        return (
          <Suspense fallback={<Code code={text} language={name} open={false} />}>
            <Diagram source={text} />
          </Suspense>
        );
      }
      return <Code code={text} language={name} open={writing} />;
    }
    case "table":
      return <Table table={token as Tokens.Table} />;
    case "formulaBlock": {
      const formula = token as unknown as FormulaToken;
      const source = <pre className={styles["tex"]}>{formula.tex}</pre>;
      if (formula.open) return source;
      return (
        <Suspense fallback={source}>
          <Formula tex={formula.tex} display />
        </Suspense>
      );
    }
    case "noteText": {
      const note = token as unknown as NoteToken;
      return (
        <p className={styles["note"]}>
          <sup>{note.label}</sup> <Inline tokens={note.tokens} />
        </p>
      );
    }
    case "hr":
      return <hr />;
    case "html": {
      // Markup in the text is shown, never run; comments are left out.
      const shown = token.raw.replace(/<!--[\s\S]*?(?:-->|$)/g, "").trim();
      return shown ? <p className={styles["markup"]}>{shown}</p> : null;
    }
    default:
      return null;
  }
}

export function Blocks({ tokens, open }: { tokens: Token[]; open: boolean }) {
  return tokens.map((token, at) => (
    <BlockView key={at} token={token} open={open && at === tokens.length - 1} />
  ));
}

function List({ list, open }: { list: Tokens.List; open: boolean }) {
  const items = list.items.map((item, at) => (
    <Item key={at} item={item} loose={list.loose} open={open && at === list.items.length - 1} />
  ));
  if (!list.ordered) return <ul data-tasks={list.items.some(({ task }) => task) || undefined}>{items}</ul>;
  return <ol start={list.start === "" || list.start === 1 ? undefined : list.start}>{items}</ol>;
}

const Item = memo(
  function Item({ item, open }: { item: Tokens.ListItem; loose: boolean; open: boolean }) {
    const tokens = item.tokens.filter(({ type }) => type !== "checkbox");
    return (
      <li>
        {item.task ? <input type="checkbox" checked={item.checked ?? false} readOnly disabled /> : null}
        <Blocks tokens={tokens} open={open} />
      </li>
    );
  },
  (before, after) =>
    before.open === after.open && before.loose === after.loose && same(before.item, after.item),
);

function Table({ table }: { table: Tokens.Table }) {
  return (
    <div className={styles["table"]} tabIndex={0} role="group">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, at) => (
              <th key={at} scope="col" style={{ textAlign: cell.align ?? undefined }}>
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, at) => (
            <Row key={at} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Row = memo(
  function Row({ row }: { row: Tokens.TableCell[] }) {
    return (
      <tr>
        {row.map((cell, at) => (
          <td key={at} style={{ textAlign: cell.align ?? undefined }}>
            <Inline tokens={cell.tokens} />
          </td>
        ))}
      </tr>
    );
  },
  (before, after) =>
    before.row.length === after.row.length &&
    before.row.every((cell, at) => cell.text === after.row[at]?.text && !cell.text.includes("]")),
);
