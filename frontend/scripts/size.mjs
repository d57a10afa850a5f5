// What the first visit of the chat page loads over the wire, against the budget. Run after `npm run build`.
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const budget = 450_000;
const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, "utf8"));

const files = new Set(["index.html", "theme.js"]);
const seen = new Set();
/** A chunk, and all it imports statically. */
function take(key) {
  if (seen.has(key)) return;
  seen.add(key);
  const chunk = manifest[key];
  files.add(chunk.file);
  chunk.css?.forEach((file) => files.add(file));
  chunk.imports?.forEach(take);
}
take("index.html");
// The first view needs the lazy pages named here, and the faces that index.html preloads.
for (const key of process.argv.slice(2)) take(key);
for (const [, href] of readFileSync(`${dist}index.html`, "utf8").matchAll(/href="\/([^"]+\.woff2)"/g))
  files.add(href);

let total = { plain: 0, gzip: 0, brotli: 0 };
const rows = [...files].map((file) => {
  const raw = readFileSync(dist + file);
  const packed = file.endsWith(".woff2");
  const size = {
    plain: statSync(dist + file).size,
    gzip: packed ? raw.length : gzipSync(raw, { level: 9 }).length,
    brotli: packed ? raw.length : brotliCompressSync(raw).length,
  };
  total = {
    plain: total.plain + size.plain,
    gzip: total.gzip + size.gzip,
    brotli: total.brotli + size.brotli,
  };
  return [file, size];
});
const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(8);
console.log(`${"file".padEnd(62)}${"plain".padStart(8)}${"gzip".padStart(8)}${"brotli".padStart(8)}  kB`);
for (const [file, { plain, gzip, brotli }] of rows.sort((a, b) => b[1].brotli - a[1].brotli))
  console.log(`${file.padEnd(62)}${kb(plain)}${kb(gzip)}${kb(brotli)}`);
console.log(`${"first load".padEnd(62)}${kb(total.plain)}${kb(total.gzip)}${kb(total.brotli)}`);
if (total.gzip > budget) {
  console.error(`over the budget of ${budget / 1000} kB`);
  process.exit(1);
}
console.log(`within the budget of ${budget / 1000} kB`);
