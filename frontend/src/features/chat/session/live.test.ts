import { expect, it } from "vitest";
import { LiveAnswer } from "./live";

it("is held up while the server says so, or until anything comes", () => {
  const live = new LiveAnswer("g", "m", { status: "running" }, () => undefined);
  const say = (delayed: boolean) => live.handlers.volatile?.("delayed", { delayed });
  say(true);
  expect(live.now.delayed).toBe(true);
  say(false);
  expect(live.now.delayed).toBe(false);
  say(true);
  const position = { epoch: "e", offset: 1 };
  live.handlers.event({
    topic: "generation.g",
    type: "part.added",
    data: { part: 0, kind: "text" },
    position,
  });
  expect(live.now.delayed).toBe(false);
});
