/** The page's IndexedDB. It may be closed to us (private windows, policies) or hang: then there is none. */
const NAME = "rivulet";
const VERSION = 1;
const PATIENCE_MS = 3_000;

let opened: Promise<IDBDatabase> | null = null;

export function database(): Promise<IDBDatabase> {
  opened ??= open().catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("IndexedDB does not answer")), PATIENCE_MS);
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("outbox", { keyPath: ["person", "key"] });
      request.result.createObjectStore("turns", { keyPath: "name" });
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error ?? new Error("IndexedDB is closed"));
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      const db = request.result;
      const gone = () => {
        opened = null;
        db.close();
      };
      db.onversionchange = gone;
      db.onclose = gone;
      resolve(db);
    };
  });
}

/** Runs `work` in one transaction of its own; what it returns is asked when the transaction is through. */
export async function transact<T>(
  store: "outbox" | "turns",
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => () => T,
): Promise<T> {
  const db = await database();
  return new Promise<T>((resolve, reject) => {
    const transaction = db.transaction(store, mode);
    const fail = () => reject(transaction.error ?? new Error("IndexedDB gave up"));
    transaction.onabort = fail;
    const result = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(result());
  });
}
