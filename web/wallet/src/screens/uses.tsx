/** Who used my data: asked of every member, kept for reading offline. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askHistory, type KeptHistory } from "../citizen/asking.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Failure, Screen } from "../ui/parts.js";
import type { Wallet } from "../wallet.js";
import { joined, UseRow } from "./use-row.js";

/** Asks all members; who told nothing now, also whoever is suspended or could not be checked. */
export async function askUses(wallet: Wallet): Promise<string[]> {
  const { members, suspended, unchecked } = await wallet.survey();
  const federation = await wallet.federation();
  const told = members.map((member) => askHistory(wallet.vault, federation, member).then(() => [], () => [member.entity]));
  return [...(await Promise.all(told)).flat(), ...suspended.map((member) => member.entity), ...unchecked];
}

/** Who used my data. */
export function Uses(): JSX.Element {
  const { words, wallet, name, online, say } = useWallet();
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [missing, setMissing] = useState<string[]>([]);
  const [loaded, again] = useLoaded(() => wallet.vault.all<KeptHistory>("history:"), [wallet]);
  const ask = async () => {
    setAsking(true);
    setFailure(null);
    try {
      setMissing(await askUses(wallet));
    } catch (error) {
      setFailure(error);
    }
    setAsking(false);
    again();
  };
  useEffect(() => {
    void wallet.vault.bindings().then((bindings) => (online && bindings.length > 0 ? ask() : undefined));
  }, [wallet]);
  const histories = loaded.state === "done" ? loaded.value : [];
  const uses = joined(histories);
  const asked = Math.max(0, ...histories.map((history) => history.asked));
  return (
    <Screen title={words.t("uses-title")}>
      <p>{words.t("uses-body")}</p>
      {asking ? <Busy text={words.t("uses-asking")} />
        : <div class="actions"><Button onClick={() => { say(words.t("uses-asking")); void ask(); }}>{words.t("uses-refresh")}</Button></div>}
      {failure !== null && <Failure error={failure} />}
      {missing.map((party) => <p key={party} class="notice">{words.t("uses-missing", { party: name(party) })}</p>)}
      {!asking && loaded.state === "done" && uses.length === 0 && <p>{words.t("uses-none")}</p>}
      <ul class="rows">{uses.map((use) => <UseRow key={use.exchange} use={use} newest={asked} />)}</ul>
      {asked > 0 && <p class="small">{words.t("uses-as-of", { date: words.moment(asked) })}</p>}
    </Screen>
  );
}
