import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { explain } from "@/api/errors";
import { useT } from "@/lib/i18n";
import { Button, Skeleton, VisuallyHidden } from "@/ui";
import styles from "./Settings.module.css";

/** What a query brings, or its place while it is fetched, or why it failed with a way to try again. */
export function Loadable<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) {
  const t = useT();
  if (query.data !== undefined) return children(query.data);
  if (query.isError)
    return (
      <div className={styles["empty"]} role="alert">
        <strong>{t("settings.failed_title")}</strong>
        <p>{explain(query.error)}</p>
        <div className={styles["retry"]}>
          <Button small onClick={() => void query.refetch()}>
            {t("common.retry")}
          </Button>
        </div>
      </div>
    );
  return (
    <div className={styles["rows"]} role="status">
      <VisuallyHidden>{t("common.loading")}</VisuallyHidden>
      {["40%", "55%"].map((width) => (
        <div key={width} className={styles["row"]}>
          <div>
            <Skeleton width={width} />
          </div>
        </div>
      ))}
    </div>
  );
}
