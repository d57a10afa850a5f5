import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Laptop, Smartphone } from "lucide-react";
import { explain } from "@/api/errors";
import { sessions as api } from "@/api/sessions";
import type { Session } from "@/api/types";
import { formatAgo, formatDate, useT } from "@/lib/i18n";
import { Button, toast } from "@/ui";
import { device } from "./device";
import { Loadable } from "./Loadable";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export function SessionsTab() {
  const t = useT();
  const client = useQueryClient();
  const query = useQuery({ queryKey: ["sessions"], queryFn: ({ signal }) => api.list(signal) });
  const others = query.data?.items.filter((session) => !session.current) ?? [];

  const end = (sessions: Session[], done: string) => {
    Promise.all(sessions.map(({ id }) => api.end(id))).then(
      async () => {
        toast({ text: done });
        await client.invalidateQueries({ queryKey: ["sessions"] });
      },
      (error: unknown) => toast({ text: explain(error) }),
    );
  };

  return (
    <Section
      title={t("settings.sessions")}
      hint={t("settings.sessions_text")}
      action={
        others.length > 1 ? (
          <Button onClick={() => end(others, t("settings.sessions_ended"))}>
            {t("settings.sessions_end_others")}
          </Button>
        ) : null
      }
    >
      <Loadable query={query}>
        {({ items }) => (
          <ul className={styles["rows"]} aria-label={t("settings.sessions_count", { count: items.length })}>
            {items
              .toSorted(
                (a, b) => Number(b.current) - Number(a.current) || b.last_seen.localeCompare(a.last_seen),
              )
              .map((session) => (
                <SessionRow
                  key={session.id}
                  session={session}
                  onEnd={() => end([session], t("settings.session_ended"))}
                />
              ))}
          </ul>
        )}
      </Loadable>
    </Section>
  );
}

function SessionRow({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const t = useT();
  const { browser, system, handheld } = device(session.user_agent);
  const name =
    browser && system
      ? t("settings.device_on", { browser, system })
      : (browser ?? system ?? t("settings.device_unknown"));
  const Sign = handheld ? Smartphone : Laptop;
  return (
    <li className={styles["row"]}>
      <Sign size={18} aria-hidden="true" />
      <div>
        <div className={styles["name"]}>
          {name}
          {session.current ? <span className={styles["tag"]}>{t("settings.session_this")}</span> : null}
        </div>
        <div className={styles["detail"]}>
          <span>{session.ip}</span>
          <span>{t("settings.session_since", { date: formatDate(session.created) })}</span>
          {!session.current ? (
            <span>{t("settings.session_seen", { ago: formatAgo(session.last_seen) })}</span>
          ) : null}
        </div>
      </div>
      {session.current ? null : (
        <Button small aria-label={t("settings.session_end_named", { name })} onClick={onEnd}>
          {t("settings.session_end")}
        </Button>
      )}
    </li>
  );
}
