import { FileText, Upload, X } from "lucide-react";
import { type DragEvent, useEffect, useRef, useState } from "react";
import { explain } from "@/api/errors";
import { upload, type UploadedFile } from "@/api/files";
import { announce } from "@/lib/announce";
import { useT } from "@/lib/i18n";
import { IconButton } from "@/ui";
import styles from "../Form.module.css";
import { wrongField } from "./numbers";
import { limitsKnown, sizeOf, tooLarge } from "./sizes";

/** A place for a file: dropped or picked, sent at once with its progress; then the file, to be taken out again. */
export function DropFile({
  name,
  accept,
  hint,
  file,
  error,
  detail,
  imports = false,
  onFile,
}: {
  name: string;
  accept: string;
  hint: string;
  file: UploadedFile | null;
  error: string | undefined;
  /** What is known of the file beside its size. */
  detail?: string;
  /** Whether it is an export of conversations, which may be larger. */
  imports?: boolean;
  onFile: (file: UploadedFile | null, picked: File | null) => void;
}) {
  const t = useT();
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<{ name: string; part: number } | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const way = useRef<AbortController | null>(null);
  useEffect(() => () => way.current?.abort(), []);

  const take = (picked: File | undefined) => {
    if (!picked) return;
    const mine = new AbortController();
    way.current?.abort();
    way.current = mine;
    setFailed(null);
    setSending({ name: picked.name, part: 0 });
    let shown = 0;
    const send = async () => {
      const refusal = tooLarge(t, picked.size, await limitsKnown(), imports);
      if (refusal) throw wrongField(name, refusal);
      mine.signal.throwIfAborted();
      return upload(picked, {
        signal: mine.signal,
        onProgress: (part) => {
          if (part - shown < 0.01 && part < 1) return;
          shown = part;
          setSending({ name: picked.name, part });
        },
      });
    };
    send()
      .then((done) => {
        if (mine.signal.aborted) return;
        announce(t("jobs.file_there", { name: done.name }));
        onFile(done, picked);
      })
      .catch((problem: unknown) => {
        if (!mine.signal.aborted) setFailed(explain(problem));
      })
      .finally(() => {
        if (way.current === mine) setSending(null);
      });
  };
  const drag = (on: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(on);
  };

  if (sending)
    return (
      <div className={styles["file"]}>
        <Upload size={18} aria-hidden="true" />
        <div>
          <strong>{sending.name}</strong>
          <div
            className={styles["sent"]}
            role="progressbar"
            aria-label={t("jobs.sending", { name: sending.name })}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(sending.part * 100)}
          >
            <span style={{ scale: `${sending.part} 1` }} />
          </div>
        </div>
        <IconButton
          label={t("common.cancel")}
          onClick={() => {
            way.current?.abort();
            setSending(null);
          }}
        >
          <X size={18} aria-hidden="true" />
        </IconButton>
      </div>
    );
  if (file)
    return (
      <>
        <div className={styles["file"]}>
          <FileText size={18} aria-hidden="true" />
          <div>
            <strong>{file.name}</strong>
            <small>{[sizeOf(file.size), detail].filter(Boolean).join(" · ")}</small>
          </div>
          <IconButton label={t("jobs.file_remove")} name={name} onClick={() => onFile(null, null)}>
            <X size={18} aria-hidden="true" />
          </IconButton>
        </div>
        {error ? (
          <p className={styles["wrong"]} role="alert">
            {error}
          </p>
        ) : null}
      </>
    );
  const wrong = failed ?? error;
  return (
    <>
      <label
        className={styles["drop"]}
        data-over={over || undefined}
        data-wrong={wrong ? "" : undefined}
        onDragEnter={drag(true)}
        onDragOver={drag(true)}
        onDragLeave={drag(false)}
        onDrop={(event) => {
          drag(false)(event);
          take(event.dataTransfer.files[0]);
        }}
      >
        <Upload size={20} aria-hidden="true" />
        <strong>{t("jobs.file_pick")}</strong>
        <small>{hint}</small>
        <input
          type="file"
          name={name}
          accept={accept}
          aria-invalid={wrong ? true : undefined}
          onChange={(event) => {
            take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </label>
      {wrong ? (
        <p className={styles["wrong"]} role="alert">
          {wrong}
        </p>
      ) : null}
    </>
  );
}
