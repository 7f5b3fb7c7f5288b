/** Where it begins. */

import { render } from "preact";
import { App } from "./app.js";
import { IndexedDatabase } from "./store/idb.js";
import { readSettings } from "./store/settings.js";
import { loadWords } from "./words/load.js";

async function begin(): Promise<void> {
  const root = document.getElementById("app");
  if (root === null) return;
  const first = await loadWords(readSettings());
  const secure = globalThis.isSecureContext && "subtle" in crypto && "indexedDB" in globalThis;
  const database = secure ? await IndexedDatabase.open().catch(() => null) : null;
  root.replaceChildren();
  render(<App database={database} first={first} />, root);
}

void begin();
