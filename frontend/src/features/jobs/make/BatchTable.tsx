import type { ReadAs, UploadedFile } from "@/api/files";
import { useT } from "@/lib/i18n";
import { Field, Note, Select } from "@/ui";
import styles from "../Form.module.css";
import { problemSaid } from "../said";

const encodings = ["utf-8", "utf-16", "windows-1252", "iso-8859-15", "shift_jis"] as const;
const delimiters = [",", ";", "\t", "|"] as const;
const SHOWN = 5;

/** The first rows of a table, what is wrong with it, and what to do about that. */
export function BatchTable({
  file,
  as,
  onRead,
  failed,
  errors,
  onErrors,
}: {
  file: UploadedFile;
  as: ReadAs;
  onRead: (as: Partial<ReadAs>) => void;
  failed: string | null;
  errors: "refuse" | "keep";
  onErrors: (errors: "refuse" | "keep") => void;
}) {
  const t = useT();
  const { columns, preview, problems } = file;
  const unread = columns.length === 0;
  return (
    <>
      {problems.length > 0 ? (
        <Note kind={unread ? "danger" : "warn"}>
          {t(unread ? "jobs.table_unread" : "jobs.table_broken", { count: problems.length })}
          <ul className={styles["problems"]}>
            {problems.slice(0, 8).map((problem, index) => (
              <li key={index}>{problemSaid(t, problem)}</li>
            ))}
          </ul>
        </Note>
      ) : null}
      {unread && problems.length === 0 ? <Note kind="quiet">{t("jobs.table_large")}</Note> : null}
      {problems.length > 0 && !unread ? (
        <fieldset className={styles["choices"]}>
          <legend>{t("jobs.errors")}</legend>
          {(["refuse", "keep"] as const).map((choice) => (
            <label key={choice} className={styles["check"]}>
              <input
                type="radio"
                name="spec.errors"
                checked={errors === choice}
                onChange={() => onErrors(choice)}
              />
              {t(`jobs.errors_${choice}`)}
            </label>
          ))}
        </fieldset>
      ) : null}
      {preview.length > 0 ? (
        <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={t("jobs.first_rows")}>
          <table className={styles["preview"]}>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {preview.slice(0, SHOWN).map((row, index) => (
                <tr key={index}>
                  {columns.map((column) => (
                    <td key={column}>{row[column] ?? ""}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {failed ? <Note kind="danger">{failed}</Note> : null}
      {file.format === "csv" || unread ? (
        <details className={styles["more"]} open={unread || undefined}>
          <summary>{t("jobs.read_as")}</summary>
          <div className={styles["fields"]}>
            <Field label={t("jobs.encoding")}>
              {(control) => (
                <Select
                  {...control}
                  name="spec.encoding"
                  value={as.encoding}
                  onChange={(event) => onRead({ encoding: event.target.value })}
                >
                  <option value="">{t("jobs.found_out")}</option>
                  {encodings.map((encoding) => (
                    <option key={encoding} value={encoding}>
                      {encoding}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label={t("jobs.delimiter")}>
              {(control) => (
                <Select
                  {...control}
                  name="spec.delimiter"
                  value={as.delimiter}
                  onChange={(event) => onRead({ delimiter: event.target.value })}
                >
                  <option value="">{t("jobs.found_out")}</option>
                  {delimiters.map((delimiter) => (
                    <option key={delimiter} value={delimiter}>
                      {delimiter === "\t" ? t("jobs.tab_mark") : delimiter}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
        </details>
      ) : null}
    </>
  );
}
