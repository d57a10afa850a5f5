const PREFIX = "rivulet.";

/** localStorage that may be closed (private windows, quotas): reads give null, writes are best effort. */
export const storage = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(PREFIX + key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(PREFIX + key);
      else localStorage.setItem(PREFIX + key, value);
    } catch {
      // Nothing depends on it.
    }
  },
  /** All keys that begin so. */
  names(start: string): string[] {
    try {
      return Object.keys(localStorage)
        .filter((name) => name.startsWith(PREFIX + start))
        .map((name) => name.slice(PREFIX.length));
    } catch {
      return [];
    }
  },
};
