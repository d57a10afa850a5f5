import { ListPage } from "./ListPage";
import { TemplatePage } from "./TemplatePage";

/** The list of templates, or one of them (`new`: one that is not saved yet). */
export default function TemplatesPage({ id }: { id: string | null }) {
  return id === null ? <ListPage /> : <TemplatePage key={id} id={id} />;
}
