import { api } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type UsageReport = Schemas["UsageReport"];
export type UsageGroup = Schemas["UsageGroup"];
export type UsageSums = Schemas["UsageSums"];
export type Budget = Schemas["BudgetOut"];
export type NewBudget = Schemas["BudgetNew"];
export type By = UsageReport["by"][number];
export type View = UsageReport["view"];

/** `from` and `to` are days of UTC, both included. */
export interface UsageQuestion {
  by: By;
  from: string;
  to: string;
  view: View;
}

/** What was used, and how much may be. */
export const usage = {
  report: (question: UsageQuestion, signal?: AbortSignal) =>
    api<UsageReport>("usage", { query: { ...question }, signal }),
  /** Where the same is as a table. */
  table: (question: UsageQuestion): string => `/api/v1/usage.csv?${new URLSearchParams({ ...question })}`,
  budgets: (view: View, signal?: AbortSignal) =>
    api<Schemas["BudgetList"]>("budgets", { query: { view }, signal }),
  setBudget: (budget: Omit<NewBudget, "enabled">) => api("budgets", { method: "POST", body: budget }),
  removeBudget: (id: string) => api(`budgets/${id}`, { method: "DELETE" }),
};
