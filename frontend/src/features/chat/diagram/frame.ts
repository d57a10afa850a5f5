import mermaid from "mermaid";

/** Runs in a sandboxed page without our origin: draws what it is handed and answers with the picture. */
interface Request {
  id: number;
  source: string;
  dark: boolean;
}

async function draw({ id, source, dark }: Request): Promise<object> {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: dark ? "dark" : "neutral",
    fontFamily: "system-ui, sans-serif",
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    suppressErrorRendering: true,
  });
  const { svg } = await mermaid.render(`d${id}`, source);
  const holder = document.createElement("div");
  document.body.replaceChildren(holder);
  const picture = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const [, , width = 0, height = 0] = (picture.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
  picture.setAttribute("width", String(width));
  picture.setAttribute("height", String(height));
  return { id, svg: new XMLSerializer().serializeToString(picture), width, height };
}

window.addEventListener("message", (event: MessageEvent<Request>) => {
  if (event.source !== window.parent) return;
  draw(event.data).then(
    (answer) => window.parent.postMessage(answer, "*"),
    () => window.parent.postMessage({ id: event.data.id }, "*"),
  );
});
window.parent.postMessage({ ready: true }, "*");
