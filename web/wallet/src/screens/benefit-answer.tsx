/** Her answer to an offer: accept and decline, the same size; or leaving what a law entered her in, which is asked twice. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { answerOffer } from "../citizen/benefits.js";
import { keptBenefit, mayOn, type Decided } from "../citizen/kept-benefits.js";
import { dayOf } from "../consent/calendar.js";
import { Fault } from "../fault.js";
import { focusHeading, useWallet } from "../ui/context.js";
import { Button, Failure } from "../ui/parts.js";
import { clock } from "../wallet.js";

const SAID: Record<string, string> = {
  conflict: "benefit-too-late", "not-found": "benefit-too-late", "binding-suspended": "benefit-suspended", "access-denied": "benefit-assisted",
};

/** Says why it was not done; what departments refuse here has sentences of its own. */
export function NotDone({ error }: { error: unknown }): JSX.Element {
  const { words } = useWallet();
  const key = error instanceof Fault && error.kind === "refused" ? SAID[error.code ?? ""] : undefined;
  return key === undefined ? <Failure error={error} /> : <div class="notice bad" role="alert"><p>{words.t(key)}</p></div>;
}

type Answer = "accept" | "decline";

/** The buttons, where there is something to answer. */
export function AnswerOffer({ decided, busy, changed }: { decided: Decided; busy: boolean; changed: () => void }): JSX.Element | null {
  const { words, wallet, say } = useWallet();
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [leaving, setLeaving] = useState(false);
  const { state, decision, member } = decided;
  const may = mayOn(decided, dayOf(clock()));
  const answer = async (one: Answer) => {
    setWorking(true);
    setFailure(null);
    try {
      const federation = await wallet.federation();
      const after = await answerOffer(wallet.vault, federation, await federation.member(member), decision, one);
      say(words.t(`benefit-state-${after}`));
      focusHeading();
    } catch (error) {
      setFailure(error);
      // The button that had the focus goes away when there is nothing to answer any more.
      const now = await keptBenefit(wallet.vault, member, decision);
      if (now !== undefined && mayOn(now, dayOf(clock())).length === 0) focusHeading();
    }
    setWorking(false);
    setLeaving(false);
    changed();
  };
  if (failure === null && !may.includes("accept") && !may.includes("decline")) return null;
  const byLaw = state === "enrolled" && may.includes("decline");
  const decline = () => (byLaw ? setLeaving(true) : void answer("decline"));
  const button = (one: Answer, press: () => void) =>
    may.includes(one) && <Button kind="choice" busy={busy || working} onClick={press}>{words.t(`benefit-${one}`)}</Button>;
  return (
    <section>
      {byLaw && <p>{words.t("benefit-by-law")}</p>}
      {failure !== null && <NotDone error={failure} />}
      {byLaw && leaving ? <Leave busy={busy || working} leave={() => void answer("decline")} stay={() => { setLeaving(false); focusHeading(); }} />
        : <div class="decision">{button("decline", decline)}{button("accept", () => void answer("accept"))}</div>}
    </section>
  );
}

function Leave({ busy, leave, stay }: { busy: boolean; leave: () => void; stay: () => void }): JSX.Element {
  const { words } = useWallet();
  const warning = useRef<HTMLParagraphElement>(null);
  useEffect(() => warning.current?.focus(), []);
  return (
    <>
      <p ref={warning} tabIndex={-1} class="notice bad">{words.t("benefit-leave-sure")}</p>
      <div class="decision">
        <Button kind="choice" busy={busy} onClick={leave}>{words.t("benefit-leave")}</Button>
        <Button kind="choice" busy={busy} onClick={stay}>{words.t("benefit-stay")}</Button>
      </div>
    </>
  );
}
