import { useEffect, useState } from "react";
import { useT } from "@/lib/i18n";
import { useDark } from "@/lib/useDark";
import { drawDiagram, type Drawing } from "../diagram/draw";
import { Code } from "./Code";
import { whenIdle } from "./idle";
import styles from "./Markdown.module.css";

/** A Mermaid diagram, drawn elsewhere and shown as a picture: nothing in it can act. Its source is one click away. */
export default function Diagram({ source }: { source: string }) {
  const t = useT();
  const dark = useDark();
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let over = false;
    const cancel = whenIdle(() => {
      drawDiagram(source, dark).then(
        (drawn) => {
          if (!over) setDrawing(drawn);
        },
        () => {
          if (!over) setFailed(true);
        },
      );
    });
    return () => {
      over = true;
      cancel();
    };
  }, [source, dark]);

  if (failed || !drawing) return <Code code={source} language="mermaid" open={false} />;
  return (
    <figure className={styles["diagram"]}>
      <div tabIndex={0} role="group" aria-label={t("chat.diagram")}>
        <img src={drawing.address} width={drawing.width} height={drawing.height} alt={t("chat.diagram")} />
      </div>
      <details>
        <summary>{t("chat.diagram_source")}</summary>
        <Code code={source} language="mermaid" open={false} />
      </details>
    </figure>
  );
}
