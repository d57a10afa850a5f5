import { navigate as go } from "wouter/use-browser-location";

/** Addresses of the page, in one place. */
export const paths = {
  home: "/",
  chat: (id: string) => `/c/${id}`,
  login: "/login",
  signup: "/signup",
  forgot: "/forgot",
  settings: "/settings",
  doctor: "/doctor",
  jobs: "/jobs",
  job: (id: string) => `/jobs/${id}`,
  newJob: (kind: string) => `/jobs/new/${kind}`,
  usage: "/usage",
  templates: "/templates",
  template: (id: string) => `/templates/${id}`,
  /** A chat with this template's form open: a new one, where none is named. */
  useTemplate: (id: string, chat?: string) => `${chat ? `/c/${chat}` : "/"}?template=${id}`,
  settingsTab: (tab: string) => `/settings/${tab}`,
} as const;

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  go(to, options);
}
