/** What departments decided about her in schemes: asked of every member, kept for reading offline. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askEverybody, keptBenefits, waitsForHer, type Decided, type Missing } from "../citizen/benefits.js";
import { useConsents, useWallet } from "../ui/context.js";
import { Busy, Button, Failure, Screen } from "../ui/parts.js";
import type { Wallet } from "../wallet.js";
import { BenefitRow } from "./benefit-row.js";

/** Asks all members; whoever could not even be looked up is named too. */
export async function lookAround(wallet: Wallet): Promise<Missing[]> {
  const members = await wallet.members();
  const missing = await askEverybody(wallet.vault, await wallet.federation(), members);
  return [...missing, ...(wallet.known.unchecked ?? []).map((member) => ({ member, believed: false }))];
}

/** What was decided. */
export function Benefits(): JSX.Element {
  const { words, wallet, name, online, say } = useWallet();
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [missing, setMissing] = useState<Missing[]>([]);
  const [loaded, again] = useConsents(() => keptBenefits(wallet.vault), []);
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
  const kept = loaded.state === "done" ? loaded.value : [];
  const asked = Math.max(0, ...kept.map((one) => one.asked));
  return (
    <Screen title={words.t("benefits-title")} back="/">
      <p>{words.t("benefits-body")}</p>
      {asking ? <Busy text={words.t("uses-asking")} />
        : <div class="actions"><Button onClick={() => { say(words.t("uses-asking")); void ask(); }}>{words.t("uses-refresh")}</Button></div>}
      {failure !== null && <Failure error={failure} />}
      {missing.map(({ member, believed }) => (
        <p key={member} class="notice">{words.t(believed ? "benefits-missing" : "benefits-unbelieved", { party: name(member) })}</p>
      ))}
      {!asking && loaded.state === "done" && kept.length === 0 && <p>{words.t("benefits-none")}</p>}
      <Group title={words.t("benefits-waiting")} decided={kept.filter(waitsForHer)} />
      <Group title={words.t("benefits-others")} decided={kept.filter((one) => !waitsForHer(one))} />
      {asked > 0 && <p class="small">{words.t("uses-as-of", { date: words.moment(asked) })}</p>}
    </Screen>
  );
}

function Group({ title, decided }: { title: string; decided: Decided[] }): JSX.Element | null {
  if (decided.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="rows">{decided.map((one) => <BenefitRow key={one.decision} decided={one} />)}</ul>
    </section>
  );
}
