import type { ComponentType } from "react";
import { JobPage } from "./JobPage";
import { ListPage } from "./ListPage";
import { BatchPage } from "./make/BatchPage";
import { ExportPage } from "./make/ExportPage";
import { ImportPage } from "./make/ImportPage";
import { ResearchPage } from "./make/ResearchPage";
import { SchedulePage } from "./make/SchedulePage";
import { type Article, ArticleContext } from "./research/article";

const makers: Record<string, ComponentType> = {
  batch: BatchPage,
  research: ResearchPage,
  schedule: SchedulePage,
  export: ExportPage,
  import: ImportPage,
};

/** The list of jobs, one of them (`id`), or the way to a new one (`make`: its kind). */
export function JobsPages({
  id,
  make,
  article,
}: {
  id: string | null;
  make: string | null;
  article: Article;
}) {
  const Make = make === null ? undefined : makers[make];
  if (Make) return <Make />;
  return id === null ? (
    <ListPage />
  ) : (
    <ArticleContext value={article}>
      <JobPage key={id} id={id} />
    </ArticleContext>
  );
}
