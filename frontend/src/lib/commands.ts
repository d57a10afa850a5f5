import { create } from "zustand";

export interface Command {
  id: string;
  title: string;
  /** As pressed, e.g. `Mod+Shift+O`; Mod is Cmd on a Mac and Ctrl elsewhere. */
  shortcut?: string;
  group?: string;
  run: () => void;
}

/** What the palette and the shortcut sheet offer now. Features add theirs while they are mounted. */
export const useCommands = create<{ commands: Command[] }>(() => ({ commands: [] }));

export function registerCommand(command: Command): () => void {
  useCommands.setState(({ commands }) => ({
    commands: [...commands.filter(({ id }) => id !== command.id), command],
  }));
  return () =>
    useCommands.setState(({ commands }) => ({ commands: commands.filter((other) => other !== command) }));
}
