/** Fetches the sentences of one language from the wallet's own origin; the service worker has both for reading offline. */

import en from "../../../locales/en/wallet.ftl";
import hi from "../../../locales/hi/wallet.ftl";
import type { Settings } from "../store/settings.js";
import { Words } from "./words.js";

const URLS = { en, hi };
const fetched = new Map<string, Promise<string>>();

/** The words for her settings. */
export async function loadWords({ language, numerals }: Settings): Promise<Words> {
  const known = fetched.get(language) ?? fetch(URLS[language]).then((response) => response.text());
  fetched.set(language, known);
  return new Words(language, numerals, await known.catch((error: unknown) => {
    fetched.delete(language);
    throw error;
  }));
}
