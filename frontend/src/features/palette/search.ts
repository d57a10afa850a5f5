/** How well a title answers what was typed: higher is better, 0 is not at all. Whole starts, then starts of words, then letters in order. */
export function score(title: string, typed: string): number {
  const text = title.toLocaleLowerCase();
  const want = typed.trim().toLocaleLowerCase();
  if (!want) return 1;
  if (text.startsWith(want)) return 4;
  if (text.split(/[\s\-–—_/.,:;()"'“”„]+/).some((word) => word.startsWith(want))) return 3;
  if (text.includes(want)) return 2;
  let at = 0;
  for (const letter of want) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return 0;
  }
  // Scattered letters are only an abbreviation when they stand close.
  return want.length >= 2 && at <= want.length * 4 ? 1 : 0;
}

/** Best first; equals keep their order. */
export function rank<T>(items: T[], titleOf: (item: T) => string, typed: string): T[] {
  return items
    .map((item, index) => ({ item, index, value: score(titleOf(item), typed) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .map(({ item }) => item);
}
