/** Where it begins. */

import { render } from "preact";
import { App } from "./app.js";
import { IndexedDatabase } from "./store/idb.js";
import { readSettings } from "./store/settings.js";
import { parseHash } from "./ui/route.js";
import { loadWords } from "./words/load.js";

/** An operator's session: no database is opened, and the token leaves the address at once. */
const ASSISTED = "/assisted";

async function begin(): Promise<void> {
  const root = document.getElementById("app");
  if (root === null) return;
  const secure = globalThis.isSecureContext && "subtle" in crypto && "indexedDB" in globalThis;
  const { path, query } = parseHash(location.hash);
  if (path === ASSISTED && secure) return assist(root, query);
  addEventListener("hashchange", () => { if (parseHash(location.hash).path === ASSISTED) location.reload(); });
  const first = await loadWords(readSettings());
  const database = secure ? await IndexedDatabase.open().catch(() => null) : null;
  root.replaceChildren();
  render(<App database={database} first={first} />, root);
}

async function assist(root: HTMLElement, query: string): Promise<void> {
  history.replaceState(null, "", `#${ASSISTED}`);
  // Another place is another page, and a page that the browser kept while she was away is none.
  addEventListener("hashchange", () => location.reload());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  const { AssistedApp, loadHelping, parseSession } = await import("./assisted/entry.js");
  const first = await loadHelping(readSettings());
  root.replaceChildren();
  render(<AssistedApp link={parseSession(query)} first={first} />, root);
}

void begin();
