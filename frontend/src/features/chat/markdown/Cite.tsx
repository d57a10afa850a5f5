import { createContext, Fragment, use, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useT } from "@/lib/i18n";
import { Popover } from "@/ui";
import styles from "./Cite.module.css";

interface Cited {
  readonly number: number;
  readonly address: string;
  readonly host: string;
  readonly title: string;
  readonly snippet: string;
}

/** What numbers in brackets stand for in the text below; without any, they are text. */
export const noSources: ReadonlyMap<number, Cited> = new Map();
export const SourcesContext = createContext(noSources);

const REST_MS = 120;

/** `[1]` or `[1, 2]` in running text: small links where there are such sources. */
export function Cites({ numbers, raw }: { numbers: readonly number[]; raw: string }) {
  const sources = use(SourcesContext);
  const found = numbers.map((number) => sources.get(number));
  if (found.includes(undefined)) return raw;
  return found.map((source) => (source ? <Cite key={source.number} source={source} /> : null));
}

/** Its card shows under a mouse that rests and for the keyboard's focus; a finger opens the card instead of the page. */
function Cite({ source }: { source: Cited }) {
  const t = useT();
  const anchor = useRef<HTMLAnchorElement>(null);
  const finger = useRef(false);
  const timer = useRef(0);
  const [open, setOpen] = useState(false);
  const soon = (next: boolean) => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setOpen(next), REST_MS);
  };
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return (
    <Fragment>
      <a
        ref={anchor}
        className={styles["cite"]}
        href={source.address}
        target="_blank"
        rel="noopener noreferrer nofollow"
        aria-label={t("chat.source_named", {
          number: String(source.number),
          title: source.title,
          host: source.host,
        })}
        onPointerDown={({ pointerType }) => (finger.current = pointerType === "touch")}
        onPointerEnter={({ pointerType }) => (pointerType === "mouse" ? soon(true) : undefined)}
        onPointerLeave={({ pointerType }) => (pointerType === "mouse" ? soon(false) : undefined)}
        onFocus={({ currentTarget }) => (currentTarget.matches(":focus-visible") ? soon(true) : undefined)}
        onBlur={() => (finger.current ? undefined : soon(false))}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !open) return;
          event.preventDefault();
          event.stopPropagation();
          soon(false);
          setOpen(false);
        }}
        onClick={(event) => {
          if (!finger.current) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {source.number}
      </a>
      {open
        ? createPortal(
            <Popover
              anchor={anchor}
              side="top"
              align="center"
              className={styles["card"]}
              role="group"
              aria-label={t("chat.source", { number: String(source.number) })}
              onClose={() => setOpen(false)}
              onPointerEnter={() => window.clearTimeout(timer.current)}
              onPointerLeave={({ pointerType }) => (pointerType === "mouse" ? soon(false) : undefined)}
            >
              <a href={source.address} target="_blank" rel="noopener noreferrer nofollow">
                {source.title}
              </a>
              <span className={styles["host"]}>{source.host}</span>
              {source.snippet ? <span className={styles["snippet"]}>{source.snippet}</span> : null}
            </Popover>,
            document.querySelector("main") ?? document.body,
          )
        : null}
    </Fragment>
  );
}
