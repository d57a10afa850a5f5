import { PanelLeft, SquarePen } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { useConversation } from "@/api/conversations";
import { explain } from "@/api/errors";
import { signOut } from "@/api/session";
import ChatPage from "@/features/chat/ChatPage";
import { outbox } from "@/features/chat/session/outbox";
import { Sidebar } from "@/features/conversations/Sidebar";
import { useT } from "@/lib/i18n";
import { narrow, setDrawer, setOverlay, toggleSidebar, useLayout } from "@/lib/layout";
import { navigate, paths } from "@/lib/router";
import { HeaderOutlet, IconButton, toast } from "@/ui";
import { ConnectionNote } from "./ConnectionNote";
import { LeaveDialog } from "./LeaveDialog";
import { Overlays } from "./Overlays";
import styles from "./Shell.module.css";
import { Title } from "./Title";
import { useAppCommands } from "./useAppCommands";
import { useDrawerSwipe } from "./useDrawerSwipe";
import { useMedia } from "@/lib/useMedia";

const TemplatesPage = lazy(async () => (await import("@/features/prompts/load")).load());
const JobsView = lazy(async () => {
  await (await import("@/features/jobs/load")).loadWords();
  return import("./JobsView");
});
const SettingsPage = lazy(() => import("@/features/settings/SettingsPage"));
const UsagePage = lazy(async () => (await import("@/features/usage/load")).load());

export type View =
  | { kind: "chat"; id: string | null }
  | { kind: "jobs"; id: string | null; make: string | null }
  | { kind: "settings"; tab: string }
  | { kind: "templates"; id: string | null }
  | { kind: "usage" };

async function leave(): Promise<void> {
  try {
    await signOut();
    navigate(paths.login);
  } catch (error) {
    toast({ text: explain(error) });
  }
}

/** Chats beside the text on a desk, over it on a phone; the bar above the text is the feature's to fill. */
export function Shell({ view }: { view: View }) {
  const t = useT();
  const isNarrow = useMedia(narrow);
  const { sidebar, drawer } = useLayout();
  const [archive, setArchive] = useState(false);
  const [location] = useLocation();
  const id = view.kind === "chat" ? view.id : null;
  const side = useRef<HTMLDivElement>(null);
  const veil = useRef<HTMLDivElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);

  const openArchive = () => {
    setArchive(true);
    if (isNarrow) setDrawer(true);
    else if (!sidebar) toggleSidebar();
  };
  const [losing, setLosing] = useState(0);
  const onSignOut = () => {
    const unsent = outbox.items.get().length;
    if (unsent > 0) setLosing(unsent);
    else void leave();
  };
  useAppCommands({ openArchive, signOut: onSignOut });
  useDrawerSwipe({ enabled: isNarrow, open: drawer, side, veil });

  useEffect(() => setDrawer(false), [location]);

  const besides = sidebar && !isNarrow;
  useEffect(() => {
    const { style } = document.documentElement;
    style.setProperty("--side", besides ? "var(--sidebar)" : "0px");
    return () => void style.removeProperty("--side");
  }, [besides]);

  const wasOpen = useRef(false);
  useEffect(() => {
    if (!isNarrow) return;
    if (drawer) side.current?.querySelector("button")?.focus();
    else if (wasOpen.current) toggle.current?.focus();
    wasOpen.current = drawer;
    if (!drawer) return;
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape") setDrawer(false);
    };
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [drawer, isNarrow]);

  const sideShown = isNarrow ? drawer : sidebar;
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#content">
        {t("common.skip")}
      </a>
      <aside
        ref={side}
        className={styles["side"]}
        data-open={drawer}
        data-wide={sidebar}
        aria-label={t("conversations.sidebar")}
        inert={isNarrow && !drawer}
      >
        <Sidebar
          current={id}
          archive={archive}
          setArchive={setArchive}
          onToggle={toggleSidebar}
          onOpen={() => setDrawer(false)}
          onShortcuts={() => setOverlay("shortcuts")}
          onSignOut={onSignOut}
        />
      </aside>
      <div ref={veil} className={styles["veil"]} data-open={drawer} onClick={() => setDrawer(false)} />
      <div className={styles["main"]} inert={isNarrow && drawer}>
        <header className={styles["bar"]}>
          {isNarrow || !sideShown ? (
            <IconButton
              ref={toggle}
              label={t("conversations.open_sidebar")}
              shortcut="Mod+B"
              aria-expanded={sideShown}
              onClick={toggleSidebar}
            >
              <PanelLeft size={18} />
            </IconButton>
          ) : null}
          <HeaderOutlet className={styles["slot"]} />
          {isNarrow || !sideShown ? (
            <IconButton
              label={t("conversations.new")}
              shortcut="Mod+Shift+O"
              onClick={() => navigate(paths.home)}
            >
              <SquarePen size={18} />
            </IconButton>
          ) : null}
        </header>
        <ConnectionNote />
        <main id="content" tabIndex={-1} className={styles["content"]}>
          {view.kind === "chat" ? (
            <>
              <ChatTitle id={id} />
              <ChatPage conversation={id} />
            </>
          ) : view.kind === "jobs" ? (
            <Suspense fallback={null}>
              <Title>{t("conversations.jobs")}</Title>
              <JobsView id={view.id} make={view.make} />
            </Suspense>
          ) : view.kind === "usage" ? (
            <Suspense fallback={null}>
              <Title>{t("conversations.usage")}</Title>
              <UsagePage />
            </Suspense>
          ) : view.kind === "templates" ? (
            <Suspense fallback={null}>
              <Title>{t("conversations.templates")}</Title>
              <TemplatesPage id={view.id} />
            </Suspense>
          ) : (
            <Suspense fallback={null}>
              <Title>{t("settings.title")}</Title>
              <SettingsPage tab={view.tab} onSignOut={onSignOut} />
            </Suspense>
          )}
        </main>
      </div>
      <Overlays />
      {losing > 0 ? (
        <LeaveDialog
          unsent={losing}
          onStay={() => setLosing(0)}
          onLeave={() => {
            setLosing(0);
            void leave();
          }}
        />
      ) : null}
    </div>
  );
}

function ChatTitle({ id }: { id: string | null }) {
  const { data } = useConversation(id);
  return <Title>{data?.title}</Title>;
}
