import { useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api/errors";
import { keys, scopes } from "@/api/keys";
import type { ApiKey, Scope } from "@/api/types";
import { formatAgo, formatDate, type Key, useT } from "@/lib/i18n";
import { Button, toast } from "@/ui";
import { Loadable } from "./Loadable";
import { NewKeyDialog } from "./NewKeyDialog";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export const scopeWord = (scope: string): Key | null =>
  scopes.includes(scope as Scope) ? (`settings.scope_${scope.replace(":", "_")}` as Key) : null;

export function KeysTab() {
  const t = useT();
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const query = useQuery({ queryKey: ["keys"], queryFn: ({ signal }) => keys.list(signal) });
  const refresh = () => client.invalidateQueries({ queryKey: ["keys"] });

  // The server can't bring a key back, so it hears of it when the time for second thoughts is over.
  const [leaving, setLeaving] = useState<ReadonlySet<string>>(new Set());
  const stay = (id: string) => setLeaving((before) => new Set([...before].filter((other) => other !== id)));
  const revoke = (key: ApiKey) => {
    setLeaving((before) => new Set([...before, key.id]));
    toast({
      text: t("settings.keys_revoked", { name: key.name }),
      action: { label: t("common.undo"), run: () => stay(key.id) },
      onExpire: () => {
        keys
          .revoke(key.id)
          .then(refresh)
          .catch((error: unknown) => toast({ text: explain(error) }))
          .finally(() => stay(key.id));
      },
    });
  };

  return (
    <Section
      title={t("settings.keys")}
      hint={t("settings.keys_text")}
      action={
        <Button look="primary" icon={<Plus size={16} aria-hidden="true" />} onClick={() => setAdding(true)}>
          {t("settings.keys_new")}
        </Button>
      }
    >
      <Loadable query={query}>
        {({ items: all }) => {
          const items = all.filter(({ id }) => !leaving.has(id));
          return items.length === 0 ? (
            <div className={styles["empty"]}>
              <strong>{t("settings.keys_empty_title")}</strong>
              {t("settings.keys_empty_text")}
            </div>
          ) : (
            <ul className={styles["rows"]}>
              {items.map((key) => (
                <KeyRow key={key.id} entry={key} onRevoke={() => revoke(key)} />
              ))}
            </ul>
          );
        }}
      </Loadable>
      {adding ? (
        <NewKeyDialog
          onClose={() => {
            setAdding(false);
            void refresh();
          }}
        />
      ) : null}
    </Section>
  );
}

function KeyRow({ entry, onRevoke }: { entry: ApiKey; onRevoke: () => void }) {
  const t = useT();
  const { name, prefix, expires, last_used } = entry;
  const expired = expires !== null && new Date(expires) < new Date();
  const granted = entry.scopes?.map((scope) => {
    const word = scopeWord(scope);
    return word ? t(word) : scope;
  }) ?? [t("settings.scope_all")];
  return (
    <li className={styles["row"]}>
      <KeyRound size={18} aria-hidden="true" />
      <div>
        <div className={styles["name"]}>
          {name}
          <code className={styles["code"]}>{prefix}…</code>
        </div>
        <div className={styles["detail"]}>
          <span>{granted.join(", ")}</span>
          <span>
            {last_used
              ? t("settings.keys_used", { ago: formatAgo(last_used) })
              : t("settings.keys_never_used")}
          </span>
          <span>
            {expires
              ? t(expired ? "settings.keys_expired" : "settings.keys_expires", { date: formatDate(expires) })
              : t("settings.keys_no_expiry")}
          </span>
        </div>
      </div>
      <Button small aria-label={t("settings.keys_revoke_named", { name })} onClick={onRevoke}>
        {t("settings.keys_revoke")}
      </Button>
    </li>
  );
}
