/**
 * Words, numbers and dates in her language and her digits.
 *
 * Guarantees: one calendar (Gregorian) and one time zone (Asia/Kolkata) whatever the phone is set to; digits are Latin or Devanagari as
 * she chose; a missing word shows its key and never breaks the page.
 */

import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import type { Language } from "../consent/words.js";
import type { Numerals } from "../store/settings.js";

/** What stands in a sentence. */
export type Arguments = Record<string, FluentVariable>;

const ZONE = { timeZone: "Asia/Kolkata", calendar: "gregory" } as const;

/** The words of one language in one kind of digits. */
export class Words {
  private readonly bundle: FluentBundle;
  private readonly locale: string;

  constructor(readonly language: Language, readonly numerals: Numerals, ftl: string) {
    this.locale = `${language}-IN-u-ca-gregory-nu-${numerals}`;
    this.bundle = new FluentBundle(this.locale, { useIsolating: false });
    this.bundle.addResource(new FluentResource(ftl));
  }

  /** A sentence. */
  readonly t = (key: string, args: Arguments = {}): string => {
    const message = this.bundle.getMessage(key);
    return message?.value ? this.bundle.formatPattern(message.value, args, []) : key;
  };

  /** A part of a sentence that stands beside it; empty if there is none. */
  detail(key: string, part: string): string {
    const pattern = this.bundle.getMessage(key)?.attributes[part];
    return pattern ? this.bundle.formatPattern(pattern, {}, []) : "";
  }

  /** A number. */
  number(value: number): string {
    return new Intl.NumberFormat(this.locale).format(value);
  }

  /** `21 November 2026`. */
  date(seconds: number): string {
    return new Intl.DateTimeFormat(this.locale, { ...ZONE, dateStyle: "long" }).format(seconds * 1000);
  }

  /** `21 November 2026, 1:30 pm`. */
  moment(seconds: number): string {
    return `${this.date(seconds)}, ${this.time(seconds)}`;
  }

  /** `1:30 pm`; in Hindi with the part of the day, `दोपहर 1:30`. */
  time(seconds: number): string {
    const part = this.language === "hi" ? ({ dayPeriod: "short" } as const) : {};
    return new Intl.DateTimeFormat(this.locale, { ...ZONE, hour: "numeric", minute: "2-digit", ...part }).format(seconds * 1000);
  }

  /** A name in her language, or in English, or in any. */
  name(names: Record<string, string> | undefined, otherwise: string): string {
    return names?.[this.language] ?? names?.["en"] ?? Object.values(names ?? {})[0] ?? otherwise;
  }

  /** Things as they are listed in a sentence. */
  list(things: string[]): string {
    return new Intl.ListFormat(this.locale, { type: "unit", style: "long" }).format(things);
  }
}
