import { Link } from "wouter";
import type { JobRow } from "@/api/jobs";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { given } from "./given";
import styles from "./Rows.module.css";

interface LeftOut {
  what: string;
  count: number;
  names?: string[];
}
interface Brought {
  conversation?: string;
  messages?: number;
  left_out?: LeftOut[];
}

function read(output: string): Brought {
  try {
    return JSON.parse(output) as Brought;
  } catch {
    return {};
  }
}

/** A conversation of an import: which it was, where it is now, and what of it was left out. */
export function ImportedRow({ row }: { row: JobRow }) {
  const t = useT();
  const { conversation, messages, left_out: left = [] } = read(row.output);
  const entry = row.input?.["entry"];
  return (
    <dl className={styles["values"]}>
      <div>
        <dt>{t("jobs.row_title_of")}</dt>
        <dd>
          {given(t, row, "import", [])}
          {conversation ? (
            <>
              {" · "}
              <Link href={paths.chat(conversation)}>{t("jobs.import_open")}</Link>
            </>
          ) : null}
          {typeof messages === "number" ? ` · ${t("jobs.import_messages", { count: messages })}` : null}
        </dd>
      </div>
      {typeof entry === "string" && entry ? (
        <div>
          <dt>{t("jobs.row_from")}</dt>
          <dd>{entry}</dd>
        </div>
      ) : null}
      {left.length > 0 ? (
        <div>
          <dt>{t("jobs.import_left_out")}</dt>
          <dd>
            {left.map(({ what, count, names = [] }) => `${what}: ${[count, ...names].join(", ")}`).join("\n")}
          </dd>
        </div>
      ) : null}
    </dl>
  );
}
