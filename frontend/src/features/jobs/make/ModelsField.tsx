import { useId } from "react";
import { useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { Skeleton } from "@/ui";
import styles from "../Form.module.css";
import type { Model } from "./models";

/** One model or several; each row is done for each of them. */
export function ModelsField({
  models,
  chosen,
  error,
  onChange,
}: {
  models: readonly Model[] | undefined;
  chosen: readonly string[];
  error: string | undefined;
  onChange: (names: string[]) => void;
}) {
  const t = useT();
  const id = useId();
  const flip = (name: string, on: boolean) =>
    onChange(on ? [...chosen, name] : chosen.filter((other) => other !== name));
  return (
    <fieldset className={styles["choices"]} aria-describedby={error ? id : undefined}>
      <legend>{t("jobs.models_hint")}</legend>
      <div className={styles["models"]}>
        {models ? (
          models.map((model, index) => (
            <label key={model.name} className={styles["check"]}>
              <input
                type="checkbox"
                name={index === 0 ? "spec.models" : undefined}
                checked={chosen.includes(model.name)}
                onChange={(event) => flip(model.name, event.target.checked)}
              />
              <span>
                {model.label || model.name}{" "}
                <small>
                  {model.input_price === null && model.output_price === null
                    ? t("jobs.price_unknown")
                    : t("jobs.price", {
                        input: money(Number(model.input_price ?? 0)),
                        output: money(Number(model.output_price ?? 0)),
                      })}
                </small>
              </span>
            </label>
          ))
        ) : (
          <Skeleton width="40%" />
        )}
      </div>
      {error ? (
        <p id={id} className={styles["wrong"]} role="alert">
          {error}
        </p>
      ) : null}
    </fieldset>
  );
}
