/** Bytes of `text` in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff) {
      bytes += 2;
      i += 1;
    } else bytes += 2;
  }
  return bytes;
}

/** `text` up to `count` code points. */
export function takeCodePoints(text: string, count: number): string {
  let units = 0;
  for (let points = 0; points < count && units < text.length; points += 1) {
    const unit = text.charCodeAt(units);
    const pair = unit >= 0xd800 && unit <= 0xdbff && units + 1 < text.length;
    units += pair ? 2 : 1;
  }
  return text.slice(0, units);
}

export function countCodePoints(text: string): number {
  let points = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff) i += 1;
    points += 1;
  }
  return points;
}
