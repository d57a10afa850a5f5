import { useState } from "react";
import { useKinds } from "@/api/jobs";
import { useT } from "@/lib/i18n";
import { wrongField } from "./numbers";

/** Which parts an export leaves out, and its spec. */
export function useExportParts() {
  const t = useT();
  const { data } = useKinds();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const spec = (): Record<string, unknown> => {
    // All of them: what comes to be a part later is in it, too.
    if (left.size === 0) return {};
    const include = data?.parts.filter((name) => !left.has(name)) ?? [];
    if (include.length === 0) throw wrongField("spec.include", t("jobs.need_part"));
    return { include };
  };
  return { left, setLeft, spec };
}
