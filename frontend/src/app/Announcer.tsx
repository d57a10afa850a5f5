import { useAnnouncements } from "@/lib/announce";
import { VisuallyHidden } from "@/ui";

export function Announcer() {
  const { polite, assertive } = useAnnouncements();
  return (
    <>
      <VisuallyHidden role="status">{polite}</VisuallyHidden>
      <VisuallyHidden role="alert">{assertive}</VisuallyHidden>
    </>
  );
}
