/** localStorage that may be closed (private windows, quotas): reads give null, writes are best effort. */
export const storage = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(`rivulet.${key}`);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`rivulet.${key}`);
      else localStorage.setItem(`rivulet.${key}`, value);
    } catch {
      // Nothing depends on it.
    }
  },
};
