// The texts of a page in one language, from the same files that the page reads: how a person finds a control.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../web/locales', import.meta.url));

/** Messages of one line: what controls and headings say. */
export function words(language, file = 'wallet') {
  const lines = readFileSync(`${folder}/${language}/${file}.ftl`, 'utf8').split('\n');
  const found = new Map(lines.map((line) => /^([a-z][a-z0-9-]*) = (.+)$/.exec(line)).filter(Boolean).map(([, key, text]) => [key, text]));
  const text = (key) => {
    if (!found.has(key)) throw new Error(`${language}/${file}.ftl has no ${key} of one line`);
    return found.get(key);
  };
  return text;
}

/** A message with its places held open. */
export function pattern(text) {
  const parts = text.split(/\{[^}]*\}/).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^\\s*${parts.join('.+')}\\s*$`, 's');
}
