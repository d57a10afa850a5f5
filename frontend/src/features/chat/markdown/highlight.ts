import hljs from "highlight.js/lib/core";
import { embeds, grammarFor, loaders } from "./languages";

/** One of the page's few code colours, or none. */
export type Scope = "comment" | "keyword" | "string" | "name" | "number" | null;
export type Line = readonly (readonly [Scope, string])[];

interface Node {
  scope?: string;
  children: (Node | string)[];
}

const scopes: [RegExp, Scope][] = [
  [/^(?:comment|quote|meta\.prompt|deletion)/, "comment"],
  [/^(?:keyword|literal|selector-tag|doctag|tag$|operator|meta)/, "keyword"],
  [/^(?:string|regexp|addition|char|template-|link|subst)/, "string"],
  [/^(?:number|symbol|bullet)/, "number"],
  [/^(?:title|name|attr|built_in|type|section|property|selector-|attribute|class|function)/, "name"],
];

function scopeOf(name: string): Scope {
  return scopes.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

const ready = new Map<string, Promise<void>>();

function load(grammar: string): Promise<void> {
  let loading = ready.get(grammar);
  if (!loading) {
    loading = Promise.all([loaders[grammar]?.(), ...(embeds[grammar] ?? []).map(load)]).then(([found]) => {
      if (found) hljs.registerLanguage(grammar, found.default);
    });
    ready.set(grammar, loading);
    loading.catch(() => ready.delete(grammar));
  }
  return loading;
}

/** Makes sure that the grammar is here; null when there is none for this language. */
export async function prepare(language: string): Promise<string | null> {
  const grammar = grammarFor(language);
  if (grammar === null) return null;
  await load(grammar);
  return grammar;
}

/** Code as lines of coloured pieces; the pieces of a line, joined, are the line. `grammar` has been prepared. */
export function highlight(code: string, grammar: string): Line[] {
  const result = hljs.highlight(code, { language: grammar, ignoreIllegals: true });
  const root = (result._emitter as unknown as { rootNode: Node }).rootNode;
  const lines: [Scope, string][][] = [[]];
  const walk = (node: Node | string, scope: Scope): void => {
    if (typeof node !== "string") {
      const own = node.scope ? scopeOf(node.scope) : null;
      for (const child of node.children) walk(child, own ?? scope);
      return;
    }
    for (const [at, text] of node.split("\n").entries()) {
      if (at > 0) lines.push([]);
      const line = lines.at(-1);
      const last = line?.at(-1);
      if (!text) continue;
      if (last?.[0] === scope) last[1] += text;
      else line?.push([scope, text]);
    }
  };
  walk(root, null);
  return lines;
}
