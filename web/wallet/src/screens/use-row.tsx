/** Uses of her data, joined from what all members told: one line an exchange, whoever told it. */

import type { JSX } from "preact";
import type { KeptHistory } from "../citizen/asking.js";
import type { HistoryUse } from "../citizen/shapes.js";
import { secondsOf } from "../consent/calendar.js";
import { useWallet } from "../ui/context.js";
import type { Wallet } from "../wallet.js";
import { AsOf } from "./as-of.js";

/** One exchange as one or both sides tell it. */
export interface Use {
  exchange: string;
  consumer: string;
  provider: string;
  at: number;
  purpose: string;
  dataset: string;
  fields: string[];
  questions: string[];
  consent: string | null;
  /** Whose operator helped her to give that consent. */
  assisted: string | null;
  law: string | null;
  outcome: HistoryUse["outcome"];
  refusal: string | null;
  anchored: number | null;
  /** Since when the asking department no longer has it. */
  erased: number | null;
  toldBy: string[];
  /** When either side told it last. */
  asked: number;
}

/** What all members told, newest first. */
export async function keptUses(wallet: Wallet): Promise<Use[]> {
  return joined(await wallet.vault.all<KeptHistory>("history:"));
}

/** Joins the two sides of each exchange. */
export function joined(histories: KeptHistory[]): Use[] {
  const uses = new Map<string, Use>();
  for (const { member, asked, uses: told } of histories) {
    for (const one of told) {
      const other = uses.get(one.exchange);
      const sides = one.role === "provider" ? { provider: member, consumer: one.peer } : { provider: one.peer, consumer: member };
      const toldBy = [...(other?.toldBy ?? []), member];
      // The answering side says whether it answered; only the asking side says that it never saw an answer.
      const outcome = other === undefined || one.role === "provider" ? one.outcome : other.outcome;
      uses.set(one.exchange, {
        exchange: one.exchange, ...sides, at: secondsOf(one.at), purpose: one.purpose, dataset: one.dataset, fields: one.fields,
        questions: (one.predicates ?? []).map((predicate) => predicate.field), consent: one.consent ?? other?.consent ?? null,
        assisted: one.assisted ?? other?.assisted ?? null, law: one.law ?? other?.law ?? null, outcome, refusal: one.refusal ?? other?.refusal ?? null,
        anchored: one.anchored ?? other?.anchored ?? null,
        erased: one.erased === null || one.erased === undefined ? other?.erased ?? null : secondsOf(one.erased), toldBy,
        asked: Math.max(asked, other?.asked ?? 0),
      });
    }
  }
  return [...uses.values()].sort((one, two) => two.at - one.at);
}

/** A row; `newest`: when any member told last, where that is shown. */
export function UseRow({ use, newest = 0 }: { use: Use; newest?: number }): JSX.Element {
  const { words, name, items } = useWallet();
  const names = { consumer: name(use.consumer), provider: name(use.provider), items: items(use.provider, use.dataset, [...use.fields, ...use.questions]) };
  return (
    <li class="row-item">
      <a class="row-main" href={`#/use?exchange=${use.exchange}`}>
        <span>{words.t(`use-${use.outcome}`, names)}</span>
        {use.assisted !== null && <span class="small">{words.t("use-assisted", { operator: name(use.assisted) })}</span>}
        <time class="small" dateTime={new Date(use.at * 1000).toISOString()}>{words.moment(use.at)}</time>
        <AsOf asked={use.asked} newest={newest} />
      </a>
    </li>
  );
}
