import { Copy, Download, Ellipsis, Pause, Play, RotateCcw, Square, Undo2 } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api/errors";
import { type Job, jobIs, jobs, type ResultFormat, useKinds } from "@/api/jobs";
import { translate, useT } from "@/lib/i18n";
import { Button, IconButton, Menu, MenuItem, MenuRule, toast } from "@/ui";
import { AgainDialog } from "./AgainDialog";
import { CapDialog } from "./CapDialog";
import styles from "./Jobs.module.css";
import { ended } from "./words";

const tables: ResultFormat[] = ["csv", "jsonl", "json"];
const exported: ResultFormat[] = ["zip", "jsonl", "md", "json"];
const failed = (error: unknown) => toast({ text: explain(error) });

function download(id: string, format: ResultFormat): void {
  const link = document.createElement("a");
  link.href = jobs.resultHref(id, format);
  link.download = "";
  link.click();
}

async function cancel(id: string): Promise<void> {
  jobIs(await jobs.cancel(id));
  toast({
    text: translate("jobs.cancelled"),
    action: {
      label: translate("jobs.go_on"),
      run: () => void jobs.retry(id).then(jobIs, failed),
    },
  });
}

/** What can be done with a job as it stands. */
export function Acts({ job }: { job: Job }) {
  const t = useT();
  const [dialog, setDialog] = useState<"cap" | "again" | null>(null);
  const [busy, setBusy] = useState(false);
  const { id, status, wanted, kind } = job;
  const over = ended(status);
  const standing = kind === "schedule";
  const again = over && kind !== "schedule" && (status !== "done" || (job.failed > 0 && kind !== "research"));
  const act = (work: () => Promise<unknown>) => {
    setBusy(true);
    work()
      .catch(failed)
      .finally(() => setBusy(false));
  };
  const { data: able } = useKinds();
  const formats = (kind === "export" ? exported : tables).filter((format) => able?.formats.includes(format));
  return (
    <div className={styles["acts"]}>
      {job.total > 0 && !standing && kind !== "research" ? (
        <Menu
          label={t("jobs.download")}
          align="end"
          trigger={(props) => (
            <Button {...props} icon={<Download size={16} aria-hidden="true" />}>
              {t("jobs.download")}
            </Button>
          )}
        >
          {formats.map((format) => (
            <MenuItem key={format} onSelect={() => download(id, format)}>
              {t(`jobs.as_${format}`)}
            </MenuItem>
          ))}
        </Menu>
      ) : null}
      {again ? (
        <Button
          busy={busy}
          icon={<RotateCcw size={16} aria-hidden="true" />}
          onClick={() => act(async () => jobIs(await jobs.retry(id)))}
        >
          {job.failed > 0 && kind !== "research"
            ? t("jobs.retry_failed", { count: job.failed })
            : t("jobs.go_on")}
        </Button>
      ) : null}
      {!over && status !== "paused" && !standing && wanted !== "cancel" ? (
        <Button
          busy={busy}
          disabled={wanted === "pause"}
          icon={<Pause size={16} aria-hidden="true" />}
          onClick={() => act(async () => jobIs(await jobs.pause(id)))}
        >
          {t("jobs.pause")}
        </Button>
      ) : null}
      {status === "paused" && !standing ? (
        <Button
          look="primary"
          busy={busy}
          icon={<Play size={16} aria-hidden="true" />}
          onClick={() => {
            if (job.reason === "cost_cap") setDialog("cap");
            else act(async () => jobIs(await jobs.resume(id)));
          }}
        >
          {t("jobs.resume")}
        </Button>
      ) : null}
      <Menu
        label={t("jobs.more")}
        align="end"
        trigger={(props) => (
          <IconButton {...props} label={t("jobs.more")}>
            <Ellipsis size={18} aria-hidden="true" />
          </IconButton>
        )}
      >
        {kind === "maintenance" ? null : (
          <MenuItem icon={<Copy size={16} aria-hidden="true" />} onSelect={() => setDialog("again")}>
            {t("jobs.clone")}
          </MenuItem>
        )}
        {status === "paused" && job.cost_cap !== null ? (
          <MenuItem icon={<Play size={16} aria-hidden="true" />} onSelect={() => setDialog("cap")}>
            {t("jobs.raise_cap")}
          </MenuItem>
        ) : null}
        {kind === "import" && over && job.reason !== "undone" ? (
          <MenuItem icon={<Undo2 size={16} aria-hidden="true" />} onSelect={() => act(() => undo(id))}>
            {t("jobs.undo_import")}
          </MenuItem>
        ) : null}
        {over ? null : (
          <>
            <MenuRule />
            <MenuItem
              danger
              icon={<Square size={16} aria-hidden="true" />}
              onSelect={() => act(() => cancel(id))}
            >
              {t(standing ? "jobs.end_schedule" : "jobs.cancel")}
            </MenuItem>
          </>
        )}
      </Menu>
      {dialog === "cap" ? <CapDialog job={job} onClose={() => setDialog(null)} /> : null}
      {dialog === "again" ? <AgainDialog job={job} onClose={() => setDialog(null)} /> : null}
    </div>
  );
}

async function undo(id: string): Promise<void> {
  const { removed, kept } = await jobs.undo(id);
  const words = translate("jobs.undone", { count: removed });
  toast({ text: kept > 0 ? `${words} ${translate("jobs.undone_kept", { count: kept })}` : words });
}
