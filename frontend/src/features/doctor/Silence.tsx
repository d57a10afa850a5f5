import { Square } from "lucide-react";
import { useT } from "@/lib/i18n";
import { Button } from "@/ui";
import { CheckRow, useSeconds } from "./CheckRow";
import styles from "./Doctor.module.css";
import { numbers, type Proxy } from "./rules";
import type { Doctor } from "./useDoctor";

/** How long something on the way bears a connection on which nobody speaks; it takes long, so only on demand. */
export function Silence({
  doctor,
  proxy,
  onProxy,
}: {
  doctor: Doctor;
  proxy: Proxy;
  onProxy: (proxy: Proxy) => void;
}) {
  const t = useT();
  const running = doctor.running.silence;
  const now = useSeconds(running?.since);
  const all = running?.seconds ?? 0;
  const results = doctor.results.filter(({ check }) => check === "silence");
  return (
    <section className={styles["silence"]} aria-labelledby="silence">
      <h2 id="silence">{t("doctor.silence_title")}</h2>
      <p>{t("doctor.silence_text")}</p>
      {running ? (
        <div className={styles["actions"]}>
          <progress
            max={all}
            value={Math.min(now, all)}
            aria-label={t("doctor.silence_running", { now, all })}
          />
          <span className={styles["measured"]}>{t("doctor.silence_running", { now, all })}</span>
          <Button small icon={<Square size={12} aria-hidden="true" />} onClick={doctor.stopSilence}>
            {t("doctor.silence_stop")}
          </Button>
        </div>
      ) : (
        <div className={styles["actions"]}>
          {numbers.idle_s.map((count) => (
            <Button key={count} small disabled={doctor.busy} onClick={() => doctor.silent(count)}>
              {t("doctor.silence_start", { count })}
            </Button>
          ))}
        </div>
      )}
      {results.length > 0 && !running ? (
        <ul className={styles["list"]}>
          <CheckRow check="silence" results={results} running={undefined} proxy={proxy} onProxy={onProxy} />
        </ul>
      ) : null}
    </section>
  );
}
