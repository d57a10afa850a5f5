import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { ApiError } from "@/api/errors";
import { jobs } from "@/api/jobs";
import { formatDate, useT } from "@/lib/i18n";
import { type Entries, firstEntries, valuesOf, wrongWith } from "@/lib/template";
import { Button, explainWrong, Field, Input, Note, Segments, Select } from "@/ui";
import styles from "../Form.module.css";
import { Times } from "../Times";
import { kindWord, nameOf } from "../words";
import { cronOf, ownZone, type Repeat, repeats, zones } from "./cron";
import { ExportParts } from "./ExportParts";
import { MakeFrame } from "./MakeFrame";
import { wrongField } from "./numbers";
import { SchedulePrompt, VALUES } from "./SchedulePrompt";
import type { Stored } from "./StoredTemplate";
import { useExportParts } from "./useExportParts";
import { useMake } from "./useMake";

type What = "prompt" | "job" | "export";
const whats: What[] = ["prompt", "job", "export"];
/** A Sunday, for the names of the days. */
const SUNDAY = Date.UTC(2026, 10, 1);

const useEarlier = () =>
  useQuery({
    queryKey: ["jobs", "earlier"],
    queryFn: async ({ signal }) =>
      (await jobs.list({ kind: "", status: "" }, null, signal)).items.filter(
        ({ kind }) => kind === "batch" || kind === "research" || kind === "export",
      ),
  });

