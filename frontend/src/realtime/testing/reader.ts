import type { Json, TopicEvent } from "../types.js";

export const TOPIC = "generation.1";

export class Reader {
  text = "";
  snapshots = 0;
  ended: string | null = null;
  joined: boolean[] = [];
  snapshot = (data: Json) => {
    this.snapshots += 1;
    const parts = data["parts"] as { text: string }[];
    this.text = parts[0]?.text ?? "";
  };
  event = (event: TopicEvent) => {
    if (event.type === "part.delta") this.text += event.data["text"] as string;
  };
  volatile = () => undefined;
  join = (recovered: boolean) => this.joined.push(recovered);
}

export function handlers(reader: Reader) {
  return {
    snapshot: reader.snapshot,
    event: reader.event,
    joined: reader.join,
    ended: (error: { code: string }) => {
      reader.ended = error.code;
    },
  };
}

export const delta = (offset: number, text: string, epoch = "e1", topic = TOPIC) => ({
  topic,
  epoch,
  offset,
  type: "part.delta",
  data: { part: 0, text },
});
