/** What every screen has at hand. */

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Settings } from "../store/settings.js";
import { hostOf, type Wallet } from "../wallet.js";
import type { Words } from "../words/words.js";

/** The app around a screen. */
export interface App {
  words: Words;
  settings: Settings;
  change(settings: Partial<Settings>): void;
  /** Says something without moving the focus. */
  say(text: string): void;
  online: boolean;
  /** Only where a vault is open. */
  wallet: Wallet | null;
  lock(): void;
}

/** The context. */
export const AppContext = createContext<App | null>(null);

/** The app. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error("no app");
  return app;
}

/** The open wallet, on screens behind the lock. */
export function useWallet(): App & { wallet: Wallet; name: (entity: string) => string; dataset: (entity: string, id: string) => string;
  /** Items of a dataset, as people call them. */
  items: (entity: string, dataset: string, fields: string[]) => string } {
  const app = useApp();
  const { wallet, words } = app;
  if (wallet === null) throw new Error("the wallet is locked");
  const name = (entity: string) => words.name(wallet.known.members[entity]?.names, hostOf(entity));
  const dataset = (entity: string, id: string) => words.name(wallet.known.members[entity]?.datasets[id], id);
  const items = (entity: string, id: string, fields: string[]) => {
    const titles = wallet.known.members[entity]?.fields?.[id] ?? {};
    return words.list(fields.map((field) => words.name(titles[field], field.replaceAll("_", " "))));
  };
  return { ...app, wallet, name, dataset, items };
}

/** Puts the focus back to where the screen begins, when what had it is gone. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
}

/** How a piece of work stands. */
export type Loaded<T> = { state: "busy" } | { state: "failed"; error: unknown } | { state: "done"; value: T };

/** Works when the screen appears or `keys` change, and again on `again()`; what was there stays to be seen meanwhile. */
export function useLoaded<T>(work: () => Promise<T>, keys: unknown[]): [Loaded<T>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: "busy" });
  const [round, setRound] = useState(0);
  useEffect(() => setLoaded({ state: "busy" }), keys);
  useEffect(() => {
    let current = true;
    work().then(
      (value) => { if (current) setLoaded({ state: "done", value }); },
      (error: unknown) => { if (current) setLoaded({ state: "failed", error }); },
    );
    return () => { current = false; };
  }, [...keys, round]);
  const again = () => {
    setLoaded((before) => (before.state === "failed" ? { state: "busy" } : before));
    setRound((before) => before + 1);
  };
  return [loaded, again];
}

/** Works as `useLoaded`, and again whenever a consent, a decision or an objection changed: what went out by itself is shown as it stands. */
export function useConsents<T>(work: () => Promise<T>, keys: unknown[]): [Loaded<T>, () => void] {
  const { vault } = useWallet().wallet;
  const [loaded, again] = useLoaded(work, [vault, ...keys]);
  useEffect(() => vault.watch(again), [vault]);
  return [loaded, again];
}
