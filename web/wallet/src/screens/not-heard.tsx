/** Who told nothing now, by name, and why. */

import type { JSX } from "preact";
import type { Missing } from "../citizen/unheard.js";
import { useWallet } from "../ui/context.js";
import { Reason } from "../ui/parts.js";

/** Who told nothing now. */
export function NotHeard({ missing }: { missing: Missing[] }): JSX.Element {
  const { words, name } = useWallet();
  return (
    <>
      {missing.map(({ member, believed, why }) => (
        <div key={member} class="notice">
          <p>{words.t(believed ? "benefits-missing" : "benefits-unbelieved", { party: name(member) })}</p>
          {why !== undefined && <Reason code={why.message} />}
        </div>
      ))}
      {missing.some(({ clock }) => clock) && <p class="notice">{words.t("fault-clock-maybe")}</p>}
    </>
  );
}
