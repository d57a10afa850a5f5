import { ChevronRight, FileText, Search, Wrench } from "lucide-react";
import { type ReactNode, useState } from "react";
import { formatNumber, type Key, type T, useT } from "@/lib/i18n";
import type { Part } from "@/realtime/index";
import { Code } from "../markdown/Code";
import { hostOf } from "../markdown/links";
import { type Call, queryOf, readCall, type Source } from "./call";
import styles from "./Message.module.css";

/** What took less took no time worth a word. */
const LEAST_MS = 100;

function Fold({
  icon,
  title,
  part,
  children,
}: {
  icon: ReactNode;
  title: string;
  part: Part;
  children: () => ReactNode;
}) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const { ms } = readCall(part);
  const seconds =
    ms === null || ms < LEAST_MS
      ? null
      : formatNumber(ms / 1000, { maximumFractionDigits: ms < 10_000 ? 1 : 0 });
  return (
    <details className={styles["fold"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {part.done ? icon : <span className={styles["dot"]} aria-hidden="true" />}
        <span>{title}</span>
        {seconds === null ? null : <span className={styles["took"]}>{t("chat.took", { seconds })}</span>}
        <ChevronRight className={styles["chevron"]} size={16} aria-hidden="true" />
      </summary>
      {open ? <div className={styles["inside"]}>{children()}</div> : null}
      {part.limit ? <p className={styles["limit"]}>{t(limits[part.limit] ?? "chat.limit_steps")}</p> : null}
    </details>
  );
}

const limits: Record<string, Key> = {
  steps: "chat.limit_steps",
  time: "chat.limit_time",
  cost: "chat.limit_cost",
  size: "chat.limit_size",
};

/** A call of a tool: what it was given, and what it gave. */
export function ToolStep({ part }: { part: Part }) {
  const call = readCall(part);
  const title = toolTitle(useT(), part);
  const page = call.name === PAGE;
  return (
    <Fold
      icon={page ? <FileText size={16} aria-hidden="true" /> : <Wrench size={16} aria-hidden="true" />}
      title={title}
      part={part}
    >
      {() => (
        <>
          {page ? null : <Code code={pretty(part, call)} language="json" open={!part.done} />}
          <SourceList sources={call.sources} />
          {call.result === null ? null : <Result text={call.result} />}
        </>
      )}
    </Fold>
  );
}

const PAGE = "read_page";
const urlOf = ({ arguments: { url } }: Call): string => (typeof url === "string" ? url : "");

/** What became of a call, in a line. */
export function toolTitle(t: T, part: Part): string {
  const call = readCall(part);
  if (call.unknown) return t("chat.tool_unknown", { name: call.name });
  if (call.name === PAGE) {
    const page = hostOf(urlOf(call)) || call.sources[0]?.host || "…";
    return t(!part.done ? "chat.reading" : call.failed ? "chat.read_failed" : "chat.read", { page });
  }
  if (!part.done) return t("chat.using_tool");
  if (call.failed) return t("chat.tool_failed", { name: call.name });
  if (call.result === null) return t("chat.tool_asked", { name: call.name || "…" });
  return call.name ? t("chat.tool_named", { name: call.name }) : t("chat.tool");
}

/** Without its result, which is shown below it. */
function pretty(part: Part, call: Call): string {
  if (call.result !== null) return JSON.stringify(call.arguments, null, 2);
  try {
    return JSON.stringify(JSON.parse(part.text), null, 2);
  } catch {
    return part.text;
  }
}

/** As it came: text of somebody else's, never markup. */
function Result({ text }: { text: string }) {
  return <pre className={styles["result"]}>{text}</pre>;
}

/** A search, with what it found as a numbered list. */
export function SearchStep({ part }: { part: Part }) {
  const t = useT();
  const call = readCall(part);
  const q = queryOf(part);
  const count = call.sources.length;
  const found = part.done && count > 0 ? ` · ${t("chat.sources", { count })}` : "";
  const title = !part.done ? "chat.searching" : call.failed ? "chat.search_failed" : "chat.searched";
  return (
    <Fold icon={<Search size={16} aria-hidden="true" />} title={t(title, { q }) + found} part={part}>
      {() => (
        <>
          <SourceList sources={call.sources} />
          {call.failed && call.result !== null ? <Result text={call.result} /> : null}
        </>
      )}
    </Fold>
  );
}

function SourceList({ sources }: { sources: readonly Source[] }) {
  if (sources.length === 0) return null;
  return (
    <ol className={styles["sources"]}>
      {sources.map(({ number, address, title, host }) => (
        <li key={address} value={number > 0 ? number : undefined}>
          <a href={address} target="_blank" rel="noopener noreferrer nofollow">
            {title}
          </a>
          <span className={styles["host"]}>{host}</span>
        </li>
      ))}
    </ol>
  );
}
