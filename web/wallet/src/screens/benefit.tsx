/** One decision about her: why, since when, what would change it, and what she can do about it. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askBenefits, keptBenefits, type Decided } from "../citizen/benefits.js";
import { useConsents, useWallet } from "../ui/context.js";
import { Busy, Code, Facts, Screen } from "../ui/parts.js";
import type { Wallet } from "../wallet.js";
import { AnswerOffer } from "./benefit-answer.js";
import { Clauses } from "./benefit-clauses.js";
import { dayWords, deadline, schemeName } from "./benefit-row.js";
import { lookAround } from "./benefits.js";
import { Objections } from "./objection.js";
import { SignedRecords } from "./signed-things.js";

async function keptOne(wallet: Wallet, id: string): Promise<Decided | undefined> {
  return (await keptBenefits(wallet.vault)).find((one) => one.decision === id);
}

/** Asks whoever made it; everybody, where it is not known who. */
async function lookAgain(wallet: Wallet, id: string): Promise<void> {
  const kept = await keptOne(wallet, id);
  if (kept === undefined) await lookAround(wallet);
  else {
    const federation = await wallet.federation();
    await askBenefits(wallet.vault, federation, await federation.member(kept.member));
  }
}

/** One decision. */
export function Benefit({ query }: { query: string }): JSX.Element {
  const { words, wallet, online } = useWallet();
  const id = new URLSearchParams(query).get("id") ?? "";
  const [looking, setLooking] = useState(online);
  const [loaded, again] = useConsents(async () => {
    const [decided, objections] = [await keptOne(wallet, id), await wallet.vault.objections(id)];
    return { decided, objections };
  }, [id]);
  useEffect(() => {
    // What she answers is the newest; without a network, or an answer, she reads what is kept.
    if (online) void lookAgain(wallet, id).catch(() => undefined).then(() => { setLooking(false); again(); });
  }, [wallet, id]);
  const { decided, objections } = loaded.state === "done" ? loaded.value : { decided: undefined, objections: [] };
  return (
    <Screen title={words.t("benefit-title")} back="/benefits">
      {(loaded.state === "busy" || looking) && <Busy />}
      {loaded.state === "done" && !looking && decided === undefined && <p>{words.t("benefit-unknown")}</p>}
      {decided !== undefined && <>
        <Told decided={decided} />
        <AnswerOffer decided={decided} busy={looking} changed={again} />
        <Objections decided={decided} objections={objections} busy={looking} changed={again} />
        <Clauses decided={decided} />
        <SignedRecords decided={decided} />
      </>}
    </Screen>
  );
}

function Told({ decided }: { decided: Decided }): JSX.Element {
  const { words, name } = useWallet();
  const { effective, monthly, source, changes } = decided;
  const last = deadline(words, decided);
  const facts: [string, JSX.Element | string | null][] = [
    [words.t("benefit-state"), <span data-state={decided.state}>{words.t(`benefit-state-${decided.state}`)}</span>],
    [words.t("benefit-deadline"), last],
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
