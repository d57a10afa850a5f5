import { Check, ClipboardCopy, RotateCw } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { storage } from "@/lib/storage";
import { Button, ButtonLink, Note, Wordmark } from "@/ui";
import { useCopied } from "./Advice";
import { CheckRow } from "./CheckRow";
import styles from "./Doctor.module.css";
import { order } from "./examine";
import { proxies, type Proxy } from "./rules";
import { Silence } from "./Silence";
import { counts, report, summary, useDoctor } from "./useDoctor";

const isProxy = (name: string | null): name is Proxy => name !== null && Object.hasOwn(proxies, name);

/** Tests the connection from this browser, and names what is missing on the way. */
export default function DoctorPage() {
  const t = useT();
  const doctor = useDoctor();
  const [copied, copy] = useCopied();
  const [proxy, setProxy] = useState<Proxy>(() => {
    const stored = storage.get("proxy");
    return isProxy(stored) ? stored : "nginx";
  });
  const onProxy = (name: Proxy) => {
    setProxy(name);
    storage.set("proxy", name);
  };
  const { results, running, busy } = doctor;
  const { failed, noted } = counts(results);
  const stranger = results.some(({ check, outcome }) => check === "account" && outcome === "skipped");

  return (
    <div className={styles["page"]}>
      <title>{`${t("doctor.title")} · Rivulet`}</title>
      <header className={styles["bar"]}>
        <Link href={paths.home} className={styles["brand"] ?? ""} aria-label={t("doctor.home")}>
          <Wordmark size={20} />
        </Link>
      </header>
      <main className={styles["main"]}>
        <h1>{t("doctor.title")}</h1>
        <p className={styles["intro"]}>{t("doctor.intro")}</p>
        <p
          className={styles["summary"]}
          data-state={busy ? "running" : failed ? "failed" : noted ? "warning" : "ok"}
        >
          {busy ? t("doctor.running") : stranger && failed + noted === 0 ? null : summary(results)}
        </p>
        <div className={styles["actions"]}>
          <Button busy={busy} icon={<RotateCw size={16} aria-hidden="true" />} onClick={doctor.again}>
            {t("doctor.again")}
          </Button>
          <Button
            icon={
              copied ? <Check size={16} aria-hidden="true" /> : <ClipboardCopy size={16} aria-hidden="true" />
            }
            disabled={results.length === 0}
            onClick={() => copy(report(results))}
          >
            {copied ? t("doctor.report_copied") : t("doctor.report")}
          </Button>
        </div>
        {stranger ? (
          <div className={styles["stranger"]}>
            <Note kind="quiet">{t("doctor.sign_in_text")}</Note>
            <ButtonLink small href={`${paths.login}?next=${encodeURIComponent(paths.doctor)}`}>
              {t("doctor.sign_in")}
            </ButtonLink>
          </div>
        ) : null}
        <ul className={styles["list"]} aria-label={t("doctor.checks")}>
          {order.map((check) => (
            <CheckRow
              key={check}
              check={check}
              results={results.filter((result) => result.check === check)}
              running={running[check]}
              proxy={proxy}
              onProxy={onProxy}
            />
          ))}
        </ul>
        {stranger ? null : <Silence doctor={doctor} proxy={proxy} onProxy={onProxy} />}
      </main>
    </div>
  );
}
