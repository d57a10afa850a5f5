import { type ComponentType, createContext } from "react";

/** How an article is set: the chat's way, given by the app. */
export type Article = ComponentType<{ text: string; streaming: boolean }>;
export const ArticleContext = createContext<Article | null>(null);
