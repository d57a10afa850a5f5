import fc from "fast-check";
import { expect, it } from "vitest";
import { localMessage } from "../model/message";
import { chunksOf } from "./chunks";

const many = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const id = `0190a2b4-${((at * 2654435761) % 65536).toString(16)}-${at}`;
    return localMessage({ id, role: at % 2 === 0 ? "user" : "assistant", status: "done", seq: at });
  });

it("keep every message once and in order, a question with its answer", () => {
  fc.assert(
    fc.property(fc.nat(200), (count) => {
      const path = many(count);
      const chunks = chunksOf(path, []);
      expect(chunks.flatMap(({ messages }) => messages)).toEqual(path);
      for (const { messages } of chunks.slice(1)) expect(messages[0]?.role).toBe("user");
    }),
  );
});

it("do not change when messages are added at either end", () => {
  const path = many(200);
  const middle = chunksOf(path.slice(60, 160), []);
  const after = chunksOf(path, middle);
  const kept = middle.slice(1, -1);
  expect(kept.length).toBeGreaterThan(3);
  for (const chunk of kept) expect(after).toContain(chunk);
});
