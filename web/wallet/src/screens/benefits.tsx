/** What departments decided about her in schemes: asked of every member, kept for reading offline. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { DECISIONS } from "../citizen/benefits.js";
import { keptBenefits, waitsForHer, type Decided } from "../citizen/kept-benefits.js";
import { unsent } from "../citizen/objections.js";
import type { Missing } from "../citizen/unheard.js";
import { dayOf } from "../consent/calendar.js";
import { useConsents, useWallet } from "../ui/context.js";
import { Busy, Button, Failure, Screen } from "../ui/parts.js";
import { clock, type Wallet } from "../wallet.js";
import { BenefitRow } from "./benefit-row.js";
import { askAround, NotHeard } from "./not-heard.js";

/** Asks all members. */
export const lookAround = (wallet: Wallet): Promise<Missing[]> => askAround(wallet, DECISIONS);

/** What was decided. */
export function Benefits(): JSX.Element {
  const { words, wallet, online, say } = useWallet();
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [missing, setMissing] = useState<Missing[]>([]);
  const [loaded, again] = useConsents(async () => ({ kept: await keptBenefits(wallet.vault), waiting: await unsent(wallet.vault) }), []);
  const ask = async () => {
    setAsking(true);
    setFailure(null);
    try {
      setMissing(await lookAround(wallet));
    } catch (error) {
      setFailure(error);
    }
    setAsking(false);
    again();
  };
  useEffect(() => {
    void wallet.vault.bindings().then((bindings) => (online && bindings.length > 0 ? ask() : undefined));
  }, [wallet]);
  const { kept, waiting } = loaded.state === "done" ? loaded.value : { kept: [], waiting: [] };
  const waits = (one: Decided) => waitsForHer(one, dayOf(clock()), waiting);
  const asked = Math.max(0, ...kept.map((one) => one.asked));
  return (
    <Screen title={words.t("benefits-title")} back="/">
      <p>{words.t("benefits-body")}</p>
      {asking ? <Busy text={words.t("uses-asking")} />
        : <div class="actions"><Button onClick={() => { say(words.t("uses-asking")); void ask(); }}>{words.t("uses-refresh")}</Button></div>}
      {failure !== null && <Failure error={failure} />}
      <NotHeard missing={missing} />
      {!asking && loaded.state === "done" && kept.length === 0 && <p>{words.t("benefits-none")}</p>}
      <Group title={words.t("benefits-waiting")} decided={kept.filter(waits)} newest={asked} />
      <Group title={words.t("benefits-others")} decided={kept.filter((one) => !waits(one))} newest={asked} />
      {asked > 0 && <p class="small">{words.t("uses-as-of", { date: words.moment(asked) })}</p>}
    </Screen>
  );
}

function Group({ title, decided, newest }: { title: string; decided: Decided[]; newest: number }): JSX.Element | null {
  if (decided.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="rows">{decided.map((one) => <BenefitRow key={`${one.member} ${one.decision}`} decided={one} newest={newest} />)}</ul>
    </section>
  );
}
