/** One decision about her: why, since when, what would change it, and what she can do about it. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askEverybody } from "../citizen/benefits.js";
import { keptBenefit, type Decided } from "../citizen/kept-benefits.js";
import { objectionsTo } from "../citizen/objections.js";
import { missingBy, type Missing } from "../citizen/unheard.js";
import { dayOf } from "../consent/calendar.js";
import { Fault } from "../fault.js";
import { useConsents, useWallet } from "../ui/context.js";
import { Busy, Code, Facts, Screen, Why } from "../ui/parts.js";
import { clock, type Wallet } from "../wallet.js";
import { AnswerOffer } from "./benefit-answer.js";
import { Clauses } from "./benefit-clauses.js";
import { dayWords, deadline, schemeName } from "./benefit-row.js";
import { lookAround } from "./benefits.js";
import { NotHeard } from "./not-heard.js";
import { Objections } from "./objection.js";
import { SignedRecords } from "./signed-things.js";

/** Asks whoever made it; everybody, where it is not known who. Who told nothing; throws if nobody could be asked. */
export async function lookAgain(wallet: Wallet, id: string, named: string | null): Promise<Missing[]> {
  const member = named ?? (await keptBenefit(wallet.vault, null, id))?.member;
  if (member === undefined) return lookAround(wallet);
  const federation = await wallet.federation();
  try {
    return await askEverybody(wallet.vault, federation, [await federation.member(member)]);
  } catch (error) {
    if (wallet.known.members[member] !== undefined) return [missingBy(member, error)];
    // A link may name anything: only what a directory that was verified calls a member is repeated to her, in a reason too.
    throw error instanceof Fault ? new Fault(error.kind, "the link names no known member", error.code) : error;
  }
}

/** One decision. */
export function Benefit({ query }: { query: string }): JSX.Element {
  const { words, wallet, online } = useWallet();
  const asked = new URLSearchParams(query);
  const [id, member] = [asked.get("id") ?? "", asked.get("member")];
  const [looking, setLooking] = useState(online);
  const [missing, setMissing] = useState<Missing[] | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [loaded, again] = useConsents(async () => {
    const decided = await keptBenefit(wallet.vault, member, id);
    return { decided, objections: decided === undefined ? [] : await objectionsTo(wallet.vault, decided.member, id) };
  }, [id, member]);
  useEffect(() => {
    // What she answers is the newest; without a network, or an answer, she reads what is kept.
    if (online) void lookAgain(wallet, id, member).then(setMissing, setFailure).then(() => { setLooking(false); again(); });
  }, [wallet, id, member]);
  const { decided, objections } = loaded.state === "done" ? loaded.value : { decided: undefined, objections: [] };
  const everybody = missing !== null && missing.length === 0;
  return (
    <Screen title={words.t("benefit-title")} back="/benefits">
      {(loaded.state === "busy" || looking) && <Busy />}
      <NotHeard missing={missing ?? []} />
      {failure !== null && <div class="notice"><Why error={failure} /></div>}
      {loaded.state === "done" && !looking && decided === undefined && <p>{words.t(everybody ? "benefit-unknown" : "benefit-not-asked")}</p>}
      {decided !== undefined && <>
        <Told decided={decided} />
        <AnswerOffer decided={decided} busy={looking} changed={again} />
        <Objections decided={decided} objections={objections} changed={again} />
        <Clauses decided={decided} />
        <SignedRecords decided={decided} />
      </>}
    </Screen>
  );
}

function Told({ decided }: { decided: Decided }): JSX.Element {
  const { words, name } = useWallet();
  const { effective, monthly, source, changes } = decided;
  const facts: [string, JSX.Element | string | null][] = [
    [words.t("benefit-state"), <State decided={decided} />],
    [words.t("benefit-deadline"), deadline(words, decided, dayOf(clock()))],
    [words.t("benefit-action"), words.t(`benefit-action-${decided.action}`)],
    [words.t("benefit-by"), name(decided.member)],
    [words.t("benefit-since"), dayWords(words, effective)],
    [words.t("benefit-amount"), monthly === null ? null : words.t("benefit-monthly", { amount: monthly })],
    [words.t("benefit-source"), source === null ? null : name(source)],
    [words.t("benefit-changes"), changes === null ? null : changed()],
    [words.t("benefit-case"), <Code>{decided.case}</Code>],
    [words.t("benefit-told"), words.moment(decided.asked)],
  ];
  return (
    <section>
      <h2>{schemeName(words, decided)}</h2>
      <p class="lead">{words.name(decided.why, words.t("benefit-no-why"))}</p>
      <Facts facts={facts.filter(([, value]) => value !== null)} />
    </section>
  );

  function changed(): string {
    const [clause, on] = [changes?.clause ?? "", changes?.on ?? null];
    return on === null ? words.t("benefit-changes-by", { clause }) : words.t("benefit-changes-on", { clause, date: dayWords(words, on) });
  }
}

function State({ decided: { state, signed } }: { decided: Decided }): JSX.Element {
  const { words } = useWallet();
  const unsigned = signed ? null : <><br /><span class="small warn">{words.t("benefit-unsigned")}</span></>;
  return <><span data-state={state}>{words.t(`benefit-state-${state}`)}</span>{unsigned}</>;
}
