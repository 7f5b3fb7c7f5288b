/** One consent: stop, pause, go on, end earlier; her orders and who confirmed them; the card as she read it. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { civilDay, dayText, startOf } from "../consent/calendar.js";
import { confirmed, order } from "../consent/orders.js";
import { standing, standingWord, timesUsed, type Standing } from "../consent/standing.js";
import type { Action, KeptConsent } from "../store/vault.js";
import { focusHeading, useConsents, useWallet } from "../ui/context.js";
import { Busy, Button, Facts, Failure, Field, saveFile, Screen } from "../ui/parts.js";
import { clock, endOf } from "../wallet.js";
import type { Words } from "../words/words.js";
import { OrderState, refusalWords } from "./order-state.js";
import { keptUses, UseRow, type Use } from "./use-row.js";

const SAID: Record<Action, string> = {
  revoke: "consent-stopped", pause: "consent-paused-said", resume: "consent-resumed", shorten: "consent-shortened",
};

/** A consent. */
export function Consent({ query }: { query: string }): JSX.Element {
  const { words, wallet } = useWallet();
  const id = new URLSearchParams(query).get("id") ?? "";
  const [loaded, again] = useConsents(async () => ({ consent: await wallet.vault.consent(id), uses: await keptUses(wallet) }), [id]);
  const consent = loaded.state === "done" ? loaded.value.consent : undefined;
  return (
    <Screen title={words.t("consent-title")} back="/consents">
      {loaded.state === "busy" && <Busy />}
      {loaded.state === "failed" && <Failure error={loaded.error} />}
      {loaded.state === "done" && consent === undefined && <p>{words.t("consents-none")}</p>}
      {loaded.state === "done" && consent !== undefined && <Details consent={consent} uses={loaded.value.uses} changed={again} />}
    </Screen>
  );
}

function Details({ consent, uses, changed }: { consent: KeptConsent; uses: Use[]; changed: () => void }): JSX.Element {
  const { words, name, dataset, items } = useWallet();
  const state = standing(consent, uses);
  const own = uses.filter((use) => use.consent === consent.id);
  return (
    <>
      <p class="lead">{words.t("consent-to", { consumer: name(consent.consumer), provider: name(consent.provider) })}</p>
      <Facts facts={[
        ...(consent.ward === null ? [] : [[words.t("consent-ward"), consent.ward] as [string, string]]),
        [words.t("use-items"), `${dataset(consent.provider, consent.dataset)}: ${items(consent.provider, consent.dataset, consent.fields)}`],
        [words.t(`consent-status-${standingWord(consent, state)}`), ending(words, consent, state)],
        [words.t("nav-uses"), words.t("consent-uses", { count: timesUsed(consent, uses), most: consent.maxUses })],
      ]} />
      {!consent.delivered && <p class="notice">{words.t("consent-undelivered")}</p>}
      {(state === "active" || state === "paused") && <Orders consent={consent} changed={changed} />}
      <Given consent={consent} />
      {own.length > 0 && <section><h2>{words.t("consent-its-uses")}</h2><ul class="rows">{own.map((use) => <UseRow key={use.exchange} use={use} />)}</ul></section>}
      <details>
        <summary>{words.t("consent-card", { date: words.moment(consent.shownAt) })}</summary>
        <div class="card-text" lang={consent.language}>{consent.text}</div>
        <Button onClick={() => saveFile(`consent-${consent.id.slice(-12)}.txt`, "text/plain", `${consent.text}\n${consent.id}\n${consent.consent}\n`)}>{words.t("consent-keep")}</Button>
      </details>
      <p><a class="line-link" href={`#/complaint?consent=${encodeURIComponent(consent.id)}`}>{words.t("use-complain")}</a></p>
    </>
  );
}

/** The end as it is true: what she stopped ended when she ordered it, and uses that ran out do not move the last day. */
function ending(words: Words, consent: KeptConsent, state: Standing): string {
  if (state !== "revoked") return words.t(state === "expired" ? "consent-ended-on" : "consent-until", { date: words.date(consent.validUntil) });
  if (!confirmed(consent)) return words.t("consent-not-yet");
  const stop = consent.orders.filter((sent) => sent.action === "revoke").pop();
  return stop ? words.t("order-revoke", { date: words.moment(stop.at) }) : words.t("consent-stopped");
}

/** What she can order now. */
function Orders({ consent, changed }: { consent: KeptConsent; changed: () => void }): JSX.Element {
  const { words, wallet, say, name } = useWallet();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [shortening, setShortening] = useState(false);
  const give = async (action: Action, until: string | null = null) => {
    setBusy(true);
    try {
      const kept = await order(wallet.vault, consent.id, action, clock(), until);
      const sent = await wallet.sent(consent.id);
      say(sent ? words.t(SAID[action], { date: words.date(kept.validUntil) }) : refusalWords(words, name, await wallet.vault.consent(consent.id)));
      changed();
      focusHeading();
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  const paused = consent.status === "paused";
  return (
    <div class="orders">
      {failure !== null && <Failure error={failure} />}
      <div class="decision">
        <Button kind="danger" busy={busy} onClick={() => void give("revoke")}>{words.t("consent-stop")}</Button>
        <Button busy={busy} onClick={() => void give(paused ? "resume" : "pause")}>{words.t(paused ? "consent-resume" : "consent-pause")}</Button>
        <Button busy={busy} onClick={() => setShortening(!shortening)}>{words.t("consent-shorten")}</Button>
      </div>
      {shortening && <Shorten consent={consent} give={(until) => void give("shorten", until)} />}
      <p class="small">{words.t("consent-final")}</p>
    </div>
  );
}

function Shorten({ consent, give }: { consent: KeptConsent; give: (until: string) => void }): JSX.Element {
  const { words } = useWallet();
  const [day, setDay] = useState("");
  const [wrong, setWrong] = useState(false);
  const first = dayText(civilDay(startOf(civilDay(clock())) + 86_400));
  const last = dayText(civilDay(consent.validUntil - 1));
  const submit = (event: Event) => {
    event.preventDefault();
    const good = /^\d{4}-\d{2}-\d{2}$/.test(day) && day >= first && day < last;
    setWrong(!good);
    if (good) give(endOf(day));
  };
  return (
    <form onSubmit={submit} noValidate>
      <Field label={words.t("consent-shorten-label")} type="date" value={day} onInput={setDay} min={first} max={last} error={wrong ? words.t("consent-shorten-bad") : null} />
      <Button kind="main" type="submit">{words.t("consent-shorten-do")}</Button>
    </form>
  );
}

/** Orders that were given, and who confirmed them. */
function Given({ consent }: { consent: KeptConsent }): JSX.Element | null {
  const { words, name } = useWallet();
  if (consent.orders.length === 0) return null;
  return (
    <section>
      <h2>{words.t("consent-orders")}</h2>
      <ul class="rows">
        {consent.orders.map((sent) => (
          <li key={sent.order} class="row-item plain">
            <span>{words.t(`order-${sent.action}`, { date: words.moment(sent.at) })}</span>
            {sent.acknowledged.map(({ party }) => <span key={party} class="small good">{words.t("consent-confirmed", { party: name(party) })}</span>)}
            <OrderState consent={consent} sent={sent} />
          </li>
        ))}
      </ul>
    </section>
  );
}
