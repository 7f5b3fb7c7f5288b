/** Whether a request asks for no more than the registered purpose: items, time, frequency, retention. */

import type { Purpose } from "../federation/shapes.js";
import type { Item, Transaction } from "../openid/shapes.js";
import { sameTexts } from "../openid/texts.js";
import { after, civilDay, startOf } from "./calendar.js";

/** The first bound that a request passes, as its reader would say it; `null` if it stays within all. */
export function bounds(asked: Transaction, purpose: Purpose, now: number): string | null {
  const today = civilDay(now);
  const noLonger = (one: string, most: string) => startOf(after(one, today)) <= startOf(after(most, today));
  const most = purpose.max_frequency;
  const rules: [boolean, string][] = [
    [asked.purpose === purpose.code && asked.purpose_version === purpose.version, "another purpose or version"],
    [sameTexts(asked.text, purpose.text), "another text than the registered one"],
    [asked.items.length > 0 && asked.items.every((item) => allowed(item, purpose)), "an item that the purpose does not have"],
    [noLonger(asked.validity, purpose.max_validity), "valid for longer than the purpose allows"],
    [most.modes.includes(asked.frequency.mode) && asked.frequency.maxUses <= most.max_uses, "more often than the purpose allows"],
    [noLonger(asked.retention, purpose.max_retention), "kept for longer than the purpose allows"],
  ];
  return rules.find(([holds]) => !holds)?.[1] ?? null;
}


/** Every field may be asked for; one of which only answers may leave, only as a question. */
function allowed(item: Item, purpose: Purpose): boolean {
  const fields = purpose.allowed.filter((data) => data.dataset === item.dataset).flatMap((data) => data.fields);
  const predicates = item.predicates ?? [];
  const asked = [...item.fields, ...predicates.map((predicate) => predicate.field)];
  const onlyAsked = [...(purpose.predicates_only ?? []), ...predicates.map((predicate) => predicate.field)];
  const values = item.fields.every((field) => !onlyAsked.includes(field));
  return asked.length > 0 && values && asked.every((field) => fields.includes(field));
}
