import { useT } from "@/lib/i18n";
import { Button, Field, Input, Note } from "@/ui";
import { useState } from "react";
import styles from "../Form.module.css";
import { ExportParts } from "./ExportParts";
import { MakeFrame } from "./MakeFrame";
import { useExportParts } from "./useExportParts";
import { useMake } from "./useMake";

/** What one has here, as a file. */
export function ExportPage() {
  const t = useT();
  const [name, setName] = useState("");
  const parts = useExportParts();
  const { busy, wrong, formProps } = useMake(() => ({
    kind: "export",
    name: name.trim(),
    spec: parts.spec(),
  }));
  return (
    <MakeFrame title={t("jobs.new_export")} hint={t("jobs.new_export_text")}>
      <form className={styles["form"]} {...formProps}>
        <ExportParts left={parts.left} error={wrong.fields["spec.include"]} onChange={parts.setLeft} />
        <Field label={t("jobs.name")} error={wrong.fields["name"]}>
          {(control) => (
            <Input
              {...control}
              name="name"
              maxLength={200}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {wrong.general ? <Note kind="danger">{wrong.general}</Note> : null}
        <div className={styles["end"]}>
          <Button type="submit" look="primary" busy={busy}>
            {t("jobs.start")}
          </Button>
        </div>
      </form>
    </MakeFrame>
  );
}
