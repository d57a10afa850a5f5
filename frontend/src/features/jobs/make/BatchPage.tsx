import { useDeferredValue, useState } from "react";
import { explain } from "@/api/errors";
import { files, type UploadedFile } from "@/api/files";
import { useT } from "@/lib/i18n";
import { Button, Field, Input, Note } from "@/ui";
import { countLines } from "../estimate";
import styles from "../Form.module.css";
import { BatchPrompt } from "./BatchPrompt";
import { BatchTable } from "./BatchTable";
import { Cost } from "./Cost";
import { DropFile } from "./DropFile";
import { MakeFrame } from "./MakeFrame";
import { ModelsField } from "./ModelsField";
import { useModels } from "./models";
import { amountOf, decimal, wrongField } from "./numbers";
import { limitOf, useLimits } from "./sizes";
import { useBatchPrompt } from "./useBatchPrompt";
import { useMake } from "./useMake";

const CONCURRENCY = 8;
const COUNTED_MAX = 100 * 1024 * 1024;

/** A prompt over the rows of a table. */
export function BatchPage() {
  const t = useT();
  const limits = useLimits();
  const { data: models } = useModels();
  const [file, setFile] = useState<UploadedFile | null>(null);
  const [lines, setLines] = useState<number | null>(null);
  const [as, setAs] = useState({ encoding: "", delimiter: "" });
  const [errors, setErrors] = useState<"refuse" | "keep">("refuse");
  const words = useBatchPrompt();
  const { system, user, stored } = words;
  const [mapping, setMapping] = useState<Record<string, string>>({});
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const [name, setName] = useState("");
  const [concurrency, setConcurrency] = useState(String(CONCURRENCY));
  const [maxTokens, setMaxTokens] = useState("");
  const [cap, setCap] = useState("");

  const picked =
    models?.filter((model) => (chosen ? chosen.has(model.name) : model.default)).map((model) => model.name) ??
    [];
  const columns = file?.columns ?? [];
  const variables = useDeferredValue(words.variables);
  const columnOf = (variable: string) => mapping[variable] ?? (columns.includes(variable) ? variable : "");
  const samples = (file?.preview ?? []).map((row) =>
    Object.fromEntries(
      variables.map((variable) => [variable, row[columnOf(variable)] || words.preset(variable)]),
    ),
  );
  const rows = lines === null ? null : Math.max(0, file?.format === "csv" ? lines - 1 : lines);

  const ask = () => {
    if (!file) throw wrongField("spec.file", t("jobs.need_file"));
    if (!stored && !user.trim()) throw wrongField("spec.template.user", t("common.required"));
    const lost = variables.find((variable) => words.needs(variable) && !columnOf(variable));
    if (lost !== undefined) throw wrongField(`spec.mapping.${lost}`, t("jobs.need_column"));
    if (picked.length === 0) throw wrongField("spec.models", t("jobs.need_model"));
    const tokens = whole(maxTokens, "spec.params.max_tokens");
    const pairs = variables.map((variable) => [variable, columnOf(variable)] as const);
    return {
      kind: "batch",
      name: name.trim() || file.name,
      spec: {
        file: file.id,
        template: words.template(),
        mapping: Object.fromEntries(
          pairs.filter(([variable, column]) => column !== "" && variable !== column),
        ),
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
            hint={t("jobs.table_hint", { most: limitOf(limits.file) })}
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

        <BatchPrompt
          words={words}
          columns={columns}
          variables={variables}
          fields={fields}
          columnOf={columnOf}
          sample={samples[0]}
          ready={file !== null}
          onMap={(variable, column) => setMapping({ ...mapping, [variable]: column })}
          onPick={({ model }) => {
            if (models?.some((one) => one.name === model)) setChosen(new Set([model]));
          }}
        />

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
                  placeholder={words.maxTokens === null ? "" : String(words.maxTokens)}
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
              maxTokens={decimal(maxTokens) ?? words.maxTokens}
              ready={file !== null && user !== ""}
            />
            <Button type="submit" look="primary" busy={busy}>
              {rows === null
                ? t("jobs.start")
                : t("jobs.start_rows", { count: rows * Math.max(1, picked.length) })}
            </Button>
          </div>
        </div>
      </form>
    </MakeFrame>
  );
}
