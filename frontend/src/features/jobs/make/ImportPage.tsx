import { useState } from "react";
import type { UploadedFile } from "@/api/files";
import { useT } from "@/lib/i18n";
import { Button, Field, Input, Note, Select } from "@/ui";
import styles from "../Form.module.css";
import { problemSaid } from "../said";
import { DropFile } from "./DropFile";
import { MakeFrame } from "./MakeFrame";
import { wrongField } from "./numbers";
import { limitOf, useLimits } from "./sizes";
import { useMake } from "./useMake";

export const sources = {
  chatgpt: "ChatGPT",
  openwebui: "Open WebUI",
  librechat: "LibreChat",
  rivulet: "Rivulet",
};
const sourceOf = (file: UploadedFile | null): string => {
  const found = (file as { source?: unknown } | null)?.source;
  return typeof found === "string" ? found : "";
};

/** Conversations from another program's export. */
export function ImportPage() {
  const t = useT();
  const limits = useLimits();
  const [file, setFile] = useState<UploadedFile | null>(null);
  const [source, setSource] = useState("");
  const [folder, setFolder] = useState("");
  const found = sourceOf(file);
  const { busy, wrong, formProps } = useMake(() => {
    if (!file) throw wrongField("spec.file", t("jobs.need_file"));
    return {
      kind: "import",
      name: file.name,
      spec: {
        file: file.id,
        ...(source ? { source } : {}),
        ...(folder.trim() ? { folder: folder.trim() } : {}),
      },
    };
  });
  const { fields } = wrong;
  return (
    <MakeFrame title={t("jobs.new_import")} hint={t("jobs.new_import_text")}>
      <form className={styles["form"]} {...formProps}>
        <DropFile
          name="spec.file"
          accept=".json,.jsonl,.zip"
          hint={t("jobs.import_hint", { most: limitOf(limits.imports) })}
          imports
          file={file}
          error={fields["spec.file"]}
          detail={found in sources ? sources[found as keyof typeof sources] : ""}
          onFile={setFile}
        />
        {file && file.problems.length > 0 ? (
          <Note kind="warn">
            <ul>
              {file.problems.slice(0, 8).map((problem, index) => (
                <li key={index}>{problemSaid(t, problem)}</li>
              ))}
            </ul>
          </Note>
        ) : null}
        <div className={styles["fields"]}>
          <Field label={t("jobs.import_source")} error={fields["spec.source"]}>
            {(control) => (
              <Select
                {...control}
                name="spec.source"
                value={source}
                onChange={(event) => setSource(event.target.value)}
              >
                <option value="">{t("jobs.found_out")}</option>
                {Object.entries(sources).map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field
            label={t("jobs.import_folder")}
            hint={t("jobs.import_folder_hint")}
            error={fields["spec.folder"]}
          >
            {(control) => (
              <Input
                {...control}
                name="spec.folder"
                autoComplete="off"
                maxLength={100}
                value={folder}
                onChange={(event) => setFolder(event.target.value)}
              />
            )}
          </Field>
        </div>
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
