import { Download, Ellipsis, Plus, Search, Upload, Users } from "lucide-react";
import { useDeferredValue, useEffect, useState } from "react";
import { Link } from "wouter";
import { explain } from "@/api/errors";
import { type Template, useFacets, useTemplates } from "@/api/prompts";
import { formatAgo, useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import {
  Button,
  ButtonLink,
  IconButton,
  Menu,
  MenuItem,
  Select,
  Skeleton,
  State,
  VisuallyHidden,
} from "@/ui";
import styles from "./List.module.css";
import { downloadTemplates, pickImport } from "./transfer";

const SETTLED_MS = 150;

export function ListPage() {
  const t = useT();
  const [text, setText] = useState("");
  const [q, setQ] = useState("");
  const [folder, setFolder] = useState("");
  const [tag, setTag] = useState("");
  const { data: facets } = useFacets();
  const query = useTemplates({ q: useDeferredValue(q), folder, tag });
  useEffect(() => {
    const timer = setTimeout(() => setQ(text.trim()), text ? SETTLED_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const narrowed = q !== "" || folder !== "" || tag !== "";
  const clear = () => {
    setText("");
    setQ("");
    setFolder("");
    setTag("");
  };

  return (
    <div className={styles["page"]}>
      <div className={styles["frame"]}>
        <header className={styles["head"]}>
          <div>
            <h1 className={styles["title"]}>{t("prompts.title")}</h1>
            <p className={styles["hint"]}>{t("prompts.hint")}</p>
          </div>
          <div className={styles["acts"]}>
            <Menu
              label={t("prompts.more")}
              align="end"
              trigger={(props) => (
                <IconButton {...props} label={t("prompts.more")}>
                  <Ellipsis size={18} aria-hidden="true" />
                </IconButton>
              )}
            >
              <MenuItem icon={<Upload size={16} aria-hidden="true" />} onSelect={pickImport}>
                {t("prompts.import")}
              </MenuItem>
              <MenuItem
                icon={<Download size={16} aria-hidden="true" />}
                onSelect={() => void downloadTemplates("templates")}
              >
                {t("prompts.export_all")}
              </MenuItem>
            </Menu>
            <Button
              look="primary"
              icon={<Plus size={16} aria-hidden="true" />}
              onClick={() => navigate(paths.template("new"))}
            >
              {t("prompts.new")}
            </Button>
          </div>
        </header>
        <div className={styles["tools"]}>
          <div className={styles["search"]} role="search" aria-label={t("prompts.search")}>
            <Search size={16} aria-hidden="true" />
            <input
              type="search"
              value={text}
              placeholder={t("prompts.search")}
              aria-label={t("prompts.search")}
              onChange={(event) => setText(event.target.value)}
            />
          </div>
          {facets && facets.folders.length > 0 ? (
            <Select
              className={styles["folder"]}
              aria-label={t("prompts.folder")}
              value={folder}
              onChange={(event) => setFolder(event.target.value)}
            >
              <option value="">{t("prompts.folder_all")}</option>
              {facets.folders.map(({ name, count }) => (
                <option key={name} value={name}>
                  {name} ({count})
                </option>
              ))}
            </Select>
          ) : null}
        </div>
        {facets && facets.tags.length > 0 ? (
          <div role="group" aria-label={t("prompts.tags")} className={styles["tags"]}>
            {facets.tags.slice(0, 24).map(({ name, count }) => (
              <button
                key={name}
                type="button"
                className={styles["tag"]}
                aria-pressed={tag === name}
                onClick={() => setTag(tag === name ? "" : name)}
              >
                {name} <small>{count}</small>
              </button>
            ))}
          </div>
        ) : null}
        {query.isError ? (
          <State
            title={t("prompts.failed")}
            next={<Button onClick={() => void query.refetch()}>{t("common.retry")}</Button>}
          >
            {explain(query.error)}
          </State>
        ) : !query.data ? (
          <Loading />
        ) : items.length === 0 ? (
          <Nothing narrowed={narrowed} q={q} onClear={clear} />
        ) : (
          <>
            <ul className={styles["rows"]} aria-busy={query.isPlaceholderData}>
              {items.map((template) => (
                <Row key={template.id} template={template} />
              ))}
            </ul>
            {query.hasNextPage ? (
              <div className={styles["rest"]}>
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t("prompts.show_more")}
                </Button>
              </div>
            ) : null}
          </>
        )}
      </div>
    </div>
  );
}

function Row({ template }: { template: Template }) {
  const t = useT();
  const { labels, newest, access, owner } = template;
  const released = labels.find(({ name }) => name === "released");
  return (
    <li className={styles["row"]}>
      <div className={styles["text"]}>
        <Link href={paths.template(template.id)} className={styles["name"] ?? ""}>
          {template.name}
        </Link>
        {template.description ? <p className={styles["about"]}>{template.description}</p> : null}
        <p className={styles["detail"]}>
          {template.folder ? <span>{template.folder}</span> : null}
          <span>{released ? t("prompts.released_as", { number: released.version }) : `v${newest}`}</span>
          {released && newest > released.version ? (
            <span>{t("prompts.newer", { count: newest - released.version })}</span>
          ) : null}
          {access === "owner" ? null : <span>{t("prompts.by", { name: owner.name })}</span>}
          <span>{formatAgo(template.updated)}</span>
          {template.tags.map((name) => (
            <span key={name}>#{name}</span>
          ))}
        </p>
      </div>
      {template.shared ? (
        <span className={styles["shared"]} title={t("prompts.shared")}>
          <Users size={16} aria-hidden="true" />
          <VisuallyHidden>{t("prompts.shared")}</VisuallyHidden>
        </span>
      ) : null}
      <ButtonLink small href={paths.useTemplate(template.id)}>
        {t("prompts.use")}
        <VisuallyHidden> {template.name}</VisuallyHidden>
      </ButtonLink>
    </li>
  );
}

function Nothing({ narrowed, q, onClear }: { narrowed: boolean; q: string; onClear: () => void }) {
  const t = useT();
  if (narrowed)
    return (
      <State
        title={q ? t("prompts.none_for", { q }) : t("prompts.none_here")}
        next={<Button onClick={onClear}>{t("prompts.show_all")}</Button>}
      />
    );
  return (
    <State
      title={t("prompts.empty_title")}
      next={
        <ButtonLink look="primary" href={paths.template("new")}>
          {t("prompts.new")}
        </ButtonLink>
      }
    >
      {t("prompts.empty_text")}
    </State>
  );
}

function Loading() {
  const t = useT();
  return (
    <div className={styles["rows"]} role="status" aria-label={t("common.loading")}>
      {["38%", "52%", "30%"].map((width) => (
        <div key={width} className={styles["row"]}>
          <div className={styles["text"]}>
            <Skeleton width={width} />
            <Skeleton width="70%" style={{ marginBlockStart: "0.75rem" }} />
          </div>
        </div>
      ))}
    </div>
  );
}
