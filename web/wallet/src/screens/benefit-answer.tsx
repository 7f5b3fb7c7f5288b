/** Her answer to an offer: accept and decline, the same size; or leaving what a law entered her in. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { answerOffer, type Decided } from "../citizen/benefits.js";
import { Fault } from "../fault.js";
import { focusHeading, useWallet } from "../ui/context.js";
import { Button, Failure } from "../ui/parts.js";

const SAID: Record<string, string> = {
  conflict: "benefit-too-late", "not-found": "benefit-too-late", "binding-suspended": "benefit-suspended", "access-denied": "benefit-suspended",
};

/** Says why it was not done; what departments refuse here has sentences of its own. */
export function NotDone({ error }: { error: unknown }): JSX.Element {
  const { words } = useWallet();
  const key = error instanceof Fault && error.kind === "refused" ? SAID[error.code ?? ""] : undefined;
  return key === undefined ? <Failure error={error} /> : <div class="notice bad" role="alert"><p>{words.t(key)}</p></div>;
}

/** The buttons, where there is something to answer. */
export function AnswerOffer({ decided, busy, changed }: { decided: Decided; busy: boolean; changed: () => void }): JSX.Element | null {
  const { words, wallet, say } = useWallet();
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const { may, state, decision, member } = decided;
  const answer = async (one: "accept" | "decline") => {
    setWorking(true);
    setFailure(null);
    try {
      const federation = await wallet.federation();
      const after = await answerOffer(wallet.vault, federation, await federation.member(member), decision, one);
      say(words.t(`benefit-state-${after}`));
      focusHeading();
    } catch (error) {
      setFailure(error);
    }
    setWorking(false);
    changed();
  };
  if (failure === null && !may.includes("accept") && !may.includes("decline")) return null;
  const button = (one: "accept" | "decline") =>
    may.includes(one) && <Button kind="choice" busy={busy || working} onClick={() => void answer(one)}>{words.t(`benefit-${one}`)}</Button>;
  return (
    <section>
      {state === "enrolled" && may.includes("decline") && <p>{words.t("benefit-by-law")}</p>}
      {failure !== null && <NotDone error={failure} />}
      <div class="decision">{button("decline")}{button("accept")}</div>
    </section>
  );
}
