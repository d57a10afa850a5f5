/** The only schemes that text from a model may lead to. */
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

const DOCS = "/docs/";

/**
 * The address as it may stand in a link, or null. Relative addresses are refused: what a model writes must not lead to
 * actions of our own site. Its docs, which the guide quotes, are only to be read.
 */
export function safeAddress(raw: string): string | null {
  let url: URL;
  try {
    if (raw.startsWith(DOCS)) {
      const { origin, pathname, hash } = new URL(raw, location.origin);
      return origin === location.origin && pathname.startsWith(DOCS) ? pathname + hash : null;
    }
    url = new URL(raw.trim());
  } catch {
    return null;
  }
  return SCHEMES.has(url.protocol) ? url.href : null;
}

/** Where a link leads, short: the host, without `www.`. */
export function hostOf(address: string): string {
  try {
    return new URL(address).hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
}
