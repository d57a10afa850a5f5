import type { Diff } from "@/api/prompts";

export type Line = Diff["fields"][number]["lines"][number];

/** Lines that are shown, or unchanged ones that are folded away. */
export interface Stretch {
  folded: boolean;
  lines: Line[];
}

const CONTEXT = 3;
const WORTH = 2;

/** Folds what is unchanged and stands further than three lines from a change. */
export function folded(lines: readonly Line[]): Stretch[] {
  const near = lines.map(() => false);
  lines.forEach(({ op }, at) => {
    if (op === "same") return;
    for (let other = Math.max(0, at - CONTEXT); other <= Math.min(lines.length - 1, at + CONTEXT); other += 1)
      near[other] = true;
  });
  const found: Stretch[] = [];
  lines.forEach((line, at) => {
    const away = near[at] === false;
    const last = found.at(-1);
    if (last?.folded === away) last.lines.push(line);
    else found.push({ folded: away, lines: [line] });
  });
  return found.map((stretch) => ({ ...stretch, folded: stretch.folded && stretch.lines.length >= WORTH }));
}
