/** Where the drawing happens: a page of its own, without our origin, cookies or network. */
const FRAME = "/diagram.html";
const READY_MS = 20_000;
const DRAW_MS = 10_000;
const MOST_CHARS = 20_000;

export interface Drawing {
  /** A picture as a data address. */
  address: string;
  width: number;
  height: number;
}

interface Reply {
  id?: number;
  ready?: boolean;
  svg?: string;
  width?: number;
  height?: number;
}

let frame: Promise<HTMLIFrameElement> | null = null;
let serial = 0;
let queue: Promise<unknown> = Promise.resolve();

function openFrame(): Promise<HTMLIFrameElement> {
  frame ??= new Promise<HTMLIFrameElement>((resolve, reject) => {
    const element = document.createElement("iframe");
    element.setAttribute("sandbox", "allow-scripts");
    element.setAttribute("aria-hidden", "true");
    element.tabIndex = -1;
    element.title = "";
    Object.assign(element.style, {
      position: "fixed",
      width: "1200px",
      height: "900px",
      left: "-9999px",
      border: "0",
      visibility: "hidden",
    });
    const done = (failure: Error | null) => {
      clearTimeout(timer);
      window.removeEventListener("message", heard);
      if (!failure) {
        resolve(element);
        return;
      }
      element.remove();
      frame = null;
      reject(failure);
    };
    const heard = (event: MessageEvent<Reply>) => {
      if (event.source === element.contentWindow && event.data.ready) done(null);
    };
    const timer = setTimeout(() => done(new Error("the drawing page did not load")), READY_MS);
    window.addEventListener("message", heard);
    element.src = FRAME;
    document.body.append(element);
  });
  return frame;
}

async function draw(source: string, dark: boolean): Promise<Drawing> {
  const target = (await openFrame()).contentWindow;
  serial += 1;
  const id = serial;
  return new Promise<Drawing>((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      window.removeEventListener("message", heard);
    };
    const heard = ({ source: from, data }: MessageEvent<Reply>) => {
      if (from !== target || data.id !== id) return;
      finish();
      const { svg, width, height } = data;
      if (typeof svg !== "string" || !width || !height) reject(new Error("not a diagram"));
      else resolve({ address: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, width, height });
    };
    const timer = setTimeout(() => {
      finish();
      reject(new Error("drawing took too long"));
    }, DRAW_MS);
    window.addEventListener("message", heard);
    target?.postMessage({ id, source, dark }, "*");
  });
}

/** Draws Mermaid source, one after another. Rejects for what is no diagram, too long, or takes too long. */
export function drawDiagram(source: string, dark: boolean): Promise<Drawing> {
  if (source.length > MOST_CHARS) return Promise.reject(new Error("too long to draw"));
  const next = queue.then(() => draw(source, dark));
  queue = next.catch(() => undefined);
  return next;
}
