import { useState } from "react";
import { useT } from "@/lib/i18n";
import { Button, Field, Input, Note, Segments, Select, TextArea } from "@/ui";
import styles from "../Form.module.css";
import { MakeFrame } from "./MakeFrame";
import { ModelSelect } from "./ModelSelect";
import { amountOf, wrongField } from "./numbers";
import { useMake } from "./useMake";

const depths = ["quick", "standard", "deep"] as const;
type Depth = (typeof depths)[number];
const ages = ["day", "week", "month", "year"] as const;

/** A question to be looked into, with sources. */
export function ResearchPage() {
  const t = useT();
  const [question, setQuestion] = useState("");
  const [instructions, setInstructions] = useState("");
  const [depth, setDepth] = useState<Depth>("standard");
  const [model, setModel] = useState("");
  const [freshness, setFreshness] = useState("");
  const [cap, setCap] = useState("");
  const { busy, wrong, formProps } = useMake(() => {
    if (!question.trim()) throw wrongField("spec.question", t("common.required"));
    return {
      kind: "research",
      name: "",
      spec: {
        question: question.trim(),
        depth,
        ...(model ? { model } : {}),
        ...(freshness ? { freshness } : {}),
        ...(instructions.trim() ? { instructions: instructions.trim() } : {}),
        cost_cap: amountOf(cap, "spec.cost_cap"),
      },
    };
  });
  const { fields } = wrong;
  return (
    <MakeFrame title={t("jobs.new_research")} hint={t("jobs.new_research_text")}>
      <form className={styles["form"]} {...formProps}>
        <Field label={t("jobs.question")} error={fields["spec.question"]}>
          {(control) => (
            <TextArea
              {...control}
              className={styles["words"]}
              name="spec.question"
              rows={3}
              maxLength={4000}
              autoFocus
              value={question}
              onChange={(event) => setQuestion(event.target.value)}
            />
          )}
        </Field>
        <div className={styles["choices"]}>
          <Segments<Depth>
            name="spec.depth"
            label={t("jobs.depth")}
            value={depth}
            options={depths.map((value) => ({ value, label: t(`jobs.depth_${value}`) }))}
            onChange={setDepth}
          />
          <p className={styles["quiet"]}>{t(`jobs.depth_${depth}_text`)}</p>
        </div>
        <div className={styles["fields"]}>
          <ModelSelect name="spec.model" value={model} error={fields["spec.model"]} onChange={setModel} />
          <Field label={t("jobs.freshness")} error={fields["spec.freshness"]}>
            {(control) => (
              <Select
                {...control}
                name="spec.freshness"
                value={freshness}
                onChange={(event) => setFreshness(event.target.value)}
              >
                <option value="">{t("jobs.freshness_any")}</option>
                {ages.map((age) => (
                  <option key={age} value={age}>
                    {t(`jobs.freshness_${age}`)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
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
        </div>
        <details className={styles["more"]}>
          <summary>{t("jobs.instructions")}</summary>
          <Field
            label={t("jobs.instructions")}
            hint={t("jobs.instructions_hint")}
            error={fields["spec.instructions"]}
          >
            {(control) => (
              <TextArea
                {...control}
                name="spec.instructions"
                rows={3}
                maxLength={4000}
                value={instructions}
                onChange={(event) => setInstructions(event.target.value)}
              />
            )}
          </Field>
        </details>
        {wrong.general ? <Note kind="danger">{wrong.general}</Note> : null}
        <div className={styles["end"]}>
          <Button type="submit" look="primary" busy={busy}>
            {t("jobs.start_research")}
          </Button>
        </div>
      </form>
    </MakeFrame>
  );
}
