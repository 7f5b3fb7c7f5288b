/** The browser's database: three stores, whole transactions, nothing clever. */

import { Fault } from "../fault.js";

const NAME = "vinimay-wallet";
const VERSION = 1;
/** Public matter, the citizen's keys (not extractable), and everything personal, sealed. */
export const STORES = ["plain", "keys", "sealed"] as const;
/** A store. */
export type StoreName = (typeof STORES)[number];

/** One entry to write; `undefined` deletes. */
export interface Entry {
  store: StoreName;
  key: string;
  value: unknown;
}

/** Where the wallet keeps things. */
export interface Database {
  /** Reads one value. */
  get<T>(store: StoreName, key: string): Promise<T | undefined>;
  /** All keys of a store that begin so. */
  keys(store: StoreName, prefix: string): Promise<string[]>;
  /** Writes all or nothing. */
  put(entries: Entry[]): Promise<void>;
  /** Forgets everything. */
  clear(): Promise<void>;
}

/** The browser's own database, open. */
export class IndexedDatabase implements Database {
  private constructor(private readonly db: IDBDatabase) {}

  /** Opens it, and makes its stores at first. */
  static open(name = NAME): Promise<IndexedDatabase> {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(name, VERSION);
      opening.onupgradeneeded = () => STORES.forEach((store) => opening.result.createObjectStore(store));
      opening.onerror = () => reject(new Fault("platform", "the browser's database cannot be opened"));
      opening.onsuccess = () => {
        opening.result.onversionchange = () => opening.result.close();
        resolve(new IndexedDatabase(opening.result));
      };
    });
  }

  /** Reads one value. */
  get<T>(store: StoreName, key: string): Promise<T | undefined> {
    return settled(this.db.transaction(store).objectStore(store).get(key) as IDBRequest<T | undefined>);
  }

  /** All keys of a store that begin so. */
  async keys(store: StoreName, prefix: string): Promise<string[]> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return (await settled(this.db.transaction(store).objectStore(store).getAllKeys(range))) as string[];
  }

  /** Writes all or nothing, durably; `undefined` deletes. */
  put(entries: Entry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const writing = this.db.transaction(STORES, "readwrite", { durability: "strict" });
      for (const { store, key, value } of entries) {
        if (value === undefined) writing.objectStore(store).delete(key);
        else writing.objectStore(store).put(value, key);
      }
      writing.oncomplete = () => resolve();
      writing.onabort = writing.onerror = () => reject(new Fault("platform", "the phone's storage is full or cannot be written"));
    });
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    const writing = this.db.transaction(STORES, "readwrite");
    STORES.forEach((store) => writing.objectStore(store).clear());
    await new Promise((resolve) => { writing.oncomplete = resolve; });
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Fault("platform", "the browser's database cannot be read"));
  });
}
