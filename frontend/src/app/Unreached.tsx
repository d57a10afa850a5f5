import { useT } from "@/lib/i18n";
import { Button, State } from "@/ui";

/** Where a page could not be fetched. */
export function Unreached() {
  const t = useT();
  return (
    <main>
      <title>Rivulet</title>
      <State
        level={1}
        title={t("common.line_doctor")}
        next={<Button onClick={() => location.reload()}>{t("common.retry")}</Button>}
      >
        {t("common.error_offline")}
      </State>
    </main>
  );
}
