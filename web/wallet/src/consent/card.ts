/**
 * The consent card: the lines that she reads, of which the digest is signed.
 *
 * Guarantees: the screen is made from these lines and from nothing else, so that what is shown is what is signed. Deliberately absent:
 * layout and speech.
 */

import type { VerifiedRequest } from "../openid/request.js";
import { daysAtMost } from "./calendar.js";
import type { Item, Predicate } from "../openid/shapes.js";
import { boundsWords, durationWords, frequencyWords, rangeWords, wordsOf, type Language, type Mask } from "./words.js";

/** One line: a title, what stands after it, and items below it. */
export interface CardLine {
  /** Which part of the card. */
  part: "asks" | "purpose" | "items" | "often" | "until" | "kept" | "unseen" | "usual" | "ifNo";
  title: string;
  body: string;
  items: string[];
}

/** What the card is made from. */
export type CardSource = Pick<VerifiedRequest, "asked" | "purpose"> & {
  offered: { item: VerifiedRequest["offered"][number]["item"]; provider: { gateway: { organization_name: Record<string, string> } };
    dataset: { title: Record<string, string>; fields: { name: string; title?: Record<string, string> | undefined; mask: Mask | null }[] } }[];
};

/** A name in a language, or in English, or in any. */
export function named(names: Record<string, string>, language: Language): string {
  return names[language] ?? names["en"] ?? Object.values(names)[0] ?? "";
}

/** The lines of the card. */
export function cardLines(request: CardSource, language: Language): CardLine[] {
  const words = wordsOf(language);
  const { titles } = words;
  const { asked, purpose } = request;
  const line = (part: CardLine["part"], title: string, body: string, items: string[] = []) => ({ part, title, body, items });
  return [
    line("asks", "", words.asks(named(asked.consumer_name, language), asked.for_ward === true)),
    line("purpose", titles.whatFor, purpose.text[language] ?? ""),
    line("items", titles.items, "", request.offered.map((one) => itemWords(one, language))),
    line("often", titles.howOften, frequencyWords(words, asked.frequency)),
    line("until", titles.untilWhen, words.fromNow(durationWords(words, asked.validity))),
    line("kept", titles.kept, durationWords(words, asked.retention)),
    line("unseen", titles.unseen, unseenWords(request, language)),
    line("usual", titles.usual, `${asksForLess(request) ? titles.below : titles.asMuch} ${boundsWords(words, purpose)}`),
    line("ifNo", titles.ifNo, ""),
  ];
}

/** The card as one text: every line ended by LF. */
export function cardText(lines: CardLine[]): string {
  const text = lines.flatMap((line) => [`${line.title}${line.body}`, ...line.items.map((item) => `  - ${item}`)]);
  return text.map((line) => `${line}\n`).join("");
}

type Described = CardSource["offered"][number]["dataset"];

/** What people call a field; its name, where the provider gives no title. */
function spoken(field: string, dataset: Described, language: Language): string {
  const title = dataset.fields.find((one) => one.name === field)?.title;
  return (title === undefined ? "" : named(title, language)) || field.replaceAll("_", " ");
}

/** Values, each with the only form in which it leaves, then questions. */
function askedWords(item: Item, dataset: Described, language: Language): string {
  const words = wordsOf(language);
  const said = (field: string) => spoken(field, dataset, language);
  const masked = (name: string) => {
    const mask = dataset.fields.find((field) => field.name === name)?.mask ?? null;
    return mask === null ? said(name) : `${said(name)} ${words.masks[mask]}`;
  };
  const question = ({ field, op, value }: Predicate) => words.ops[op](said(field), value);
  const questions = (item.predicates ?? []).map(question).join(", ");
  const parts = [item.fields.map(masked).join(", "), questions === "" ? "" : `${words.yesOrNo}${questions}`];
  return parts.filter((part) => part !== "").join("; ");
}

function itemWords({ item, provider, dataset }: CardSource["offered"][number], language: Language): string {
  const words = wordsOf(language);
  const head = [named(provider.gateway.organization_name, language), named(dataset.title, language), askedWords(item, dataset, language)].join(": ");
  return item.dataRange === undefined ? head : head + rangeWords(words, item.dataRange);
}

/** Items of the same datasets that were not asked for, neither as a value nor as a question, in order. */
function unseenWords(request: CardSource, language: Language): string {
  const left = new Map<string, string>();
  for (const { item, dataset } of request.offered) {
    const asked = [...item.fields, ...(item.predicates ?? []).map((predicate) => predicate.field)];
    for (const { name } of dataset.fields) {
      if (!asked.includes(name) && !left.has(name)) left.set(name, spoken(name, dataset, language));
    }
  }
  const words = wordsOf(language);
  const said = [...left.keys()].sort().map((name) => left.get(name) ?? "");
  return said.length === 0 ? words.titles.nothingElse : words.notThese(said.join(", "));
}

/** Whether the request stays below one of the registered bounds. */
export function asksForLess({ asked, purpose }: Pick<CardSource, "asked" | "purpose">): boolean {
  return daysAtMost(asked.validity) < daysAtMost(purpose.max_validity)
    || daysAtMost(asked.retention) < daysAtMost(purpose.max_retention)
    || asked.frequency.maxUses < purpose.max_frequency.max_uses;
}
