import { useDeferredValue, useRef, useState } from "react";
import { explain } from "@/api/errors";
import { files, type UploadedFile } from "@/api/files";
import { formatNumber, useT } from "@/lib/i18n";
import { Button, Field, Input, Note, Select, TextArea } from "@/ui";
import { countLines, fill, variablesOf } from "../estimate";
import styles from "../Form.module.css";
import { BatchTable } from "./BatchTable";
import { Cost } from "./Cost";
import { DropFile } from "./DropFile";
import { MakeFrame } from "./MakeFrame";
import { ModelsField } from "./ModelsField";
import { useModels } from "./models";
import { amountOf, decimal, wrongField } from "./numbers";
import { TemplatePicker } from "./TemplatePicker";
import { useMake } from "./useMake";

const CONCURRENCY = 8;
const COUNTED_MAX = 100 * 1024 * 1024;

/** A prompt over the rows of a table. */
export function BatchPage() {
  const t = useT();
  const { data: models } = useModels();
  const [file, setFile] = useState<UploadedFile | null>(null);
  const [lines, setLines] = useState<number | null>(null);
  const [as, setAs] = useState({ encoding: "", delimiter: "" });
  const [errors, setErrors] = useState<"refuse" | "keep">("refuse");
  const [system, setSystem] = useState("");
  const [user, setUser] = useState("");
  const [mapping, setMapping] = useState<Record<string, string>>({});
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const [name, setName] = useState("");
  const [concurrency, setConcurrency] = useState(String(CONCURRENCY));
  const [maxTokens, setMaxTokens] = useState("");
  const [cap, setCap] = useState("");
  const prompt = useRef<HTMLTextAreaElement>(null);

  const picked =
    models?.filter((model) => (chosen ? chosen.has(model.name) : model.default)).map((model) => model.name) ??
    [];
  const columns = file?.columns ?? [];
  const variables = useDeferredValue(variablesOf(system, user));
  const columnOf = (variable: string) => mapping[variable] ?? (columns.includes(variable) ? variable : "");
  const samples = (file?.preview ?? []).map((row) =>
    Object.fromEntries(variables.map((variable) => [variable, row[columnOf(variable)] ?? ""])),
  );
  const rows = lines === null ? null : Math.max(0, file?.format === "csv" ? lines - 1 : lines);

  const ask = () => {
    if (!file) throw wrongField("spec.file", t("jobs.need_file"));
    if (!user.trim()) throw wrongField("spec.template.user", t("common.required"));
    const lost = variables.find((variable) => !columnOf(variable));
    if (lost !== undefined) throw wrongField(`spec.mapping.${lost}`, t("jobs.need_column"));
    if (picked.length === 0) throw wrongField("spec.models", t("jobs.need_model"));
    const tokens = whole(maxTokens, "spec.params.max_tokens");
    const pairs = variables.map((variable) => [variable, columnOf(variable)] as const);
    return {
      kind: "batch",
      name: name.trim() || file.name,
      spec: {
        file: file.id,
        template: { system: system.trim(), user },
        mapping: Object.fromEntries(pairs.filter(([variable, column]) => variable !== column)),
        models: picked,
        concurrency: whole(concurrency, "spec.concurrency") ?? CONCURRENCY,
        errors,
        cost_cap: amountOf(cap, "spec.cost_cap"),
        ...(tokens === null ? {} : { params: { max_tokens: tokens } }),
        ...Object.fromEntries(Object.entries(as).filter(([, value]) => value !== "")),
      },
    };
  };
  const whole = (text: string, field: string): number | null => {
    const value = decimal(text);
    if (value !== null && !(Number.isInteger(value) && value > 0))
      throw wrongField(field, t("jobs.need_whole"));
    return value;
  };
  const { busy, wrong, formProps } = useMake(ask);
  const { fields } = wrong;

  const insert = (column: string) => {
    const area = prompt.current;
    const [from, to] = [area?.selectionStart ?? user.length, area?.selectionEnd ?? user.length];
    const piece = `{{${column}}}`;
    setUser(user.slice(0, from) + piece + user.slice(to));
    requestAnimationFrame(() => {
      area?.focus();
      area?.setSelectionRange(from + piece.length, from + piece.length);
    });
  };
  const takeFile = (next: UploadedFile | null, local: File | null) => {
    setFile(next);
    setLines(null);
    setAs({ encoding: "", delimiter: "" });
    const counted = next?.format === "csv" || next?.format === "jsonl";
    if (local && counted && local.size <= COUNTED_MAX) countLines(local).then(setLines, () => undefined);
  };
  const [reading, setReading] = useState<string | null>(null);
  const readAgain = (change: Partial<typeof as>) => {
    if (!file) return;
    const next = { ...as, ...change };
    setAs(next);
    setReading(null);
    files.get(file.id, next).then(setFile, (error: unknown) => setReading(explain(error)));
  };
  const sample = samples[0];

  return (
    <MakeFrame title={t("jobs.new_batch")} hint={t("jobs.new_batch_text")}>
      <form {...formProps}>
        <section className={styles["part"]} aria-labelledby="batch-table">
          <header>
            <h2 id="batch-table">{t("jobs.table")}</h2>
          </header>
          <DropFile
            name="spec.file"
            accept=".csv,.tsv,.txt,.jsonl,.ndjson,.xlsx"
            hint={t("jobs.table_hint")}
            file={file}
            error={fields["spec.file"]}
            detail={rows === null ? "" : t("jobs.rows_about", { count: rows })}
            onFile={takeFile}
          />
          {file ? (
            <BatchTable
              file={file}
              as={as}
              onRead={readAgain}
              failed={reading}
              errors={errors}
              onErrors={setErrors}
            />
          ) : null}
        </section>

        <section className={styles["part"]} aria-labelledby="batch-prompt">
          <header>
            <h2 id="batch-prompt">{t("jobs.prompt")}</h2>
            <TemplatePicker
              onPick={(template) => {
                setSystem(template.system);
                setUser(template.user);
                if (models?.some((model) => model.name === template.model))
                  setChosen(new Set([template.model]));
              }}
            />
          </header>
          <Field
            label={t("jobs.row_prompt")}
            hint={t("jobs.user_hint", { name: "{{name}}" })}
            error={fields["spec.template.user"] ?? fields["spec.template"]}
          >
            {(control) => (
              <TextArea
                {...control}
                ref={prompt}
                className={styles["words"]}
                name="spec.template.user"
                rows={4}
                value={user}
                onChange={(event) => setUser(event.target.value)}
              />
            )}
          </Field>
          {columns.length > 0 ? (
            <div role="group" aria-label={t("jobs.columns")} className={styles["chips"]}>
              {columns.slice(0, 40).map((column) => (
                <button key={column} type="button" className={styles["chip"]} onClick={() => insert(column)}>
                  {`{{${column}}}`}
                </button>
              ))}
            </div>
          ) : null}
          <details className={styles["more"]} open={system !== "" || undefined}>
            <summary>{t("jobs.system")}</summary>
            <Field
              label={t("jobs.system")}
              hint={t("jobs.system_hint")}
              error={fields["spec.template.system"]}
            >
              {(control) => (
                <TextArea
                  {...control}
                  className={styles["words"]}
                  name="spec.template.system"
                  rows={3}
                  value={system}
                  onChange={(event) => setSystem(event.target.value)}
                />
              )}
            </Field>
          </details>
          {variables.length > 0 && columns.length > 0 ? (
            <fieldset className={styles["choices"]}>
              <legend>{t("jobs.mapping")}</legend>
              <div className={styles["fields"]}>
                {variables.map((variable) => (
                  <Field key={variable} label={`{{${variable}}}`} error={fields[`spec.mapping.${variable}`]}>
                    {(control) => (
                      <Select
                        {...control}
                        name={`spec.mapping.${variable}`}
                        value={columnOf(variable)}
                        onChange={(event) => setMapping({ ...mapping, [variable]: event.target.value })}
                      >
                        <option value="">{t("jobs.column_choose")}</option>
                        {columns.map((column) => (
                          <option key={column} value={column}>
                            {column}
                          </option>
                        ))}
                      </Select>
                    )}
                  </Field>
                ))}
              </div>
            </fieldset>
          ) : null}
          {user && file && variables.length === 0 ? <Note kind="warn">{t("jobs.no_variable")}</Note> : null}
          {sample && user ? (
            <details className={styles["more"]}>
              <summary>{t("jobs.first_row")}</summary>
              <p className={styles["sample"]}>
                {[system, user]
                  .filter(Boolean)
                  .map((text) => fill(text, sample))
                  .join("\n\n")}
              </p>
            </details>
          ) : null}
        </section>

        <section className={styles["part"]} aria-labelledby="batch-models">
          <header>
            <h2 id="batch-models">{t("jobs.models")}</h2>
          </header>
          <ModelsField
            models={models}
            chosen={picked}
            error={fields["spec.models"]}
            onChange={(names) => setChosen(new Set(names))}
          />
          <div className={styles["fields"]}>
            <Field label={t("jobs.cap")} hint={t("jobs.cap_hint")} error={fields["spec.cost_cap"]}>
              {(control) => (
                <Input
                  {...control}
                  name="spec.cost_cap"
                  inputMode="decimal"
                  autoComplete="off"
                  value={cap}
                  onChange={(event) => setCap(event.target.value)}
                />
              )}
            </Field>
            <Field
              label={t("jobs.max_tokens")}
              hint={t("jobs.max_tokens_hint")}
              error={fields["spec.params.max_tokens"] ?? fields["spec.params"]}
            >
              {(control) => (
                <Input
                  {...control}
                  name="spec.params.max_tokens"
                  inputMode="numeric"
                  autoComplete="off"
                  value={maxTokens}
                  onChange={(event) => setMaxTokens(event.target.value)}
                />
              )}
            </Field>
            <Field
              label={t("jobs.concurrency")}
              hint={t("jobs.concurrency_hint")}
              error={fields["spec.concurrency"]}
            >
              {(control) => (
                <Input
                  {...control}
                  name="spec.concurrency"
                  inputMode="numeric"
                  autoComplete="off"
                  value={concurrency}
                  onChange={(event) => setConcurrency(event.target.value)}
                />
              )}
            </Field>
            <Field label={t("jobs.name")} error={fields["name"]}>
              {(control) => (
                <Input
                  {...control}
                  name="name"
                  maxLength={200}
                  autoComplete="off"
                  placeholder={file?.name ?? ""}
                  value={name}
                  onChange={(event) => setName(event.target.value)}
                />
              )}
            </Field>
          </div>
        </section>

        <div className={styles["foot"]} data-foot="">
          {wrong.general ? <Note kind="danger">{wrong.general}</Note> : null}
          <div className={styles["start"]}>
            <Cost
              models={models?.filter((model) => picked.includes(model.name)) ?? []}
              texts={[system, user]}
              rows={rows}
              samples={samples}
              maxTokens={decimal(maxTokens)}
              ready={file !== null && user !== ""}
            />
            <Button type="submit" look="primary" busy={busy}>
              {rows === null
                ? t("jobs.start")
                : t("jobs.start_rows", { total: formatNumber(rows * Math.max(1, picked.length)) })}
            </Button>
          </div>
        </div>
      </form>
    </MakeFrame>
  );
}
