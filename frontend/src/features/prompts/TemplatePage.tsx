import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { ApiError, explain } from "@/api/errors";
import { type TemplateWhole, useTemplate, useVersion, type Version } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { Button, ButtonLink, Segments, Skeleton, State } from "@/ui";
import { Acts } from "./Acts";
import { Editor } from "./Editor";
import styles from "./Template.module.css";
import { Versions } from "./Versions";

type Tab = "write" | "versions";

export function TemplatePage({ id }: { id: string }) {
  if (id === "new") return <Frame template={null} newest={null} />;
  return <Known id={id} />;
}

function Known({ id }: { id: string }) {
  const t = useT();
  const query = useTemplate(id);
  const { data: template } = query;
  const { data: version } = useVersion(id, template?.newest ?? 0);
  if (query.isError) {
    const gone = query.error instanceof ApiError && query.error.status === 404;
    return (
      <State
        level={1}
        title={t(gone ? "prompts.missing" : "prompts.failed")}
        next={
          gone ? (
            <ButtonLink href={paths.templates}>{t("prompts.all")}</ButtonLink>
          ) : (
            <Button onClick={() => void query.refetch()}>{t("common.retry")}</Button>
          )
        }
      >
        {gone ? t("prompts.missing_text") : explain(query.error)}
      </State>
    );
  }
  return template && version ? <Frame template={template} newest={version} /> : <Loading />;
}

function Frame({ template, newest }: { template: TemplateWhole | null; newest: Version | null }) {
  const t = useT();
  const [tab, setTab] = useState<Tab>("write");
  const [compared, setCompared] = useState<number | null>(null);
  return (
    <div className={styles["page"]}>
      <div className={styles["frame"]}>
        <Link href={paths.templates} className={styles["back"] ?? ""}>
          <ArrowLeft size={16} aria-hidden="true" />
          {t("prompts.all")}
        </Link>
        <header className={styles["head"]}>
          <div className={styles["what"]}>
            <h1 className={styles["title"]}>{template?.name ?? t("prompts.new")}</h1>
            {template ? (
              <p className={styles["facts"]}>
                <code>{template.slug}</code>
                {template.folder ? <span>{template.folder}</span> : null}
                {template.labels.map(({ name, version }) => (
                  <span key={name} className={styles["label"]}>
                    {name} v{version}
                  </span>
                ))}
                {template.access === "owner" ? null : (
                  <span>{t("prompts.by", { name: template.owner.name })}</span>
                )}
              </p>
            ) : (
              <p className={styles["facts"]}>{t("prompts.new_hint")}</p>
            )}
            {template?.description ? <p className={styles["about"]}>{template.description}</p> : null}
          </div>
          {template ? <Acts template={template} /> : null}
        </header>
        {template ? (
          <div className={styles["tabs"]}>
            <Segments<Tab>
              name="template-tab"
              label={t("prompts.view")}
              value={tab}
              onChange={(next) => {
                setTab(next);
                setCompared(null);
              }}
              options={[
                { value: "write", label: t(template.access === "view" ? "prompts.read" : "prompts.write") },
                { value: "versions", label: t("prompts.versions_count", { count: template.newest }) },
              ]}
            />
          </div>
        ) : null}
        {template && tab === "versions" ? (
          <Versions
            template={template}
            chosen={compared}
            onChoose={setCompared}
            onWrite={() => setTab("write")}
          />
        ) : (
          <Editor template={template} newest={newest} />
        )}
      </div>
    </div>
  );
}

function Loading() {
  const t = useT();
  return (
    <div className={styles["page"]}>
      <div className={styles["frame"]} role="status" aria-label={t("common.loading")}>
        <Skeleton width="40%" style={{ height: "1.5rem", marginBlock: "2.5rem 2rem" }} />
        <Skeleton width="100%" />
        <Skeleton width="80%" style={{ marginBlockStart: "1rem" }} />
      </div>
    </div>
  );
}
