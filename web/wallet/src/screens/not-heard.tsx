/** Who told nothing now, by name, and why. */

import type { JSX } from "preact";
import { knowing, missingBy, unheard, type Missing, type Question } from "../citizen/unheard.js";
import { suspension } from "../fault.js";
import { useWallet } from "../ui/context.js";
import { Reason } from "../ui/parts.js";
import type { Wallet } from "../wallet.js";

/** Asks all members; whoever is suspended, or could not even be looked up, is named too. */
export async function askAround(wallet: Wallet, question: Question): Promise<Missing[]> {
  const { members, suspended, unchecked } = await wallet.survey();
  const missing = await unheard(question, wallet.vault, await wallet.federation(), members);
  const held = await knowing(question, wallet.vault, suspended);
  return [...missing, ...held.map(({ entity }) => missingBy(entity, suspension(entity))), ...unchecked.map((member) => ({ member, believed: false }))];
}

/** Who told nothing now; `sentence`: what may be missing by that. */
export function NotHeard({ missing, sentence = "benefits-missing" }: { missing: Missing[]; sentence?: string }): JSX.Element {
  const { words, name } = useWallet();
  return (
    <>
      {missing.map(({ member, believed, why }) => (
        <div key={member} class="notice">
          <p>{words.t(believed ? sentence : "benefits-unbelieved", { party: name(member) })}</p>
          {why !== undefined && <Reason code={why.message} />}
        </div>
      ))}
      {missing.some(({ clock }) => clock) && <p class="notice">{words.t("fault-clock-maybe")}</p>}
    </>
  );
}
