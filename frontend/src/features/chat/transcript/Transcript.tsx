import { ArrowDown } from "lucide-react";
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { useT } from "@/lib/i18n";
import { Button, Spinner } from "@/ui";
import type { ChatState } from "../session/session";
import type { Chunk } from "./chunks";
import { chunksOf } from "./chunks";
import { ChunkView } from "./ChunkView";
import styles from "./Transcript.module.css";
import { Follower } from "./follower";

/** Above so many messages, what is far from the window is left out. */
const WINDOWED = 200;
const OLDER_MARGIN = "800px 0px 0px 0px";

export interface TranscriptHandle {
  /** A message was sent: its question goes near the top once it stands there. */
  sent(key: string): void;
}

/** The conversation as a list, newest at the end. */
export function Transcript({
  ref,
  state,
  onOlder,
}: {
  ref: Ref<TranscriptHandle>;
  state: ChatState;
  onOlder: () => void;
}) {
  const t = useT();
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const [content, setContent] = useState<HTMLDivElement | null>(null);
  const [away, setAway] = useState(false);
  const follower = useRef<Follower | null>(null);
  const [sent, setSent] = useState<string | null>(null);
  const { path, siblings, id } = state;
  const chunks = useChunks(path);

  useLayoutEffect(() => {
    if (!scroller || !content) return;
    const made = new Follower(scroller, content, setAway);
    follower.current = made;
    return () => made.stop();
  }, [scroller, content]);
  // A conversation that was begun here stays where it is when it gets its id.
  const [begunHere] = useState(id === null);
  useLayoutEffect(() => {
    if (!scroller || id === null) return;
    if (begunHere) follower.current?.named(id);
    else follower.current?.begin(id);
  }, [scroller, content, id, begunHere]);

  useImperativeHandle(ref, () => ({ sent: setSent }));

  const last = path.at(-1);
  const question = path.at(-2);
  const roomy = sent !== null && question?.key === sent && last ? last.key : null;

  // The answer keeps as much height as is left under its question, so that the question can stand near the top.
  useLayoutEffect(() => {
    const box = scroller;
    if (sent === null || roomy === null || !box) return;
    const element = box.querySelector<HTMLElement>(`[data-message="${CSS.escape(sent)}"]`);
    if (!element) return;
    const measure = () => box.style.setProperty("--question", `${element.offsetHeight}px`);
    measure();
    follower.current?.toMessage(sent);
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, [scroller, sent, roomy]);

  return (
    <div className={styles["frame"]}>
      <div ref={setScroller} className={styles["scroller"]} tabIndex={-1}>
        <div ref={setContent} className={styles["column"]}>
          {state.older !== null ? (
            <Older busy={state.loadingOlder} scroller={scroller} onOlder={onOlder} />
          ) : null}
          <div role="list" aria-label={t("chat.transcript")}>
            {chunks.map((chunk, at) => (
              <ChunkView
                key={chunk.key}
                chunk={chunk}
                siblings={siblings}
                scroller={scroller}
                near={at >= chunks.length - 3}
                leaves={path.length > WINDOWED && at < chunks.length - 1}
                roomy={roomy}
              />
            ))}
          </div>
        </div>
      </div>
      {away ? (
        <Button
          className={styles["latest"]}
          icon={<ArrowDown size={16} aria-hidden="true" />}
          onClick={() => follower.current?.toEnd()}
        >
          {t("chat.latest")}
        </Button>
      ) : null}
    </div>
  );
}

function useChunks(path: ChatState["path"]): readonly Chunk[] {
  const [held, setHeld] = useState<{ path: ChatState["path"]; chunks: readonly Chunk[] }>({
    path: [],
    chunks: [],
  });
  if (held.path === path) return held.chunks;
  const chunks = chunksOf(path, held.chunks);
  setHeld({ path, chunks });
  return chunks;
}

/** Earlier messages come as their place comes near, or by the button. */
function Older({
  busy,
  scroller,
  onOlder,
}: {
  busy: boolean;
  scroller: HTMLElement | null;
  onOlder: () => void;
}) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element || busy) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) onOlder();
      },
      { root: scroller, rootMargin: OLDER_MARGIN },
    );
    watch.observe(element);
    return () => watch.disconnect();
  }, [busy, scroller, onOlder]);
  return (
    <div ref={box} className={styles["older"]}>
      {busy ? (
        <>
          <Spinner /> {t("chat.older_loading")}
        </>
      ) : (
        <Button small look="quiet" onClick={onOlder}>
          {t("chat.older")}
        </Button>
      )}
    </div>
  );
}
