/** The card, shown or read out; her own code; then her yes, or her no, which needs none. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { buildDigest } from "../build.js";
import { phoneNumber } from "../citizen/contact.js";
import { cardLines } from "../consent/card.js";
import { deny, needsPresence, tooLate, type Shown } from "../consent/grant.js";
import { Fault } from "../fault.js";
import type { VerifiedRequest } from "../openid/request.js";
import { CardView } from "../screens/card-view.js";
import { ReadAloud } from "../screens/read-aloud.js";
import { plainDigits } from "../store/lock.js";
import { focusHeading, useWallet } from "../ui/context.js";
import { Busy, Button, Choice, Failure, Field, Screen } from "../ui/parts.js";
import { clock } from "../wallet.js";
import { METHODS, type Method, type Session } from "./session.js";

/** One request. `late`: it must be fetched and shown again. */
export function Decide(
  { session, request, done, late }: { session: Session; request: VerifiedRequest; done: () => void; late: () => void },
): JSX.Element {
  const { words, name, say } = useWallet();
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [approval, setApproval] = useState<string | null>(null);
  const [method, setMethod] = useState<Method>("code");
  // Guardianships outlive a session: she decides about a ward from a wallet of her own.
  const forWard = request.asked.for_ward === true;
  const shown: Shown = useMemo(() => ({ lines: cardLines(request, words.language), language: words.language, at: clock() }), [request, words.language]);
  // A code is for one card: in the other language it is another card.
  useEffect(() => { setApproval(null); setFailure(null); }, [shown]);
  const act = async (work: () => Promise<void>) => {
    if (tooLate(request, shown, clock())) return late();
    setWorking(true);
    setFailure(null);
    try {
      await work();
    } catch (error) {
      setFailure(error);
    }
    setWorking(false);
  };
  const send = (phone: string) => act(async () => {
    setApproval(await session.ask(shown, method, phone));
    say(words.t("helped-sent"));
  });
  const allow = (code: string) => act(async () => {
    const assistance = await session.confirm(shown, approval ?? "", plainDigits(code));
    await session.give(request, shown, await buildDigest(), assistance);
    say(words.t("helped-done"));
    done();
  });
  const refuse = () => act(async () => {
    await deny(request);
    say(words.t("helped-denied"));
    done();
  });
  const wrong = approval !== null && failure instanceof Fault && failure.code === "access-denied";
  return (
    <Screen title={words.t("request-title")}>
      <p class="checked small">{words.t("request-checked", { consumer: name(request.consumer.entity) })}</p>
      <p>{words.t("helped-card-body")}</p>
      <CardView lines={shown.lines} />
      <ReadAloud lines={shown.lines} />
      {request.offered.length > 1 && <p>{words.t("request-several", { count: request.offered.length })}</p>}
      {needsPresence(request) && <p>{words.t("request-presence")}</p>}
      {forWard && <p class="notice bad">{words.t("helped-ward")}</p>}
      <p class="small">{words.t("helped-marked", { operator: name(session.operator.entity) })}</p>
      {failure !== null && !wrong && <Failure error={failure} />}
      {working && <Busy />}
      {!working && !forWard && approval === null && <Phone method={method} onMethod={setMethod} send={(phone) => void send(phone)} />}
      {!working && approval !== null && <Code wrong={wrong} allow={(code) => void allow(code)} another={() => { setApproval(null); focusHeading(); }} />}
      {!working && <div class="actions"><Button kind="choice" onClick={() => void refuse()}>{words.t("request-deny")}</Button></div>}
    </Screen>
  );
}

/** How she learns what is asked, and where the code goes. */
function Phone({ method, onMethod, send }: { method: Method; onMethod: (method: Method) => void; send: (phone: string) => void }): JSX.Element {
  const { words } = useWallet();
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const phone = phoneNumber(typed);
    setWrong(phone === null);
    if (phone !== null) send(phone);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Choice legend={words.t("helped-method")} value={method} onChange={onMethod}
        options={METHODS.map((one) => ({ value: one, label: words.t(`helped-method-${one}`) }))} />
      <Field label={words.t("helped-phone")} hint={words.t("helped-phone-hint")} type="tel" value={typed} onInput={setTyped} error={wrong ? words.t("phone-bad") : null} />
      <div class="actions"><Button kind="choice" type="submit">{words.t("helped-send")}</Button></div>
    </form>
  );
}

function Code({ wrong, allow, another }: { wrong: boolean; allow: (code: string) => void; another: () => void }): JSX.Element {
  const { words } = useWallet();
  const [typed, setTyped] = useState("");
  return (
    <form onSubmit={(event) => { event.preventDefault(); allow(typed); }} noValidate>
      <p class="notice">{words.t("helped-sent")}</p>
      <Field label={words.t("helped-code")} value={typed} onInput={setTyped} inputMode="numeric" error={wrong ? words.t("helped-code-wrong") : null} />
      <div class="actions">
        <Button kind="choice" type="submit">{words.t("helped-allow")}</Button>
        <Button kind="quiet" onClick={another}>{words.t("helped-another")}</Button>
      </div>
    </form>
  );
}
