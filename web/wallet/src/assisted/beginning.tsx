/** Before she decides: she is bound for this session, and a department's request is opened. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Fault } from "../fault.js";
import { parseOffer, parseRequest, recognise } from "../openid/links.js";
import { fetchRequest, type VerifiedRequest } from "../openid/request.js";
import { Camera } from "../screens/open.js";
import { plainDigits } from "../store/lock.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Facts, Failure, Field, Screen } from "../ui/parts.js";
import type { Session } from "./session.js";

/** The invitation, and its code. */
export function Bind({ session, done }: { session: Session; done: () => void }): JSX.Element {
  const { words, name } = useWallet();
  const [link, setLink] = useState("");
  const [code, setCode] = useState("");
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const take = (text: string): boolean => {
    const found = recognise(text, location.origin);
    if (found?.kind === "offer") setLink(text.trim());
    return found?.kind === "offer";
  };
  const connect = async (event: Event) => {
    event.preventDefault();
    const found = recognise(link, location.origin);
    setFailure(null);
    if (found?.kind !== "offer") return setFailure(new Fault("input", "no invitation", "no-offer"));
    setWorking(true);
    try {
      const offer = parseOffer(found.query);
      await session.bind(offer, offer.txCode?.numeric === false ? code.trim() : plainDigits(code));
      return done();
    } catch (error) {
      setFailure(error);
    }
    setWorking(false);
  };
  const why = failure instanceof Fault ? failure : null;
  const told = why?.code === "no-offer" || why?.kind === "refused";
  return (
    <Screen title={words.t("helped-title")}>
      <p>{words.t("helped-by", { operator: name(session.operator.entity) })}</p>
      <section>
        <h2>{words.t("helped-bind-title")}</h2>
        <p>{words.t("helped-bind-body")}</p>
        <Facts facts={[[words.t("helped-operator"), session.operator.entity], [words.t("helped-session"), session.number]]} />
      </section>
      {why?.code === "other-session" && <p class="notice bad" role="alert">{words.t("helped-bind-other")}</p>}
      {failure !== null && !told && why?.code !== "other-session" && <Failure error={failure} />}
      {working ? <Busy text={words.t("offer-working")} /> : <>
        <Camera onText={take} />
        <form onSubmit={(event) => void connect(event)} noValidate>
          <Field label={words.t("helped-invitation")} value={link} onInput={setLink} inputMode="url" multiline
            error={why?.code === "no-offer" ? words.t("helped-bind-none") : null} />
          <Field label={words.t("offer-code-label")} value={code} onInput={setCode} inputMode="numeric"
            error={why?.kind === "refused" ? words.t("offer-refused") : null} />
          <div class="actions"><Button kind="main" type="submit">{words.t("offer-go")}</Button></div>
        </form>
      </>}
    </Screen>
  );
}

/** A department's request, by camera or link; or the end. `again` is one that must be fetched and shown anew. */
export function Ask(
  { again, found, close }: { again: string | null; found: (request: VerifiedRequest, query: string) => void; close: () => Promise<void> },
): JSX.Element {
  const { words, wallet, name } = useWallet();
  const [link, setLink] = useState("");
  const [working, setWorking] = useState(again !== null);
  const [failure, setFailure] = useState<unknown>(null);
  const [wrong, setWrong] = useState(false);
  const [loaded] = useLoaded(() => wallet.vault.consents(), [wallet]);
  const given = loaded.state === "done" ? loaded.value : [];
  const work = async (task: () => Promise<void>) => {
    setWorking(true);
    setFailure(null);
    try {
      return await task();
    } catch (error) {
      setFailure(error);
    }
    setWorking(false);
  };
  const fetched = (query: string) => work(async () => {
    const request = await fetchRequest(await wallet.federation(), parseRequest(query));
    await wallet.remember([request.consumer, ...request.offered.map((one) => one.provider)]);
    found(request, query);
  });
  const take = (text: string): boolean => {
    const seen = recognise(text, location.origin);
    setWrong(seen?.kind !== "request");
    if (seen?.kind === "request") void fetched(seen.query);
    return seen?.kind === "request";
  };
  useEffect(() => {
    if (again !== null) void fetched(again);
  }, []);
  return (
    <Screen title={words.t("helped-ask-title")}>
      {again !== null && <p class="notice" role="alert">{words.t("request-changed")}</p>}
      {failure !== null && <Failure error={failure} />}
      {working ? <Busy text={words.t("request-loading")} /> : <>
        <p>{words.t("helped-ask-body")}</p>
        <Camera onText={take} />
        <form onSubmit={(event) => { event.preventDefault(); take(link); }} noValidate>
          <Field label={words.t("open-paste-label")} value={link} onInput={setLink} inputMode="url" multiline error={wrong ? words.t("open-nothing") : null} />
          <div class="actions"><Button kind="main" type="submit">{words.t("open-paste-go")}</Button></div>
        </form>
        <section>
          <h2>{words.t("helped-given", { count: given.length })}</h2>
          <ul class="rows">{given.map((one) => (
            <li key={one.id} class="row-item plain">
              <span>{words.t("consent-to", { consumer: name(one.consumer), provider: name(one.provider) })}</span>
              {!one.delivered && <span class="small warn">{words.t("consent-undelivered")}</span>}
            </li>
          ))}</ul>
          <Button kind={given.length > 0 ? "main" : "plain"} onClick={() => void work(close)}>{words.t("helped-close")}</Button>
        </section>
      </>}
    </Screen>
  );
}
