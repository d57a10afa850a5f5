import { createElement } from "react";
import { kindIcon } from "./words";

export function KindIcon({ kind }: { kind: string }) {
  return createElement(kindIcon(kind), { size: 18, "aria-hidden": true });
}
