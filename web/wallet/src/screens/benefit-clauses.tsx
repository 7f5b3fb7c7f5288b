/** The clauses of a scheme with the facts that they were computed from: names and sources, never values. */

import type { JSX } from "preact";
import type { Decided } from "../citizen/kept-benefits.js";
import type { Clause } from "../citizen/shapes.js";
import { useWallet } from "../ui/context.js";
import type { Words } from "../words/words.js";
import { dayWords } from "./benefit-row.js";

/** What a fact is called; its path where nobody named it. */
export function factName(words: Words, fact: string): string {
  const key = `fact-${fact.replace(/[._]/g, "-")}`;
  const named = words.t(key);
  return named === key ? fact : named;
}

/** The list, where a scheme decided. */
export function Clauses({ decided }: { decided: Decided }): JSX.Element | null {
  const { words } = useWallet();
  if (decided.clauses.length === 0) return null;
  return (
    <section>
      <h2>{words.t("benefit-clauses")}</h2>
      <ul class="rows">{decided.clauses.map((clause) => <Row key={clause.id} clause={clause} decisive={decided.decisive.includes(clause.id)} />)}</ul>
    </section>
  );
}

function Row({ clause, decisive }: { clause: Clause; decisive: boolean }): JSX.Element {
  const { words, name } = useWallet();
  const missing = (clause.missing ?? []).map((one) => factName(words, one.fact));
  return (
    <li class="row-item plain">
      <span>{words.t(`benefit-clause-${clause.result}`, { clause: clause.id })}</span>
      {decisive && <span class="small">{words.t("benefit-decisive")}</span>}
      {clause.facts.map(({ fact, source, effective }) => (
        <span key={fact} class="small">{words.t("benefit-fact", { fact: factName(words, fact), source: name(source), date: dayWords(words, effective) })}</span>
      ))}
      {missing.length > 0 && <span class="small">{words.t("benefit-facts-missing", { facts: words.list(missing) })}</span>}
    </li>
  );
}
