import { transact } from "./database";

/** Tabs take turns: what runs under a name runs in one tab at a time, as far as the browser can say. */
export interface Turns {
  /** Runs `work` when it is this tab's turn; a tab that dies gives its turn up. Rejects only as `work` does. */
  take(name: string, work: () => Promise<void>): Promise<void>;
}

/** Web Locks: the browser passes the turn on the moment that a tab is gone. */
class LockTurns implements Turns {
  constructor(private readonly locks: LockManager) {}

  async take(name: string, work: () => Promise<void>): Promise<void> {
    await this.locks.request(`rivulet.outbox.${name}`, work);
  }
}

interface Lease {
  name: string;
  tab: string;
  until: number;
}

export const LEASE_MS = 10_000;

/**
 * Leases in IndexedDB, where there are no locks (a site by plain http): the turn of a dead tab is over when its lease is.
 * A tab that slept through its own may share a turn with another one; the key of what is sent makes that harmless.
 */
export class LeaseTurns implements Turns {
  constructor(private readonly tab: string) {}

  async take(name: string, work: () => Promise<void>): Promise<void> {
    for (;;) {
      const until = await this.claim(name);
      if (until === null) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(LEASE_MS, until - Date.now()) + 50));
    }
    const renew = setInterval(() => void this.claim(name), LEASE_MS / 3);
    try {
      await work();
    } finally {
      clearInterval(renew);
      await this.leave(name);
    }
  }

  /** Null when it is ours now, else when the other's ends. Without a database there is nobody to share with. */
  private claim(name: string): Promise<number | null> {
    return transact("turns", "readwrite", (store) => {
      let other: number | null = null;
      const found = store.get(name) as IDBRequest<Lease | undefined>;
      found.onsuccess = () => {
        const lease = found.result;
        const now = Date.now();
        // A lease that ends later than any can was written by another clock.
        const theirs = lease && lease.tab !== this.tab && lease.until > now && lease.until <= now + LEASE_MS;
        if (theirs) other = lease.until;
        else store.put({ name, tab: this.tab, until: now + LEASE_MS } satisfies Lease);
      };
      return () => other;
    }).catch(() => null);
  }

  private async leave(name: string): Promise<void> {
    await transact("turns", "readwrite", (store) => {
      const found = store.get(name) as IDBRequest<Lease | undefined>;
      found.onsuccess = () => {
        if (found.result?.tab === this.tab) store.delete(name);
      };
      return () => undefined;
    }).catch(() => undefined);
  }
}

export function turnsOf(tab: string): Turns {
  const locks = (navigator as { locks?: LockManager }).locks;
  return locks ? new LockTurns(locks) : new LeaseTurns(tab);
}
