/** Messages of all members, and how much she wants to hear. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askNotices, choose, NOTICES, type KeptNotices, type Wanted } from "../citizen/asking.js";
import { mailAddress, phoneNumber } from "../citizen/contact.js";
import { LEVELS } from "../citizen/shapes.js";
import type { Missing } from "../citizen/unheard.js";
import { secondsOf } from "../consent/calendar.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Choice, Failure, Field, Screen } from "../ui/parts.js";
import { benefitLink } from "./benefit-row.js";
import { askAround, NotHeard } from "./not-heard.js";

type Level = (typeof LEVELS)[number];

/** What an empty list says: that there is nothing, only if everybody was heard; `null`: others say why it is empty. */
export function emptyKey(missing: Missing[] | null, failure: unknown): string | null {
  if (failure !== null || (missing !== null && missing.length > 0)) return null;
  return missing === null ? "benefit-not-asked" : "notices-none";
}

/** Messages to her. */
export function Notices(): JSX.Element {
  const { words, wallet, name, online } = useWallet();
  const [asking, setAsking] = useState(online);
  const [failure, setFailure] = useState<unknown>(null);
  const [missing, setMissing] = useState<Missing[] | null>(null);
  const [loaded, again] = useLoaded(() => wallet.vault.all<KeptNotices>("notices:"), [wallet]);
  const ask = async () => {
    setAsking(true);
    setFailure(null);
    setMissing(null);
    try {
      setMissing(await askAround(wallet, NOTICES));
    } catch (error) {
      setFailure(error);
    }
    setAsking(false);
    again();
  };
  useEffect(() => {
    void wallet.vault.bindings().then((bindings) => (online && bindings.length > 0 ? ask() : setAsking(false)));
  }, [wallet]);
  const empty = emptyKey(missing, failure);
  const kept = loaded.state === "done" ? loaded.value : [];
  const notices = kept.flatMap(({ member, notices }) => notices.map((notice) => ({ ...notice, member })));
  notices.sort((one, two) => secondsOf(two.at) - secondsOf(one.at));
  return (
    <Screen title={words.t("notices-title")} back="/">
      {asking ? <Busy /> : <div class="actions"><Button onClick={() => void ask()}>{words.t("notices-refresh")}</Button></div>}
      {failure !== null && <Failure error={failure} />}
      <NotHeard missing={missing ?? []} sentence="uses-missing" />
      {!asking && loaded.state === "done" && notices.length === 0 && empty !== null && <p>{words.t(empty)}</p>}
      <ul class="rows">
        {notices.map((notice) => {
          const text = notice.text[words.language] ?? notice.text["en"];
          return (
            <li key={notice.id} class="row-item plain">
              <strong>{text?.title}</strong>
              <span>{text?.body}</span>
              <span class="small">{name(notice.member)}, {words.moment(secondsOf(notice.at))}</span>
              {notice.about.exchange !== undefined && <a class="line-link" href={`#/use?exchange=${notice.about.exchange}`}>{words.t("more-details")}</a>}
              {notice.about.decision !== undefined && <a class="line-link" href={benefitLink(notice.member, notice.about.decision)}>{words.t("notices-decision")}</a>}
              {notice.about.link !== undefined && <a class="line-link" href={`#/request?${notice.about.link}`}>{words.t("notices-answer")}</a>}
            </li>
          );
        })}
      </ul>
      <HowMuch kept={kept} changed={again} />
    </Screen>
  );
}

/** One choice for all departments, and where she can be reached; each is told by a signed order. */
function HowMuch({ kept, changed }: { kept: KeptNotices[]; changed: () => void }): JSX.Element {
  const { words, wallet, name, say } = useWallet();
  const known = kept.map((one) => one.preferences?.level).find((level) => level !== undefined) ?? "exceptions";
  const reached = kept.some(({ preferences }) => preferences?.phone === true || preferences?.email === true);
  const [level, setLevel] = useState<Level | null>(null);
  const [phone, setPhone] = useState("");
  const [email, setEmail] = useState("");
  const [wrong, setWrong] = useState<"phone-bad" | "email-bad" | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const tell = async (where: Pick<Wanted, "phone" | "email">, done: string) => {
    setBusy(true);
    setFailure(null);
    try {
      const federation = await wallet.federation();
      const wanted: Wanted = { level: level ?? known, language: words.language, ...where };
      const members = await wallet.members();
      const told = await Promise.allSettled(members.map(async (member) => {
        await choose(wallet.vault, federation, member, wanted);
        await askNotices(wallet.vault, federation, member).catch(() => null);
        return name(member.entity);
      }));
      const parties = told.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const failed = told.find((one): one is PromiseRejectedResult => one.status === "rejected");
      if (parties.length === 0 && failed !== undefined) throw failed.reason;
      say(words.t(done, { party: words.list(parties) }));
      setPhone("");
      setEmail("");
      changed();
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  const send = (event: Event) => {
    event.preventDefault();
    const [number, address] = [phoneNumber(phone), mailAddress(email)];
    const found = phone.trim() !== "" && number === null ? "phone-bad" : email.trim() !== "" && address === null ? "email-bad" : null;
    setWrong(found);
    if (found !== null || busy) return;
    void tell({ ...(number === null ? {} : { phone: number }), ...(address === null ? {} : { email: address }) }, "notices-chosen");
  };
  return (
    <form onSubmit={send} noValidate>
      <Choice legend={words.t("notices-level")} value={level ?? known} onChange={setLevel}
        options={LEVELS.map((one) => ({ value: one, label: words.t(`notices-level-${one}`) }))} />
      <p class="small">{words.t("notices-level-body")}</p>
      <Field label={words.t("notices-phone")} hint={words.t("notices-phone-hint")} type="tel" autocomplete="tel" value={phone} onInput={setPhone}
        error={wrong === "phone-bad" ? words.t(wrong) : null} />
      <Field label={words.t("notices-email")} type="email" autocomplete="email" value={email} onInput={setEmail}
        error={wrong === "email-bad" ? words.t(wrong) : null} />
      {reached && <p class="small">{words.t("notices-kept")}</p>}
      {failure !== null && <Failure error={failure} />}
      <div class="actions">
        <Button type="submit" kind="main" busy={busy}>{words.t("notices-choose")}</Button>
        {reached && <Button kind="quiet" busy={busy} onClick={() => void tell({ phone: null, email: null }, "notices-forgotten")}>{words.t("notices-forget")}</Button>}
      </div>
    </form>
  );
}
