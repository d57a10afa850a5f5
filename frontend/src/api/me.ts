import { api } from "./client";
import type { Me } from "./types";

export const me = {
  rename: (name: string) => api<Me>("me", { method: "PATCH", body: { name } }),
};