/** A prompt, or a job like an earlier one, at certain times. */
export function SchedulePage() {
  const t = useT();
  const [what, setWhat] = useState<What>("prompt");
  const [prompt, setPrompt] = useState("");
  const [stored, setStored] = useState<Stored | null>(null);
  const [entries, setEntries] = useState<Entries>({});
  const parts = useExportParts();
  const [model, setModel] = useState("");
  const [like, setLike] = useState("");
  const [name, setName] = useState("");
  const [repeat, setRepeat] = useState<Repeat>("workdays");
  const [at, setAt] = useState("07:30");
  const [weekday, setWeekday] = useState("1");
  const [day, setDay] = useState("1");
  const [own, setOwn] = useState("30 7 * * 1-5");
  const [timezone, setTimezone] = useState(ownZone);
  const [allZones] = useState(zones);
  const { data: earlier } = useEarlier();
  const { data: whole } = useQuery({
    queryKey: ["jobs", "one", like],
    queryFn: ({ signal }) => jobs.get(like, signal),
    enabled: what === "job" && like !== "",
  });
  const cron = cronOf({ repeat, at, weekday, day, own });
  const asked = useDeferredValue(cron);

  const inner = () => {
    if (what === "export") return { kind: "export", name: t("jobs.kind_export"), spec: parts.spec() };
    if (what === "job") {
      if (!whole) throw wrongField("spec.job", t("jobs.need_job"));
      return { kind: whole.kind, name: whole.name, spec: whole.spec };
    }
    if (!prompt.trim()) throw wrongField("spec.job.spec.template.user", t("common.required"));
    const spec = { template: { user: prompt.trim() }, rows: [{ time: "" }], ...(model ? { model } : {}) };
    return { kind: "batch", name: name.trim() || prompt.trim().slice(0, 80), spec };
  };
  const use = ({ template, version: { variables }, at: asked }: Stored) => {
    const wrong = variables.flatMap((variable) => {
      const why = wrongWith(variable, entries[variable.name]);
      return why ? [[VALUES + variable.name, explainWrong(t, why, variable)] as const] : [];
    });
    if (wrong[0]) throw new ApiError("bad_request", wrong[0][1], { fields: Object.fromEntries(wrong) });
    const prompt = { id: template.id, ...asked, variables: valuesOf(variables, entries) };
    return { prompt, ...(model ? { model } : {}) };
  };
  const { busy, wrong, formProps } = useMake(() => {
    if (what === "prompt" && stored) {
      const called = name.trim() || stored.template.name;
      return { kind: "schedule", name: called, spec: { cron, timezone, ...use(stored) } };
    }
    const job = inner();
    return { kind: "schedule", name: name.trim() || job.name, spec: { cron, timezone, job } };
  });
  const { fields } = wrong;

  return (
    <MakeFrame title={t("jobs.new_schedule")} hint={t("jobs.new_schedule_text")}>
      <form {...formProps}>
        <section className={styles["part"]} aria-labelledby="schedule-what">
          <header>
            <h2 id="schedule-what">{t("jobs.schedule_what")}</h2>
          </header>
          <Segments<What>
            name="what"
            label={t("jobs.schedule_what")}
            value={what}
            options={whats.map((value) => ({ value, label: t(`jobs.schedule_${value}`) }))}
            onChange={setWhat}
          />
          {what === "prompt" ? (
            <SchedulePrompt
              text={prompt}
              onText={setPrompt}
              stored={stored}
              entries={entries}
              fields={fields}
              model={model}
              onModel={setModel}
              onStored={(next) => {
                const known = stored?.template.id === next?.template.id ? entries : {};
                setEntries(next ? { ...firstEntries(next.version.variables), ...known } : {});
                setStored(next);
              }}
              onEntry={(variable, entry) => setEntries({ ...entries, [variable]: entry })}
            />
          ) : what === "job" ? (
            <Field
              label={t("jobs.schedule_like")}
              hint={earlier?.length === 0 ? t("jobs.schedule_like_none") : undefined}
              error={fields["spec.job"]}
            >
              {(control) => (
                <Select
                  {...control}
                  name="spec.job"
                  value={like}
                  onChange={(event) => setLike(event.target.value)}
                >
                  <option value="">{t("jobs.choose")}</option>
                  {earlier?.map((job) => (
                    <option key={job.id} value={job.id}>
                      {nameOf(t, job)} · {kindWord(t, job.kind)} · {formatDate(job.created)}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          ) : (
            <ExportParts left={parts.left} error={fields["spec.include"]} onChange={parts.setLeft} />
          )}
        </section>
        <section className={styles["part"]} aria-labelledby="schedule-when">
          <header>
            <h2 id="schedule-when">{t("jobs.schedule_when")}</h2>
          </header>
          <div className={styles["fields"]}>
            <Field label={t("jobs.repeat")}>
              {(control) => (
                <Select
                  {...control}
                  name="repeat"
                  value={repeat}
                  onChange={(event) => setRepeat(event.target.value as Repeat)}
                >
                  {repeats.map((value) => (
                    <option key={value} value={value}>
                      {t(`jobs.repeat_${value}`)}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            {repeat === "week" ? (
              <Field label={t("jobs.weekday")}>
                {(control) => (
                  <Select
                    {...control}
                    name="weekday"
                    value={weekday}
                    onChange={(event) => setWeekday(event.target.value)}
                  >
                    {[1, 2, 3, 4, 5, 6, 0].map((number) => (
                      <option key={number} value={number}>
                        {formatDate(new Date(SUNDAY + number * 86_400_000), {
                          weekday: "long",
                          timeZone: "UTC",
                        })}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            ) : null}
            {repeat === "month" ? (
              <Field label={t("jobs.day")}>
                {(control) => (
                  <Input
                    {...control}
                    name="day"
                    type="number"
                    min={1}
                    max={31}
                    value={day}
                    onChange={(event) => setDay(event.target.value)}
                  />
                )}
              </Field>
            ) : null}
            {repeat === "own" ? (
              <Field label={t("jobs.cron")} hint={t("jobs.cron_hint")} error={fields["spec.cron"]}>
                {(control) => (
                  <Input
                    {...control}
                    name="spec.cron"
                    autoComplete="off"
                    spellCheck={false}
                    value={own}
                    onChange={(event) => setOwn(event.target.value)}
                  />
                )}
              </Field>
            ) : (
              <Field label={t(repeat === "hour" ? "jobs.minute" : "jobs.time")} error={fields["spec.cron"]}>
                {(control) => (
                  <Input
                    {...control}
                    name="spec.cron"
                    type="time"
                    value={at}
                    onChange={(event) => setAt(event.target.value || "00:00")}
                  />
                )}
              </Field>
            )}
            <Field label={t("jobs.timezone")} error={fields["spec.timezone"]}>
              {(control) => (
                <Select
                  {...control}
                  name="spec.timezone"
                  value={timezone}
                  onChange={(event) => setTimezone(event.target.value)}
                >
                  {allZones.map((zone) => (
                    <option key={zone} value={zone}>
                      {zone}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
          <div>
            <h3 className={styles["label"]}>{t("jobs.next_times")}</h3>
            <Times cron={asked} timezone={timezone} />
          </div>
          <div className={styles["fields"]}>
            <Field label={t("jobs.name")} error={fields["name"]}>
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
          </div>
        </section>
        <div className={styles["foot"]} data-foot="">
          {wrong.general ? <Note kind="danger">{wrong.general}</Note> : null}
          <div className={styles["end"]}>
            <Button type="submit" look="primary" busy={busy}>
              {t("jobs.start_schedule")}
            </Button>
          </div>
        </div>
      </form>
    </MakeFrame>
  );
}
