/**
 * The words of the consent card, the same as those of the asking department's program: one table a language, whole sentences.
 *
 * The card's digest stands in what she signs and the asker computes it too, so that not one letter may differ; a test holds this
 * table against cards that the command line wallet printed.
 */

import type { Purpose } from "../federation/shapes.js";
import type { Frequency, Item, Predicate } from "../openid/shapes.js";
import { parseDay, parseDuration } from "./calendar.js";

/** A language in which a card can be read. */
export type Language = "hi" | "en";

/** The only form in which a field leaves. */
export type Mask = "last-4" | "year" | "month" | "initial" | "present";

interface Titles {
  whatFor: string; items: string; howOften: string; untilWhen: string; kept: string; unseen: string; nothingElse: string;
  usual: string; below: string; asMuch: string; ifNo: string;
}

/** Everything that a card says around what was asked. */
export interface Words {
  titles: Titles;
  one: Record<string, string>;
  many: Record<string, string>;
  months: string[];
  asks: (consumer: string, ward: boolean) => string;
  yesOrNo: string;
  ops: Record<Predicate["op"], (field: string, value: string) => string>;
  masks: Record<Mask, string>;
  fromNow: (duration: string) => string;
  inAll: (most: string) => string;
  inWindows: (most: string, period: string, uses: string) => string;
  times: (count: number) => string;
  range: (from: string, to: string) => string;
  notThese: (fields: string) => string;
  bounds: (validity: string, times: string, kept: string) => string;
}

const ENGLISH: Words = {
  titles: {
    whatFor: "What for: ",
    items: "From whom, and exactly which items:",
    howOften: "How often: ",
    untilWhen: "Until when: ",
    kept: "How long the answer may be kept: ",
    unseen: "What they will not see: ",
    nothingElse: "anything beyond the items above.",
    usual: "Compared with what is usual for this purpose: ",
    below: "this asks for less.",
    asMuch: "this asks for as much as is allowed.",
    ifNo: "If you say no, nothing of yours is passed on. If you say yes, you can pause, shorten or end it at any time, with no more steps than it takes to agree.",
  },
  one: { D: "day", W: "week", M: "month", Y: "year" },
  many: { D: "days", W: "weeks", M: "months", Y: "years" },
  months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
  asks: (consumer, ward) => (ward ? `${consumer} asks for your consent about a person whose guardian you are.` : `${consumer} asks for your consent.`),
  yesOrNo: "only yes or no: ",
  ops: {
    eq: (field, value) => `whether ${field} is ${value}`,
    lte: (field, value) => `whether ${field} is at most ${value}`,
    gte: (field, value) => `whether ${field} is at least ${value}`,
  },
  masks: {
    "last-4": "(only the last four characters)",
    year: "(only the year)",
    month: "(only year and month)",
    initial: "(only the first letter)",
    present: "(only whether there is one)",
  },
  fromNow: (duration) => `${duration} from the moment you agree`,
  inAll: (most) => `at most ${most} in all`,
  inWindows: (most, period, uses) => `at most ${most} in all, and at most ${uses} in every ${period}`,
  times: (count) => (count === 1 ? "1 time" : `${count} times`),
  range: (from, to) => ` (about the time from ${from} to ${to})`,
  notThese: (fields) => `anything beyond the items above, for instance ${fields}.`,
  bounds: (validity, times, kept) => `Allowed are at most ${validity}, ${times}, and keeping the answer for ${kept}.`,
};

const HINDI: Words = {
  titles: {
    whatFor: "किस लिए: ",
    items: "किससे, और ठीक कौन-सी जानकारी:",
    howOften: "कितनी बार: ",
    untilWhen: "कब तक: ",
    kept: "उत्तर कितने समय तक रखा जा सकता है: ",
    unseen: "वे क्या नहीं देखेंगे: ",
    nothingElse: "ऊपर लिखी जानकारी के अलावा सब कुछ।",
    usual: "इस प्रयोजन के लिए सामान्य की तुलना में: ",
    below: "इसमें अनुमति से कम माँगा गया है।",
    asMuch: "इसमें उतना ही माँगा गया है जितने की अनुमति है।",
    ifNo: "यदि आप मना करते हैं, तो आपकी कोई भी जानकारी आगे नहीं दी जाएगी। यदि आप सहमति देते हैं, तो आप उसे किसी भी समय रोक सकते हैं, घटा सकते हैं या समाप्त कर सकते हैं; इसमें सहमति देने से अधिक चरण नहीं लगते।",
  },
  one: { D: "दिन", W: "सप्ताह", M: "माह", Y: "वर्ष" },
  many: { D: "दिन", W: "सप्ताह", M: "माह", Y: "वर्ष" },
  months: ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"],
  asks: (consumer, ward) => (ward ? `${consumer} उस व्यक्ति के बारे में आपकी सहमति माँगता है जिसके आप अभिभावक हैं।` : `${consumer} आपकी सहमति माँगता है।`),
  yesOrNo: "केवल हाँ या ना में उत्तर: ",
  ops: {
    eq: (field, value) => `क्या ${field} ${value} है`,
    lte: (field, value) => `क्या ${field} अधिकतम ${value} है`,
    gte: (field, value) => `क्या ${field} कम से कम ${value} है`,
  },
  masks: {
    "last-4": "(केवल अंतिम चार अक्षर)",
    year: "(केवल वर्ष)",
    month: "(केवल वर्ष और माह)",
    initial: "(केवल पहला अक्षर)",
    present: "(केवल यह कि जानकारी है या नहीं)",
  },
  fromNow: (duration) => `आपकी सहमति के क्षण से ${duration}`,
  inAll: (most) => `कुल मिलाकर अधिकतम ${most}`,
  inWindows: (most, period, uses) => `कुल मिलाकर अधिकतम ${most}, और हर ${period} में अधिकतम ${uses}`,
  times: (count) => `${count} बार`,
  range: (from, to) => ` (${from} से ${to} तक की अवधि के बारे में)`,
  notThese: (fields) => `ऊपर लिखी जानकारी के अलावा सब कुछ, उदाहरण के लिए ${fields}।`,
  bounds: (validity, times, kept) => `अधिकतम ${validity}, ${times}, और उत्तर को ${kept} तक रखने की अनुमति है।`,
};

/** The words of a language. */
export function wordsOf(language: Language): Words {
  return language === "hi" ? HINDI : ENGLISH;
}

/** `90 days`. */
export function durationWords(words: Words, duration: string): string {
  const { count, unit } = parseDuration(duration);
  return `${count} ${(count === 1 ? words.one : words.many)[unit] ?? ""}`;
}

/** How often, in one sentence part. */
export function frequencyWords(words: Words, frequency: Frequency): string {
  const most = words.times(frequency.maxUses);
  if (frequency.period === undefined || frequency.usesPerPeriod === undefined) return words.inAll(most);
  return words.inWindows(most, durationWords(words, frequency.period), words.times(frequency.usesPerPeriod));
}

/** Which days the data speak of. */
export function rangeWords(words: Words, range: NonNullable<Item["dataRange"]>): string {
  const day = (text: string) => {
    const { year, month, day } = parseDay(text);
    return `${day} ${words.months[month - 1] ?? ""} ${year}`;
  };
  return words.range(day(range.from), day(range.to));
}

/** The bounds of a purpose. */
export function boundsWords(words: Words, purpose: Purpose): string {
  const [validity, kept] = [durationWords(words, purpose.max_validity), durationWords(words, purpose.max_retention)];
  return words.bounds(validity, words.times(purpose.max_frequency.max_uses), kept);
}
