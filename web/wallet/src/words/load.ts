/** Fetches the sentences of one language from the wallet's own origin; the service worker has all of them for reading offline. */

import enHelping from "../../../locales/en/assisted.ftl";
import enRefusals from "../../../locales/en/refusals.ftl";
import enWallet from "../../../locales/en/wallet.ftl";
import hiHelping from "../../../locales/hi/assisted.ftl";
import hiRefusals from "../../../locales/hi/refusals.ftl";
import hiWallet from "../../../locales/hi/wallet.ftl";
import type { Settings } from "../store/settings.js";
import { Words } from "./words.js";

const WALLET = { en: enWallet, hi: hiWallet };
const HELPING = { en: enHelping, hi: hiHelping };
const REFUSALS = { en: enRefusals, hi: hiRefusals };
const fetched = new Map<string, Promise<string>>();

function text(url: string): Promise<string> {
  const known = fetched.get(url) ?? fetch(url).then((response) => response.text());
  fetched.set(url, known);
  return known.catch((error: unknown) => {
    fetched.delete(url);
    throw error;
  });
}

async function load(urls: string[], { language, numerals }: Settings): Promise<Words> {
  return new Words(language, numerals, (await Promise.all(urls.map(text))).join("\n"));
}

/** The words for her settings. */
export function loadWords(settings: Settings): Promise<Words> {
  return load([WALLET[settings.language]], settings);
}

/** What codes of refusal mean, for her settings; needed only where something was refused. */
export function loadRefusals(settings: Settings): Promise<Words> {
  return load([REFUSALS[settings.language]], settings);
}

/** The words of an assisted session, with those that its cards share with every wallet. */
export function loadHelping(settings: Settings): Promise<Words> {
  return load([WALLET[settings.language], HELPING[settings.language]], settings);
}
