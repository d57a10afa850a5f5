import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { translate, useT } from "@/lib/i18n";
import { Button, Segments, toast } from "@/ui";
import styles from "./Doctor.module.css";
import { linesOf, proxies, type Proxy, type Symptom } from "./rules";

const shownMs = 1600;

/** Copies text and says so for a moment. */
export function useCopied(): [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = (text: string) => {
    Promise.resolve(navigator.clipboard as Clipboard | undefined)
      .then((clipboard) =>
        clipboard ? clipboard.writeText(text) : Promise.reject(new Error("no clipboard")),
      )
      .then(() => {
        setCopied(true);
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => setCopied(false), shownMs);
      })
      .catch(() => toast({ text: translate("chat.copy_failed") }));
  };
  return [copied, copy];
}

/** What is wrong, and the lines that mend it, for the proxy that is chosen; one choice for the whole page. */
export function Advice({
  symptom,
  id,
  proxy,
  onProxy,
}: {
  symptom: Symptom;
  id: string;
  proxy: Proxy;
  onProxy: (proxy: Proxy) => void;
}) {
  const t = useT();
  const { rivulet, ...lines } = linesOf(symptom);
  const there = (Object.keys(lines) as (keyof typeof lines)[]).map((value) => ({
    value,
    label: proxies[value],
  }));
  const chosen = there.find(({ value }) => value === proxy) ?? there[0];
  return (
    <div className={styles["advice"]}>
      <p>{t(`symptoms.${symptom}`)}</p>
      {chosen ? (
        <>
          <div className={styles["proxies"]}>
            <Segments
              name={`proxy-${id}`}
              label={t("doctor.proxy")}
              value={chosen.value}
              options={there}
              onChange={onProxy}
            />
          </div>
          <Lines label={t("doctor.lines_for", { proxy: chosen.label })} text={lines[chosen.value] ?? ""} />
        </>
      ) : null}
      {rivulet ? <Lines label={t("doctor.setting")} text={rivulet} shown /> : null}
    </div>
  );
}

function Lines({ label, text, shown }: { label: string; text: string; shown?: boolean }) {
  const t = useT();
  const [copied, copy] = useCopied();
  return (
    <figure className={styles["lines"]}>
      {shown ? <figcaption>{label}</figcaption> : null}
      <pre tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <Button
        small
        icon={copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
        aria-label={copied ? t("common.copied") : t("doctor.copy_lines")}
        onClick={() => copy(text)}
      >
        {copied ? t("common.copied") : t("common.copy")}
      </Button>
    </figure>
  );
}
