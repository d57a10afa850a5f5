/** Reads a `text/event-stream` body as it arrives. Pure: bytes in, events out. */
export interface ServerEvent {
  id: string | null;
  data: string;
}

export class EventStreamParser {
  private rest = "";
  private id: string | null = null;
  private data: string[] = [];
  private started = false;

  /** Feed decoded text, cut anywhere; complete events come back. */
  push(text: string): ServerEvent[] {
    let buffer = this.rest + text;
    if (!this.started && buffer.length > 0) {
      this.started = true;
      if (buffer.startsWith("\uFEFF")) buffer = buffer.slice(1);
    }
    const events: ServerEvent[] = [];
    let from = 0;
    for (;;) {
      const end = lineEnd(buffer, from);
      if (!end) break;
      const event = this.line(buffer.slice(from, end.at));
      if (event) events.push(event);
      from = end.next;
    }
    this.rest = buffer.slice(from);
    return events;
  }

  private line(line: string): ServerEvent | null {
    if (line === "") {
      if (this.data.length === 0) return null;
      const event = { id: this.id, data: this.data.join("\n") };
      this.data = [];
      return event;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? "" : line.slice(colon + 1);
    const value = raw.startsWith(" ") ? raw.slice(1) : raw;
    if (field === "data") this.data.push(value);
    else if (field === "id") this.id = value;
    return null;
  }
}

/** The next line's end at or after `from`. A CR at the very end waits: an LF may follow in the next piece. */
function lineEnd(buffer: string, from: number): { at: number; next: number } | null {
  for (let i = from; i < buffer.length; i += 1) {
    const unit = buffer.charCodeAt(i);
    if (unit === 10) return { at: i, next: i + 1 };
    if (unit === 13) {
      if (i + 1 === buffer.length) return null;
      return { at: i, next: buffer.charCodeAt(i + 1) === 10 ? i + 2 : i + 1 };
    }
  }
  return null;
}
