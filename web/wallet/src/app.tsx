/** The app: lock, frame, and the screen for the present place. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Database } from "./store/idb.js";
import { lockState } from "./store/lock.js";
import { readSettings, writeSettings, type Settings } from "./store/settings.js";
import { Vault } from "./store/vault.js";
import { AppContext, type App as AppValue } from "./ui/context.js";
import { useUpdate } from "./ui/update.js";
import { useRoute } from "./ui/route.js";
import { carry } from "./ui/courier.js";
import { watchSight } from "./ui/sight.js";
import { Frame, type Said } from "./ui/frame.js";
import { Wallet } from "./wallet.js";
import { loadWords } from "./words/load.js";
import type { Words } from "./words/words.js";
import { Insecure, Welcome } from "./screens/welcome.js";
import { Locked } from "./screens/locked.js";
import { Place } from "./screens/place.js";

type Door = "insecure" | "new" | "locked" | "open";

/** The app; `database` is missing where the context is not secure. */
export function App({ database, first }: { database: Database | null; first: Words }): JSX.Element {
  const [settings, setSettings] = useState<Settings>(readSettings);
  const [words, setWords] = useState(first);
  const [door, setDoor] = useState<Door | null>(null);
  const [wallet, setWallet] = useState<Wallet | null>(null);
  const [said, setSaid] = useState<Said>({ text: "", round: 0 });
  const [online, setOnline] = useState(navigator.onLine);
  const route = useRoute();
  const update = useUpdate();

  useEffect(() => {
    if (database === null) setDoor("insecure");
    else void lockState(database).then((state) => setDoor(state === null ? "new" : "locked"));
  }, [database]);
  useEffect(() => {
    document.documentElement.lang = words.language;
  }, [words]);
  // What was said on one screen does not cover the next.
  useEffect(() => setSaid((before) => ({ text: "", round: before.round })), [route.path]);
  const lock = () => {
    setWallet(null);
    void (database !== null && lockState(database).then((state) => setDoor(state === null ? "new" : "locked")));
  };
  useEffect(() => watch(setOnline, lock), [database]);
  useEffect(() => {
    // What she ordered offline goes out as soon as there is a network, and again until it is confirmed.
    return online && wallet !== null ? carry(() => wallet.send()) : undefined;
  }, [online, wallet]);

  const change = (part: Partial<Settings>) => {
    const next = { ...settings, ...part };
    writeSettings(next);
    setSettings(next);
    void loadWords(next).then(setWords);
  };
  const open = (key: CryptoKey) => {
    if (database === null) return;
    void Wallet.of(new Vault(database, key)).then((opened) => {
      setWallet(opened);
      setDoor("open");
    });
  };
  const say = (text: string) => setSaid((before) => ({ text, round: before.round + 1 }));
  const app: AppValue = { words, settings, change, say, online, wallet, lock };
  return (
    <AppContext.Provider value={app}>
      <Frame path={route.path} said={said} update={update}>
        {door === "insecure" && <Insecure />}
        {door === "new" && database !== null && <Welcome database={database} onOpen={open} />}
        {door === "locked" && database !== null && <Locked database={database} onOpen={open} onErased={() => { say(words.t("locked-erased")); setDoor("new"); }} />}
        {door === "open" && wallet !== null && <Place key={`${route.path}?${route.query}`} route={route} />}
      </Frame>
    </AppContext.Provider>
  );
}

/** Follows the network, and locks what stays out of sight. */
function watch(setOnline: (online: boolean) => void, lock: () => void): () => void {
  const network = () => setOnline(navigator.onLine);
  const unwatch = watchSight({ page: document, window: globalThis.window, now: () => Date.now() }, lock);
  addEventListener("online", network);
  addEventListener("offline", network);
  return () => {
    removeEventListener("online", network);
    removeEventListener("offline", network);
    unwatch();
  };
}
