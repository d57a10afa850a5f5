import { ChevronRight, Search, Wrench } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useT } from "@/lib/i18n";
import type { Json, Part } from "@/realtime/index";
import { Code } from "../markdown/Code";
import { hostOf, safeAddress } from "../markdown/links";
import styles from "./Message.module.css";

function Fold({ icon, title, children }: { icon: ReactNode; title: string; children: () => ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={styles["fold"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {icon}
        <span>{title}</span>
        <ChevronRight className={styles["chevron"]} size={16} aria-hidden="true" />
      </summary>
      {open ? <div className={styles["inside"]}>{children()}</div> : null}
    </details>
  );
}

/** A tool call: its part is JSON text with the name and what it was given. */
export function ToolStep({ part }: { part: Part }) {
  const t = useT();
  const { name, pretty } = readTool(part.text);
  return (
    <Fold
      icon={<Wrench size={16} aria-hidden="true" />}
      title={name ? t("chat.tool_named", { name }) : t("chat.tool")}
    >
      {() => <Code code={pretty} language="json" open={!part.done} />}
    </Fold>
  );
}

function readTool(text: string): { name: string; pretty: string } {
  try {
    const parsed = JSON.parse(text) as Json;
    const inner = (parsed["function"] ?? parsed) as Json;
    return {
      name: typeof inner["name"] === "string" ? inner["name"] : "",
      pretty: JSON.stringify(parsed, null, 2),
    };
  } catch {
    return { name: /"name"\s*:\s*"([^"\\]{1,80})"/.exec(text)?.[1] ?? "", pretty: text };
  }
}

/** A search, with its sources as a numbered list. */
export function SearchStep({ part }: { part: Part }) {
  const t = useT();
  const items = part.items ?? [];
  const found = items.length > 0 ? ` · ${t("chat.sources", { count: items.length })}` : "";
  return (
    <Fold
      icon={<Search size={16} aria-hidden="true" />}
      title={t("chat.searched", { q: part.query ?? part.text }) + found}
    >
      {() => (
        <ol className={styles["sources"]}>
          {items.map((item, at) => (
            <Source key={at} item={item} />
          ))}
        </ol>
      )}
    </Fold>
  );
}

function Source({ item }: { item: Json }) {
  const text = (name: string) => (typeof item[name] === "string" ? item[name] : "");
  const address = safeAddress(text("url"));
  const title = text("title") || text("url");
  return (
    <li>
      {address ? (
        <a href={address} target="_blank" rel="noopener noreferrer nofollow">
          {title}
        </a>
      ) : (
        title
      )}
      {address ? <span className={styles["host"]}>{hostOf(address)}</span> : null}
    </li>
  );
}
