import { useCallback, useSyncExternalStore } from "react";
import type { Cell } from "@/realtime/index";

export function useCell<T>(cell: Cell<T>): T {
  const subscribe = useCallback((listener: () => void) => cell.subscribe(listener), [cell]);
  return useSyncExternalStore(subscribe, () => cell.get());
}
