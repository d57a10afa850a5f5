import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useConversations } from "@/api/conversations";
import { explain } from "@/api/errors";
import { useLocale, useT } from "@/lib/i18n";
import { Button, Skeleton, Spinner, VisuallyHidden } from "@/ui";
import { remove, togglePin } from "./actions";
import styles from "./ConversationList.module.css";
import { ConversationRow } from "./ConversationRow";
import { groupByDay } from "./grouping";
import { RowMenu } from "./RowMenu";

export interface ConversationListProps {
  /** The open conversation. */
  current: string | null;
  archived: boolean;
  q: string;
  onOpen: () => void;
}

/** The list of one filter: grouped by day, fetched page by page as it is scrolled, one Tab stop with arrows inside. */
export function ConversationList({ current, archived, q, onOpen }: ConversationListProps) {
  const t = useT();
  const locale = useLocale();
  const query = useConversations({ archived, q });
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError } = query;
  const ref = useRef<HTMLElement>(null);
  const [editing, setEditing] = useState<string | null>(null);
  const [menu, setMenu] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);

  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const groups = useMemo(
    () =>
      q
        ? [{ id: "found", label: { text: t("conversations.search_found", { count: items.length }) }, items }]
        : groupByDay(items),
    // The month names are in the reader's language.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [items, q, t, locale],
  );
  const withMenu = items.find(({ id }) => id === menu);
  const active = [focused, current].find((id) => id && items.some((item) => item.id === id)) ?? items[0]?.id;

  const endOfEditing = useCallback((id: string | null) => {
    setEditing((before) => {
      if (id === null && before) requestAnimationFrame(() => focusRow(ref.current, before));
      return id;
    });
  }, []);

  // A row that changes its group is another element: the focus goes with it.
  const moving = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (!moving.current) return;
    ref.current?.querySelector<HTMLElement>(`[data-menu="${CSS.escape(moving.current)}"]`)?.focus();
    moving.current = null;
  }, [groups]);

  const sentinel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const mark = sentinel.current;
    if (!mark || !hasNextPage || isFetchNextPageError) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting && !isFetchingNextPage) void fetchNextPage();
      },
      { rootMargin: "400px" },
    );
    watch.observe(mark);
    return () => watch.disconnect();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const id = event.target instanceof HTMLElement ? event.target.dataset["row"] : undefined;
    if (!id || event.metaKey || event.ctrlKey || event.altKey) return;
    const order = groups.flatMap((group) => group.items);
    const at = order.findIndex((item) => item.id === id);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[event.key];
    const next = to === undefined ? undefined : order[to];
    if (to !== undefined) {
      event.preventDefault();
      if (next) focusRow(ref.current, next.id);
    } else if (event.key === "F2") {
      event.preventDefault();
      setEditing(id);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      const item = order[at];
      const neighbour = order[at + 1] ?? order[at - 1];
      if (item) remove(item);
      if (neighbour) requestAnimationFrame(() => focusRow(ref.current, neighbour.id));
    }
  };

  if (query.isPending)
    return (
      <div className={styles["skeleton"]} role="status">
        <VisuallyHidden>{t("common.loading")}</VisuallyHidden>
        {["72%", "54%", "81%", "63%", "46%"].map((width) => (
          <Skeleton key={width} width={width} />
        ))}
      </div>
    );
  if (query.isError && items.length === 0)
    return (
      <div className={styles["empty"]} role="alert">
        <strong>{t("conversations.error_title")}</strong>
        {explain(query.error)}
        <div>
          <Button small onClick={() => void query.refetch()}>
            {t("common.retry")}
          </Button>
        </div>
      </div>
    );
  if (items.length === 0) {
    const [title, text] = q
      ? [t("conversations.search_none_title", { q }), t("conversations.search_none_text")]
      : archived
        ? [t("conversations.archive_empty_title"), t("conversations.archive_empty_text")]
        : [t("conversations.empty_title"), t("conversations.empty_text")];
    return (
      <div className={styles["empty"]} role="status">
        <strong>{title}</strong>
        {text}
      </div>
    );
  }

  return (
    <nav
      ref={ref}
      className={styles["list"]}
      aria-label={t("conversations.list")}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        const id = event.target.dataset["row"];
        if (id) setFocused(id);
      }}
    >
      {groups.map((group) => (
        <section key={group.id} className={styles["group"]} aria-labelledby={`group-${group.id}`}>
          <GroupLabel id={`group-${group.id}`} found={q !== ""}>
            {"key" in group.label ? t(group.label.key) : group.label.text}
          </GroupLabel>
          <ul className={styles["items"]}>
            {group.items.map((conversation) => (
              <ConversationRow
                key={conversation.id}
                conversation={conversation}
                q={q}
                current={conversation.id === current}
                active={conversation.id === active}
                editing={conversation.id === editing}
                setEditing={endOfEditing}
                menu={conversation.id === menu}
                setMenu={setMenu}
                onOpen={onOpen}
              />
            ))}
          </ul>
        </section>
      ))}
      {withMenu ? (
        <RowMenu
          list={ref}
          conversation={withMenu}
          onRename={() => setEditing(withMenu.id)}
          onPin={() => {
            moving.current = withMenu.id;
            togglePin(withMenu);
          }}
          onClose={() => setMenu(null)}
        />
      ) : null}
      <div ref={sentinel} />
      {isFetchingNextPage ? (
        <div className={styles["foot"]} role="status">
          <Spinner />
          <VisuallyHidden>{t("common.loading")}</VisuallyHidden>
        </div>
      ) : null}
      {isFetchNextPageError ? (
        <div className={styles["foot"]} role="alert">
          {t("conversations.more_failed")}
          <Button small look="quiet" onClick={() => void fetchNextPage()}>
            {t("common.retry")}
          </Button>
        </div>
      ) : null}
    </nav>
  );
}

/** A heading; for what a search found, a sentence that is also said. */
function GroupLabel({ id, found, children }: { id: string; found: boolean; children: ReactNode }) {
  if (!found)
    return (
      <h2 id={id} className={styles["label"]}>
        {children}
      </h2>
    );
  return (
    <p id={id} role="status" className={styles["label"]}>
      {children}
    </p>
  );
}

function focusRow(list: HTMLElement | null, id: string): void {
  list?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus();
}
