import { useT } from "@/lib/i18n";
import { Button, Dialog } from "@/ui";

/** Tells what a sign-out would lose: the server has never seen it, so it could not be undone. */
export function LeaveDialog({
  unsent,
  onStay,
  onLeave,
}: {
  unsent: number;
  onStay: () => void;
  onLeave: () => void;
}) {
  const t = useT();
  return (
    <Dialog
      title={t("common.leave_title")}
      onClose={onStay}
      foot={
        <>
          <Button autoFocus onClick={onStay}>
            {t("common.leave_stay")}
          </Button>
          <Button look="primary" onClick={onLeave}>
            {t("common.leave_go")}
          </Button>
        </>
      }
    >
      <p>{t("common.leave_text", { count: unsent })}</p>
    </Dialog>
  );
}
