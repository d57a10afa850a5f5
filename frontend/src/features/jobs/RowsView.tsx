import {
  type KeyboardEvent,
  memo,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { explain } from "@/api/errors";
import { type Job, jobs } from "@/api/jobs";
import { formatNumber, type T, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { Button, Note, Segments, Skeleton, State } from "@/ui";
import { variablesOf } from "./estimate";
import { followOf } from "./follow";
import { given } from "./given";
import { RowDialog } from "./RowDialog";
import { type Filter, RowStore, type ShownRow } from "./rows";
import styles from "./Rows.module.css";
import { errorSaid } from "./said";
import { useMedia } from "@/lib/useMedia";
import { useWindow } from "./useWindow";
import { asksModel, ended, rowSigns } from "./words";

const HEIGHT = 44;
const PHONE_HEIGHT = 72;

/** The columns that a template names, as they are mapped. */
function useColumns(spec: Job["spec"]): string[] {
  return useMemo(() => {
    const template = (spec["template"] ?? {}) as Record<string, string>;
    const mapping = (spec["mapping"] ?? {}) as Record<string, string>;
    const names = variablesOf(template["user"] ?? "", template["system"] ?? "");
    return names.map((name) => mapping[name] ?? name);
  }, [spec]);
}

const results = {
  imported: "jobs.import_imported",
  updated: "jobs.import_updated",
  known: "jobs.import_known",
} as const;

/** What came out, or why nothing did. */
function came(t: T, { error, output }: ShownRow, kind: string): string {
  if (error) {
    const line = error["line"];
    const reason = errorSaid(t, error);
    return typeof line === "number" ? t("jobs.problem_at", { line, reason }) : reason;
  }
  if (kind === "import") {
    const result = /"result": ?"(\w+)"/.exec(output)?.[1];
    return result && result in results ? t(results[result as keyof typeof results]) : "";
  }
  return kind === "export" ? "" : output.slice(0, 300);
}

/** The rows of a job: those in sight are drawn, those near it are read, and what changes does so in its place. */
export function RowsView({ job }: { job: Job }) {
  const t = useT();
  const { id, kind, total, done, failed } = job;
  const [filter, setFilter] = useState<Filter>("");
  const [open, setOpen] = useState<number | null>(null);
  const [store] = useState(() => new RowStore((query, signal) => jobs.rows(id, query, signal)));
  useSyncExternalStore(store.subscribe, store.get);
  store.count(total);
  useEffect(() => {
    const stop = followOf(id).listen({
      row: (event) => store.apply(event),
      reset: () => store.refresh(),
    });
    return () => {
      stop();
      store.close();
    };
  }, [id, store]);

  const box = useRef<HTMLDivElement>(null);
  const height = useMedia("(max-width: 47.9375rem)") ? PHONE_HEIGHT : HEIGHT;
  const { size } = store;
  const [first, last] = useWindow(box, size, height);
  useEffect(() => store.show(first, last), [store, first, last, total]);
  const columns = useColumns(job.spec);
  const several = Array.isArray(job.spec["models"]) && job.spec["models"].length > 1;
  const tableId = useId();

  const narrow = (next: Filter) => {
    setFilter(next);
    store.narrow(next);
    box.current?.closest("[data-scroller]")?.scrollTo({ top: 0 });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target instanceof HTMLElement ? event.target.closest("[data-place]") : null;
    if (step === undefined || !row) return;
    event.preventDefault();
    const next = Number(row.getAttribute("data-place")) + step;
    const found = box.current?.querySelector<HTMLElement>(`[data-place="${next}"] button`);
    found?.focus();
    found?.scrollIntoView({ block: "nearest" });
  };

  const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  return (
    <section aria-labelledby={tableId}>
      <div className={styles["tools"]}>
        <h2 id={tableId} className={styles["heading"]}>
          {t("jobs.rows")}
        </h2>
        <Segments<Filter>
          name="rows-filter"
          label={t("jobs.rows_show")}
          value={filter}
          onChange={narrow}
          options={[
            { value: "", label: t("jobs.rows_all", { total: formatNumber(total) }) },
            { value: "done", label: t("jobs.rows_done", { total: formatNumber(done) }) },
            { value: "failed", label: t("jobs.rows_failed", { total: formatNumber(failed) }) },
          ]}
        />
      </div>
      {store.error ? (
        <Note kind="danger">
          {explain(store.error)}{" "}
          <Button small onClick={() => store.retry()}>
            {t("common.retry")}
          </Button>
        </Note>
      ) : null}
      {size === 0 && !store.loading ? (
        <State title={t(total === 0 && !ended(job.status) ? "jobs.rows_not_yet" : "jobs.rows_none")} />
      ) : (
        <div
          role="table"
          aria-label={t("jobs.rows")}
          aria-rowcount={size + 1}
          className={styles["table"]}
          data-several={several || undefined}
          data-kind={kind}
          data-free={asksModel(kind) ? undefined : ""}
          onKeyDown={onKeyDown}
        >
          <div role="rowgroup">
            <div role="row" aria-rowindex={1} className={styles["names"]}>
              <span role="columnheader">{t("jobs.row_number")}</span>
              <span role="columnheader">{t("jobs.status")}</span>
              <span role="columnheader">{t("jobs.row_input")}</span>
              {several ? <span role="columnheader">{t("jobs.model")}</span> : null}
              <span role="columnheader">{t("jobs.row_output")}</span>
              {asksModel(kind) ? <span role="columnheader">{t("jobs.cost")}</span> : null}
            </div>
          </div>
          <div role="rowgroup" ref={box} className={styles["body"]} style={{ height: size * height }}>
            {places.map((place) => (
              <Row
                key={place}
                place={place}
                row={store.at(place)}
                kind={kind}
                several={several}
                columns={columns}
                top={place * height}
                height={height}
                onOpen={setOpen}
              />
            ))}
          </div>
        </div>
      )}
      {open === null ? null : <RowDialog job={job} index={open} onClose={() => setOpen(null)} />}
    </section>
  );
}

const Row = memo(function Row({
  place,
  row,
  kind,
  several,
  columns,
  top,
  height,
  onOpen,
}: {
  place: number;
  row: ShownRow | undefined;
  kind: string;
  several: boolean;
  columns: readonly string[];
  top: number;
  height: number;
  onOpen: (index: number) => void;
}) {
  const t = useT();
  const style = { top, height };
  if (!row)
    return (
      <div role="row" aria-rowindex={place + 2} className={styles["row"]} style={style}>
        <span role="cell" className={styles["number"]}>
          <Skeleton width="2rem" />
        </span>
      </div>
    );
  const { key, icon: Icon, look } = rowSigns[row.status];
  const out = came(t, row, kind);
  return (
    <div
      role="row"
      aria-rowindex={place + 2}
      className={styles["row"]}
      style={style}
      data-place={place}
      data-status={row.status}
    >
      <span role="cell" className={styles["number"]}>
        <button
          type="button"
          onClick={() => onOpen(row.index)}
          aria-label={t("jobs.row_open", { number: row.index + 1 })}
        >
          {formatNumber(row.index + 1)}
        </button>
      </span>
      <span role="cell" className={styles["standing"]} data-look={look}>
        <Icon size={16} aria-hidden="true" />
        <span>{t(key)}</span>
      </span>
      <span role="cell" className={styles["given"]}>
        {given(t, row, kind, columns)}
      </span>
      {several ? (
        <span role="cell" className={styles["model"]}>
          {row.model}
        </span>
      ) : null}
      <span role="cell" className={styles["came"]} data-look={row.error ? "danger" : undefined}>
        {out}
      </span>
      {asksModel(kind) ? (
        <span role="cell" className={styles["cost"]}>
          {row.cost === null ? "" : money(row.cost)}
        </span>
      ) : null}
    </div>
  );
});
