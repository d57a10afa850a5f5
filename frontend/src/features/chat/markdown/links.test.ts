import { expect, it } from "vitest";
import { safeAddress } from "./links";

it.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  " javascript:alert(1)",
  "java\nscript:alert(1)",
  "java\tscript:alert(1)",
  "\u0001javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "file:///etc/passwd",
  "blob:https://x/1",
  "//evil.example/x",
  "/api/v1/me",
  "/docs",
  "/docs/../api/v1/me",
  "/docs/%2e%2e/api/v1/me",
  "#top",
  "",
])("does not lead to %j", (raw) => {
  expect(safeAddress(raw)).toBeNull();
});

it.each(["https://x.org/a?b=c#d", "http://localhost:3000/", "mailto:a@x.org", "/docs/streams.md#resume"])(
  "leads to %s",
  (raw) => {
    expect(safeAddress(raw)).toBe(raw);
  },
);
