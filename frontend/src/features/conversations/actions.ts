import { deleteConversation, patchConversation, restoreConversation } from "@/api/conversations";
import { explain } from "@/api/errors";
import type { Conversation, ConversationPatch } from "@/api/types";
import { translate as t } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { toast } from "@/ui";

const failed = (error: unknown) => toast({ text: explain(error) });
const isOpen = ({ id }: Conversation) => window.location.pathname === paths.chat(id);
const nameOf = ({ title }: Conversation) => title || t("conversations.untitled");

function patch(conversation: Conversation, changes: ConversationPatch): void {
  patchConversation(conversation, changes).catch(failed);
}

export function rename(conversation: Conversation, title: string): void {
  const trimmed = title.trim();
  if (trimmed && trimmed !== conversation.title) patch(conversation, { title: trimmed });
}

export const togglePin = (conversation: Conversation): void =>
  patch(conversation, { pinned: !conversation.pinned });

/** Puts away or takes back; undone from the toast. */
export function toggleArchive(conversation: Conversation): void {
  const archived = !conversation.archived;
  patch(conversation, { archived });
  if (!archived) return;
  const wasOpen = isOpen(conversation);
  if (wasOpen) navigate(paths.home);
  toast({
    text: t("conversations.archived", { title: nameOf(conversation) }),
    action: {
      label: t("common.undo"),
      run: () => {
        patch({ ...conversation, archived: true }, { archived: false });
        if (wasOpen) navigate(paths.chat(conversation.id));
      },
    },
  });
}

/** Gone at once; undone from the toast. */
export function remove(conversation: Conversation): void {
  const deleted = deleteConversation(conversation);
  const wasOpen = isOpen(conversation);
  if (wasOpen) navigate(paths.home);
  toast({
    text: t("conversations.deleted", { title: nameOf(conversation) }),
    action: {
      label: t("common.undo"),
      run: () => {
        deleted
          .then(() => restoreConversation(conversation))
          .then(() => {
            if (wasOpen) navigate(paths.chat(conversation.id));
          })
          .catch(failed);
      },
    },
  });
  deleted.catch(failed);
}
