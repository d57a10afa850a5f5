import { lazy, Suspense } from "react";
import { setOverlay, useLayout } from "@/lib/layout";

const Palette = lazy(() => import("@/features/palette/Palette"));
const ShortcutSheet = lazy(() => import("@/features/palette/ShortcutSheet"));

/** What opens over the page; fetched when it is first asked for. */
export function Overlays() {
  const overlay = useLayout((state) => state.overlay);
  const close = () => setOverlay(null);
  return (
    <Suspense fallback={null}>
      {overlay === "palette" ? <Palette onClose={close} /> : null}
      {overlay === "shortcuts" ? <ShortcutSheet onClose={close} /> : null}
    </Suspense>
  );
}
