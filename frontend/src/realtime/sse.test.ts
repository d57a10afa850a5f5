import fc from "fast-check";
import { expect, it } from "vitest";
import { EventStreamParser } from "./sse.js";

const stream =
  'retry: 1000\n\n: hello\nid: e:1\ndata: {"a":1}\n\nid: e:2\r\ndata: one\r\ndata: two\r\n\r\n: \rid: e:3\rdata:x\r\rid: e:4\ndata: last\n\n';

const whole = [
  { id: "e:1", data: '{"a":1}' },
  { id: "e:2", data: "one\ntwo" },
  { id: "e:3", data: "x" },
  { id: "e:4", data: "last" },
];

it("reads the same events wherever the stream is cut, with LF, CRLF and CR", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
      const parser = new EventStreamParser();
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const events = at.flatMap((from, i) => parser.push(stream.slice(from, at[i + 1] ?? stream.length)));
      expect(events).toEqual(whole);
    }),
  );
});
