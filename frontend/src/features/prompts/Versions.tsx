import { Tag } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api/errors";
import {
  prompts,
  refreshTemplates,
  type TemplateWhole,
  useDiff,
  useVersions,
  type VersionListed,
} from "@/api/prompts";
import { formatAgo, translate, useT } from "@/lib/i18n";
import { Button, Menu, MenuItem, MenuRule, Note, Select, Skeleton, toast } from "@/ui";
import { DiffView } from "./DiffView";
import { contentOf } from "./draft";
import { LabelDialog } from "./LabelDialog";
import styles from "./Versions.module.css";

const USUAL = ["released", "draft"];

function failed(error: unknown): void {
  toast({ text: explain(error) });
}

/** Every version, which labels it has, and what changed between any two. */
export function Versions({
  template,
  chosen,
  onChoose,
  onWrite,
}: {
  template: TemplateWhole;
  chosen: number | null;
  onChoose: (number: number) => void;
  onWrite: () => void;
}) {
  const t = useT();
  const { data, isError, error } = useVersions(template.id);
  const number = chosen ?? template.newest;
  const [against, setAgainst] = useState<number | null>(null);
  const old = against !== null && against !== number ? against : Math.max(1, number - 1);
  if (isError) return <Note kind="danger">{explain(error)}</Note>;
  return (
    <div className={styles["desk"]}>
      <ol className={styles["list"]} aria-label={t("prompts.versions")}>
        {data?.items.map((version) => (
          <li key={version.id}>
            <button
              type="button"
              className={styles["version"]}
              aria-current={version.number === number}
              onClick={() => onChoose(version.number)}
            >
              <span className={styles["line"]}>
                <strong>v{version.number}</strong>
                {version.labels.map((label) => (
                  <span key={label} className={styles["label"]}>
                    {label}
                  </span>
                ))}
              </span>
              {version.note ? <span className={styles["note"]}>{version.note}</span> : null}
              <span className={styles["by"]}>
                {version.author ? `${version.author.name} · ` : ""}
                {formatAgo(version.created)}
              </span>
            </button>
          </li>
        )) ?? <Skeleton width="80%" />}
      </ol>
      <div className={styles["shown"]}>
        <header className={styles["bar"]}>
          <h2>{t("prompts.version", { number })}</h2>
          {number > 1 ? (
            <label className={styles["against"]}>
              {t("prompts.compared_with")}
              <Select value={old} onChange={(event) => setAgainst(Number(event.target.value))}>
                {data?.items
                  .filter((other) => other.number !== number)
                  .map((other) => (
                    <option key={other.id} value={other.number}>
                      v{other.number}
                    </option>
                  ))}
              </Select>
            </label>
          ) : null}
          <span className={styles["gap"]} />
          {template.access === "view" ? null : (
            <VersionActs
              template={template}
              number={number}
              version={data?.items.find((one) => one.number === number)}
              onWrite={onWrite}
            />
          )}
        </header>
        {number > 1 ? <Changes id={template.id} old={old} now={number} /> : <First id={template.id} />}
      </div>
    </div>
  );
}

function Changes({ id, old, now }: { id: string; old: number; now: number }) {
  const t = useT();
  const { data, isError, error } = useDiff(id, old, now);
  if (isError) return <Note kind="danger">{explain(error)}</Note>;
  if (!data) return <Skeleton width="60%" />;
  if (data.fields.every(({ changed }) => !changed))
    return <p className={styles["quiet"]}>{t("prompts.no_change")}</p>;
  return <DiffView diff={data} />;
}

function First({ id }: { id: string }) {
  const t = useT();
  const { data } = useDiff(id, 1, 1);
  return data ? <p className={styles["quiet"]}>{t("prompts.first_version")}</p> : null;
}

function VersionActs({
  template,
  number,
  version,
  onWrite,
}: {
  template: TemplateWhole;
  number: number;
  version: VersionListed | undefined;
  onWrite: () => void;
}) {
  const t = useT();
  const [naming, setNaming] = useState(false);
  const own = template.labels.map(({ name }) => name).filter((name) => !USUAL.includes(name));
  const on = new Set(version?.labels);
  const put = (label: string) =>
    (on.has(label) ? prompts.unlabel(template.id, label) : prompts.label(template.id, label, number)).then(
      refreshTemplates,
      failed,
    );
  const restore = async () => {
    const found = await prompts.version(template.id, number);
    const note = translate("prompts.restored_note", { number });
    const saved = await prompts.save(template.id, { ...contentOf(found), note, base: template.newest });
    await refreshTemplates();
    toast({ text: translate("prompts.saved", { number: saved.number }) });
    onWrite();
  };
  return (
    <>
      {number < template.newest ? (
        <Button small onClick={() => void restore().catch(failed)}>
          {t("prompts.restore")}
        </Button>
      ) : null}
      <Menu
        label={t("prompts.labels")}
        align="end"
        trigger={(props) => (
          <Button small icon={<Tag size={14} aria-hidden="true" />} {...props}>
            {t("prompts.labels")}
          </Button>
        )}
      >
        {[...USUAL, ...own].map((label) => (
          <MenuItem key={label} checked={on.has(label)} onSelect={() => void put(label)}>
            {label}
          </MenuItem>
        ))}
        <MenuRule />
        <MenuItem onSelect={() => setNaming(true)}>{t("prompts.label_own")}</MenuItem>
      </Menu>
      {naming ? (
        <LabelDialog
          onClose={() => setNaming(false)}
          onName={async (label) => {
            await prompts.label(template.id, label, number);
            await refreshTemplates();
          }}
        />
      ) : null}
    </>
  );
}
