/** A database that is gone with the page: for a session on somebody else's device. */

import type { Database, Entry, StoreName } from "./idb.js";

/** Keeps everything in this page's memory and nowhere else. */
export class MemoryDatabase implements Database {
  readonly entries = new Map<string, unknown>();

  /** Reads one value. */
  async get<T>(store: StoreName, key: string): Promise<T | undefined> {
    return this.entries.get(`${store}/${key}`) as T | undefined;
  }

  /** All keys of a store that begin so. */
  async keys(store: StoreName, prefix: string): Promise<string[]> {
    const whole = `${store}/${prefix}`;
    return [...this.entries.keys()].filter((key) => key.startsWith(whole)).map((key) => key.slice(store.length + 1)).sort();
  }

  /** Writes all or nothing. */
  async put(entries: Entry[]): Promise<void> {
    for (const { store, key, value } of entries) {
      if (value === undefined) this.entries.delete(`${store}/${key}`);
      else this.entries.set(`${store}/${key}`, value);
    }
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    this.entries.clear();
  }
}
