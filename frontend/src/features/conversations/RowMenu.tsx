import { Archive, ArchiveRestore, PencilLine, Pin, PinOff, Trash2 } from "lucide-react";
import { type RefObject, useMemo } from "react";
import type { Conversation } from "@/api/types";
import { useT } from "@/lib/i18n";
import { MenuBox, MenuItem, MenuRule } from "@/ui";
import { remove, toggleArchive } from "./actions";

export interface RowMenuProps {
  list: RefObject<HTMLElement | null>;
  conversation: Conversation;
  onRename: () => void;
  onPin: () => void;
  onClose: () => void;
}

/** The menu of one row. It belongs to the list, so that it stays open while the rows behind it are drawn again. */
export function RowMenu({ list, conversation, onRename, onPin, onClose }: RowMenuProps) {
  const t = useT();
  const { id, pinned, archived } = conversation;
  const title = conversation.title || t("conversations.untitled");
  const anchor = useMemo(
    () => ({
      get current() {
        return list.current?.querySelector<HTMLElement>(`[data-menu="${CSS.escape(id)}"]`) ?? null;
      },
    }),
    [list, id],
  );
  return (
    <MenuBox
      key={id}
      anchor={anchor}
      label={t("conversations.menu", { title })}
      align="start"
      onClose={onClose}
    >
      <MenuItem icon={<PencilLine size={16} />} onSelect={onRename}>
        {t("conversations.rename")}
      </MenuItem>
      <MenuItem icon={pinned ? <PinOff size={16} /> : <Pin size={16} />} onSelect={onPin}>
        {t(pinned ? "conversations.unpin" : "conversations.pin")}
      </MenuItem>
      <MenuItem
        icon={archived ? <ArchiveRestore size={16} /> : <Archive size={16} />}
        onSelect={() => toggleArchive(conversation)}
      >
        {t(archived ? "conversations.from_archive" : "conversations.to_archive")}
      </MenuItem>
      <MenuRule />
      <MenuItem danger icon={<Trash2 size={16} />} onSelect={() => remove(conversation)}>
        {t("conversations.delete")}
      </MenuItem>
    </MenuBox>
  );
}
