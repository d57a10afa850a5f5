import { transact } from "./database";
import { type Change, type Items, type Outgoing, placed } from "./item";

/** Where the outbox of one person lies. */
export interface Shelf {
  /** Whether it outlives the page, and other tabs see it. */
  readonly lasting: boolean;
  /** Changes what lies there, alone, and gives what lies there then. Rejects when it could not be kept. */
  change(change: Change): Promise<Items>;
  clear(): Promise<void>;
}

interface Row {
  person: string;
  key: string;
  item: Outgoing;
}

const inOrder = (items: Items): Items => [...items].sort((a, b) => a.created - b.created);

/** In IndexedDB: one transaction a change, so that tabs never overwrite each other. */
export class DatabaseShelf implements Shelf {
  readonly lasting = true;

  constructor(private readonly person: string) {}

  change(change: Change): Promise<Items> {
    return transact("outbox", "readwrite", (store) => {
      let after: Items = [];
      const all = store.getAll(this.range()) as IDBRequest<Row[]>;
      all.onsuccess = () => {
        const before = inOrder(all.result.map(({ item }) => item));
        after = inOrder(placed(change(before)));
        const stay = new Set(after.map(({ key }) => key));
        for (const { key } of before) if (!stay.has(key)) store.delete([this.person, key]);
        for (const item of after)
          if (!before.includes(item)) store.put({ person: this.person, key: item.key, item });
      };
      return () => after;
    });
  }

  async clear(): Promise<void> {
    await transact("outbox", "readwrite", (store) => {
      store.delete(this.range());
      return () => undefined;
    });
  }

  private range(): IDBKeyRange {
    return IDBKeyRange.bound([this.person], [this.person, []]);
  }
}

/** For this page only, where a browser keeps nothing. */
export class MemoryShelf implements Shelf {
  readonly lasting = false;

  constructor(private items: Items) {}

  change(change: Change): Promise<Items> {
    this.items = inOrder(placed(change(this.items)));
    return Promise.resolve(this.items);
  }

  clear(): Promise<void> {
    this.items = [];
    return Promise.resolve();
  }
}
