/** Her objections to a decision, with their slips, and the form for one. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { mayOn, type Decided } from "../citizen/kept-benefits.js";
import { lengthOf, MOST_WORDS, object, onlyNew, saysNew, send, toShow } from "../citizen/objections.js";
import { dayOf } from "../consent/calendar.js";
import type { KeptObjection } from "../store/vault.js";
import { focusHeading, useWallet } from "../ui/context.js";
import { Button, Code, Facts, Field, Reason, saveFile, Why, whyWords } from "../ui/parts.js";
import type { Words } from "../words/words.js";
import { clock } from "../wallet.js";
import { NotDone } from "./benefit-answer.js";

type Taken = NonNullable<KeptObjection["taken"]>;
type Parts = { decided: Decided; objections: KeptObjection[]; changed: () => void };

/** How an objection stands, in a sentence; `null`: the department does not have it yet. */
export function objectionWords(words: Words, { state }: Decided, kept: KeptObjection | null): string {
  if (kept?.taken) return takenWords(words, kept.taken);
  if (kept?.refused === true) return words.t("objection-refused");
  return words.t(state === "removed" ? "objection-waits-removed" : "objection-waits");
}

function takenWords(words: Words, { slip, known }: Taken): string {
  if (slip === null) return words.t("objection-heard");
  return words.t(known === true ? "objection-known" : "objection-taken", { slip });
}

/** Whether the form stands there: one that waits comes first, but where she was taken off it takes nothing from her to say it again. */
export function mayWrite({ state }: Decided, open: boolean, waits: boolean): boolean {
  return open && (!waits || state === "removed");
}

/** What she said, and what she can say. */
export function Objections({ decided, objections, changed }: Parts): JSX.Element | null {
  const { words } = useWallet();
  // While one is on its way the form stays, so that her words are there if it is refused.
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [stuck, setStuck] = useState<Stuck | null>(null);
  const shown = toShow(objections).filter((kept) => kept.taken !== null || kept.refused || !sending);
  const waits = shown.some((kept) => kept.taken === null && !kept.refused);
  const open = sending || mayOn(decided, dayOf(clock())).includes("object");
  if (!open && shown.length === 0 && failure === null) return null;
  return (
    <section>
      <h2>{words.t("objection-title")}</h2>
      {shown.map((kept) => {
        if (kept.taken !== null) return <Slip key={kept.id} decided={decided} kept={kept} taken={kept.taken} />;
        if (kept.refused) return <Refused key={kept.id} decided={decided} kept={kept} />;
        return <Unsent key={kept.id} decided={decided} kept={kept} stuck={stuck} setStuck={setStuck} changed={changed} />;
      })}
      {failure !== null && <NotDone error={failure} />}
      {mayWrite(decided, open, waits) && <Form {...{ decided, objections, sending, setSending, setFailure, setStuck, changed }} />}
    </section>
  );
}

/** Which one did not get through last, and why. */
type Stuck = { id: string; error: unknown };
type Trying = Pick<Parts, "decided" | "changed"> & { setStuck: (stuck: Stuck | null) => void };
type Sending = Parts & Trying & { sending: boolean; setSending: (sending: boolean) => void; setFailure: (failure: unknown) => void };

/**
 * Sends one that is kept, and says how it stands; why it did not get through is shown with it, and it goes out again by itself. Whether the department
 * refused it.
 */
function useSending({ decided, changed, setStuck }: Trying): (kept: KeptObjection) => Promise<boolean> {
  const { words, wallet, say } = useWallet();
  return async (kept) => {
    setStuck(null);
    try {
      const after = await send(wallet.vault, await wallet.federation(), kept);
      say(objectionWords(words, decided, after));
      focusHeading();
      return after.refused;
    } catch (error) {
      setStuck({ id: kept.id, error });
      say(`${objectionWords(words, decided, null)} ${whyWords(words, error)}`);
      return false;
    } finally {
      changed();
    }
  };
}

function Form({ decided, objections, sending, setSending, setFailure, setStuck, changed }: Sending): JSX.Element {
  const { words, wallet } = useWallet();
  const sent = useSending({ decided, changed, setStuck });
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<"long" | "old" | null>(null);
  const again = onlyNew(decided, objections);
  const go = async (event: Event) => {
    event.preventDefault();
    const found = lengthOf(text.trim()) > MOST_WORDS ? "long" : again && !saysNew(text, objections) ? "old" : null;
    setWrong(found);
    if (found !== null || sending) return;
    setSending(true);
    setFailure(null);
    try {
      // What is taken or waits need not be written again.
      if (!(await sent(await object(wallet.vault, decided, text.trim(), clock())))) setText("");
    } catch (error) {
      setFailure(error);
    }
    setSending(false);
    changed();
    focusHeading();
  };
  const error = { long: () => words.t("objection-too-long", { count: lengthOf(text.trim()), most: MOST_WORDS }), old: () => words.t("objection-old") };
  const hint = again ? words.t("objection-words-new", { most: MOST_WORDS }) : words.t("objection-words-hint", { most: MOST_WORDS });
  return (
    <form onSubmit={(event) => void go(event)} noValidate>
      <p>{words.t(decided.state === "removed" ? "objection-body-removed" : "objection-body")}</p>
      <Field label={words.t("objection-words")} hint={hint} value={text} onInput={setText} multiline error={wrong === null ? null : error[wrong]()} />
      <div class="actions"><Button kind="main" type="submit" busy={sending}>{words.t("objection-send")}</Button></div>
    </form>
  );
}

/** Signed and kept; the department does not have it yet. */
function Unsent({ decided, kept, stuck, ...trying }: Trying & { kept: KeptObjection; stuck: Stuck | null }): JSX.Element {
  const { words } = useWallet();
  const sent = useSending({ decided, ...trying });
  const [busy, setBusy] = useState(false);
  const again = async () => {
    setBusy(true);
    await sent(kept);
    setBusy(false);
  };
  return (
    <div class="notice">
      <p>{objectionWords(words, decided, null)}</p>
      {kept.words !== "" && <p class="letter">{kept.words}</p>}
      {stuck?.id === kept.id && <Why error={stuck.error} />}
      <Button busy={busy} onClick={() => void again()}>{words.t("objection-again")}</Button>
    </div>
  );
}

/** The department said that it does not take it. */
function Refused({ decided, kept }: { decided: Decided; kept: KeptObjection }): JSX.Element {
  const { words } = useWallet();
  return (
    <div class="notice bad">
      <p>{objectionWords(words, decided, kept)}</p>
      {kept.words !== "" && <p class="letter">{kept.words}</p>}
      <Reason code={kept.code ?? null} />
    </div>
  );
}

function Slip({ decided, kept, taken }: { decided: Decided; kept: KeptObjection; taken: Taken }): JSX.Element {
  const { words } = useWallet();
  const { slip, record } = taken;
  const copy = JSON.stringify({ slip, case: kept.case, department: kept.member, objection: kept.order, record });
  const facts: [string, JSX.Element | string | null][] = [
    [words.t("objection-slip"), slip === null ? null : <span data-testid="slip"><Code>{slip}</Code></span>],
    [words.t("objection-at"), words.moment(kept.at)],
    [words.t("objection-said"), kept.words === "" ? null : <span class="said-words">{kept.words}</span>],
  ];
  return (
    <div class="notice good">
      <p>{objectionWords(words, decided, kept)}</p>
      <Facts facts={facts.filter(([, value]) => value !== null)} />
      <Button onClick={() => saveFile(`objection-${slip ?? kept.case}.json`, "application/json", copy)}>{words.t("consent-keep")}</Button>
    </div>
  );
}
