// Draws the app icons from the mark: `npm run icons -- /usr/bin/chromium`. The PNGs are kept in public/.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const chromium = process.argv[2] ?? "/usr/bin/chromium";
const target = fileURLToPath(new URL("../public/", import.meta.url));
const paths =
  '<path pathLength="100" stroke-dasharray="52 19 100" d="M1.6 15C5 6 9 6 12 12s7.5 5.5 10.4-3"/>';

/** inset: share of the side left free round the mark; round: radius as a share of the side. */
const icons = [
  { file: "icon-32.png", side: 32, inset: 0.02, round: 0, ground: "transparent", ink: "#0d5c66", line: 3.2 },
  {
    file: "apple-touch-icon.png",
    side: 180,
    inset: 0.17,
    round: 0,
    ground: "#0d5c66",
    ink: "#f4fbfb",
    line: 2.5,
  },
  { file: "icon-192.png", side: 192, inset: 0.16, round: 0.22, ground: "#0d5c66", ink: "#f4fbfb", line: 2.5 },
  { file: "icon-512.png", side: 512, inset: 0.16, round: 0.22, ground: "#0d5c66", ink: "#f4fbfb", line: 2.5 },
  {
    file: "icon-maskable-512.png",
    side: 512,
    inset: 0.24,
    round: 0,
    ground: "#0d5c66",
    ink: "#f4fbfb",
    line: 2.5,
  },
];

const work = mkdtempSync(join(tmpdir(), "icons-"));
for (const { file, side, inset, round, ground, ink, line } of icons) {
  const mark = side * (1 - 2 * inset);
  const page = join(work, `${file}.html`);
  writeFileSync(
    page,
    `<body style="margin:0;background:transparent"><div style="width:${side}px;height:${side}px;display:grid;place-items:center;background:${ground};border-radius:${side * round}px">
    <svg width="${mark}" height="${mark}" viewBox="0 0 24 24" fill="none" stroke="${ink}" stroke-width="${line}" stroke-linecap="round">${paths}</svg></div></body>`,
  );
  execFileSync(
    chromium,
    [
      "--headless",
      "--no-sandbox",
      "--hide-scrollbars",
      "--default-background-color=00000000",
      "--force-device-scale-factor=1",
      `--window-size=${side},${side}`,
      `--screenshot=${join(target, file)}`,
      `file://${page}`,
    ],
    { stdio: "ignore" },
  );
}
rmSync(work, { recursive: true });

// What a browser asks for on pages that name no icon: an ICO that holds the PNG as it is.
const png = readFileSync(join(target, "icon-32.png"));
const head = Buffer.alloc(22);
for (const [at, value] of [
  [2, 1],
  [4, 1],
  [10, 1],
  [12, 32],
])
  head.writeUInt16LE(value, at);
head.writeUInt8(32, 6);
head.writeUInt8(32, 7);
head.writeUInt32LE(png.length, 14);
head.writeUInt32LE(head.length, 18);
writeFileSync(join(target, "favicon.ico"), Buffer.concat([head, png]));
