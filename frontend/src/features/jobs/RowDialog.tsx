import { useQuery } from "@tanstack/react-query";
import { explain } from "@/api/errors";
import { type Job, jobs } from "@/api/jobs";
import { formatNumber, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { Button, Dialog, Note, Skeleton } from "@/ui";
import { ImportedRow } from "./ImportedRow";
import styles from "./Rows.module.css";
import { errorSaid } from "./said";
import { asksModel, rowSigns } from "./words";

const written = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);

/** One row, whole: what went in, what came out, and what it took. */
export function RowDialog({ job, index, onClose }: { job: Job; index: number; onClose: () => void }) {
  const t = useT();
  const query = useQuery({
    queryKey: ["jobs", "row", job.id, index],
    queryFn: async ({ signal }) => (await jobs.rows(job.id, { after: index - 1, limit: 1 }, signal)).items[0],
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data && state.data.status !== "running" && state.data.status !== "pending" ? false : 1_000,
  });
  const row = query.data;
  return (
    <Dialog
      title={t("jobs.row_title", { number: index + 1 })}
      onClose={onClose}
      className={styles["dialog"]}
      reads
    >
      {query.isError ? (
        <Note kind="danger">
          {explain(query.error)}{" "}
          <Button small onClick={() => void query.refetch()}>
            {t("common.retry")}
          </Button>
        </Note>
      ) : !row ? (
        <Skeleton width="60%" />
      ) : (
        <div className={styles["whole"]}>
          <p className={styles["facts"]}>
            <span data-look={rowSigns[row.status].look}>{t(rowSigns[row.status].key)}</span>
            {row.model ? <span>{row.model}</span> : null}
            {row.line > 0 ? <span>{t("jobs.row_line", { line: row.line })}</span> : null}
            {row.cost === null || !asksModel(job.kind) ? null : <span>{money(row.cost)}</span>}
            {row.usage ? (
              <span>
                {t("jobs.row_tokens", {
                  input: formatNumber(Number(row.usage["input_tokens"] ?? 0)),
                  output: formatNumber(Number(row.usage["output_tokens"] ?? 0)),
                })}
              </span>
            ) : null}
            {row.attempt > 1 ? <span>{t("jobs.row_attempts", { count: row.attempt })}</span> : null}
          </p>
          {row.error ? <Note kind="danger">{errorSaid(t, row.error)}</Note> : null}
          {job.kind === "import" ? (
            <ImportedRow row={row} />
          ) : row.output ? (
            <section>
              <h3>{t("jobs.row_output")}</h3>
              <p className={styles["said"]}>{row.output}</p>
            </section>
          ) : null}
          {row.input && asksModel(job.kind) ? (
            <section>
              <h3>{t("jobs.row_input")}</h3>
              <dl className={styles["values"]}>
                {Object.entries(row.input).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{written(value)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ) : null}
        </div>
      )}
    </Dialog>
  );
}
