import { Markdown } from "@/features/chat/markdown/Markdown";
import { JobsPages } from "@/features/jobs/JobsPages";

/** The pages of jobs, with the chat's way to set an article. */
export default function JobsView({ id, make }: { id: string | null; make: string | null }) {
  return <JobsPages id={id} make={make} article={Markdown} />;
}
