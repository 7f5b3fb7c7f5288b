/** A decision in a line, and the words that a line and the whole screen share. */

import type { JSX } from "preact";
import { mayOn, type Decided } from "../citizen/kept-benefits.js";
import type { Benefit } from "../citizen/shapes.js";
import { dayOf, parseDay, secondsOf, startOf } from "../consent/calendar.js";
import { useWallet } from "../ui/context.js";
import { clock } from "../wallet.js";
import type { Words } from "../words/words.js";
import { AsOf } from "./as-of.js";

/** A civil day in her words. */
export function dayWords(words: Words, day: string): string {
  return words.date(startOf(parseDay(day)));
}

/** What the scheme is called; a built-in rule has no name. */
export function schemeName(words: Words, { scheme }: Benefit): string {
  return words.name(scheme, "") || words.t("benefit-unnamed");
}

/** Where a decision stands: ids are a member's own, so its name belongs to the address. */
export function benefitLink(member: string, decision: string): string {
  return `#/benefit?id=${decision}&member=${encodeURIComponent(member)}`;
}

/** Until when she can do what she can do; `null` where nothing depends on a day, or the day is past. */
export function deadline(words: Words, decided: Decided, today: string): string | null {
  const [may, { state, until }] = [mayOn(decided, today), decided];
  if (until !== null && until < today) return null;
  if (until !== null && may.includes("accept")) return words.t("benefit-accept-until", { date: dayWords(words, until) });
  if (!may.includes("object") || state === "removed") return null;
  return until === null ? words.t("benefit-window-not-begun") : words.t("benefit-object-until", { date: dayWords(words, until) });
}

/** A row; `newest`: when any was told last. */
export function BenefitRow({ decided, newest }: { decided: Decided; newest: number }): JSX.Element {
  const { words, name } = useWallet();
  const last = deadline(words, decided, dayOf(clock()));
  return (
    <li class="row-item">
      <a class="row-main" href={benefitLink(decided.member, decided.decision)}>
        <strong>{schemeName(words, decided)}</strong>
        <span>{words.t(`benefit-state-${decided.state}`)}</span>
        {!decided.signed && <span class="small warn">{words.t("benefit-unsigned")}</span>}
        {decided.monthly !== null && <span class="small">{words.t("benefit-monthly", { amount: decided.monthly })}</span>}
        {last !== null && <span class="small warn">{last}</span>}
        <span class="small">{name(decided.member)}, <time dateTime={decided.at}>{words.date(secondsOf(decided.at))}</time></span>
        <AsOf asked={decided.asked} newest={newest} />
      </a>
    </li>
  );
}
