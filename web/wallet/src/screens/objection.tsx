/** Her objections to a decision, with their slips, and the form for one. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Decided } from "../citizen/benefits.js";
import { lengthOf, MOST_WORDS, object, send } from "../citizen/objections.js";
import { Fault } from "../fault.js";
import type { KeptObjection } from "../store/vault.js";
import { focusHeading, useWallet } from "../ui/context.js";
import { Button, Code, Facts, Field, saveFile } from "../ui/parts.js";
import { clock } from "../wallet.js";
import { NotDone } from "./benefit-answer.js";

type Parts = { decided: Decided; objections: KeptObjection[]; busy: boolean; changed: () => void };

/** What she said, and what she can say. */
export function Objections({ decided, objections, busy, changed }: Parts): JSX.Element | null {
  const { words } = useWallet();
  // While one is on its way the form stays, so that her words are there if it is refused.
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const shown = objections.filter((kept) => kept.taken !== null || (!kept.refused && !sending));
  const open = sending || decided.may.includes("object");
  if (!open && shown.length === 0 && failure === null) return null;
  const waits = shown.some((kept) => kept.taken === null);
  return (
    <section>
      <h2>{words.t("objection-title")}</h2>
      {shown.map((kept) => (kept.taken === null ? <Unsent key={kept.id} kept={kept} changed={changed} /> : <Slip key={kept.id} kept={kept} taken={kept.taken} />))}
      {failure !== null && <NotDone error={failure} />}
      {open && !waits && <Form decided={decided} busy={busy} sending={sending} setSending={setSending} setFailure={setFailure} changed={changed} />}
    </section>
  );
}

type Sending = Omit<Parts, "objections"> & { sending: boolean; setSending: (sending: boolean) => void; setFailure: (failure: unknown) => void };

function Form({ decided, busy, sending, setSending, setFailure, changed }: Sending): JSX.Element {
  const { words, wallet, say } = useWallet();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const go = async (event: Event) => {
    event.preventDefault();
    const long = lengthOf(text.trim()) > MOST_WORDS;
    setWrong(long);
    if (long || busy || sending) return;
    setSending(true);
    setFailure(null);
    try {
      const kept = await object(wallet.vault, decided, text.trim(), clock());
      const { taken } = await send(wallet.vault, await wallet.federation(), kept);
      if (taken !== null) say(words.t("objection-taken", { slip: taken.slip }));
    } catch (error) {
      // One that is signed and did not get through is shown as such, and goes out again by itself.
      const waits = error instanceof Fault && (error.kind === "unanswered" || error.kind === "untrusted");
      if (waits) say(words.t("objection-waits"));
      else setFailure(error);
    }
    setSending(false);
    changed();
    focusHeading();
  };
  return (
    <form onSubmit={(event) => void go(event)} noValidate>
      <p>{words.t(decided.state === "removed" ? "objection-body-removed" : "objection-body")}</p>
      <Field label={words.t("objection-words")} hint={words.t("objection-words-hint", { most: MOST_WORDS })} value={text} onInput={setText} multiline
        error={wrong ? words.t("objection-too-long", { count: lengthOf(text.trim()), most: MOST_WORDS }) : null} />
      <div class="actions"><Button kind="main" type="submit" busy={busy || sending}>{words.t("objection-send")}</Button></div>
    </form>
  );
}

/** Signed and kept; the department does not have it yet. */
function Unsent({ kept, changed }: { kept: KeptObjection; changed: () => void }): JSX.Element {
  const { words, wallet } = useWallet();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const again = async () => {
    setBusy(true);
    setFailure(null);
    await wallet.federation().then((federation) => send(wallet.vault, federation, kept)).catch(setFailure);
    setBusy(false);
    changed();
  };
  return (
    <div class="notice">
      <p>{words.t("objection-waits")}</p>
      {kept.words !== "" && <p class="letter">{kept.words}</p>}
      {failure !== null && <NotDone error={failure} />}
      <Button busy={busy} onClick={() => void again()}>{words.t("objection-again")}</Button>
    </div>
  );
}

function Slip({ kept, taken }: { kept: KeptObjection; taken: NonNullable<KeptObjection["taken"]> }): JSX.Element {
  const { words } = useWallet();
  const { slip, record } = taken;
  const copy = JSON.stringify({ slip, case: kept.case, department: kept.member, objection: kept.order, record });
  return (
    <div class="notice good">
      <p>{words.t("objection-taken", { slip })}</p>
      <Facts facts={[
        [words.t("objection-slip"), <span data-testid="slip"><Code>{slip}</Code></span>],
        [words.t("objection-at"), words.moment(kept.at)],
        ...(kept.words === "" ? [] : [[words.t("objection-said"), <span class="said-words">{kept.words}</span>] as [string, JSX.Element]]),
      ]} />
      <Button onClick={() => saveFile(`objection-${slip}.json`, "application/json", copy)}>{words.t("consent-keep")}</Button>
    </div>
  );
}
