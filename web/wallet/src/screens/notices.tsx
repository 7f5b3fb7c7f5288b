/** Messages of all members, and how much she wants to hear. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askNotices, choose, type KeptNotices } from "../citizen/asking.js";
import { LEVELS } from "../citizen/shapes.js";
import { secondsOf } from "../consent/calendar.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Choice, Failure, Screen } from "../ui/parts.js";

type Level = (typeof LEVELS)[number];

/** Messages to her. */
export function Notices(): JSX.Element {
  const { words, wallet, name, online } = useWallet();
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [loaded, again] = useLoaded(() => wallet.vault.all<KeptNotices>("notices:"), [wallet]);
  const ask = async () => {
    setAsking(true);
    setFailure(null);
    try {
      const federation = await wallet.federation();
      await Promise.all((await wallet.members()).map((member) => askNotices(wallet.vault, federation, member).catch(() => null)));
    } catch (error) {
      setFailure(error);
    }
    setAsking(false);
    again();
  };
  useEffect(() => {
    void wallet.vault.bindings().then((bindings) => (online && bindings.length > 0 ? ask() : undefined));
  }, [wallet]);
  const kept = loaded.state === "done" ? loaded.value : [];
  const notices = kept.flatMap(({ member, notices }) => notices.map((notice) => ({ ...notice, member })));
  notices.sort((one, two) => secondsOf(two.at) - secondsOf(one.at));
  return (
    <Screen title={words.t("notices-title")} back="/">
      {asking ? <Busy /> : <div class="actions"><Button onClick={() => void ask()}>{words.t("notices-refresh")}</Button></div>}
      {failure !== null && <Failure error={failure} />}
      {!asking && notices.length === 0 && <p>{words.t("notices-none")}</p>}
      <ul class="rows">
        {notices.map((notice) => {
          const text = notice.text[words.language] ?? notice.text["en"];
          return (
            <li key={notice.id} class="row-item plain">
              <strong>{text?.title}</strong>
              <span>{text?.body}</span>
              <span class="small">{name(notice.member)}, {words.moment(secondsOf(notice.at))}</span>
              {notice.about.exchange !== undefined && <a class="line-link" href={`#/use?exchange=${notice.about.exchange}`}>{words.t("more-details")}</a>}
            </li>
          );
        })}
      </ul>
      <HowMuch kept={kept} />
    </Screen>
  );
}

/** One choice for all departments; each is told by a signed order. */
function HowMuch({ kept }: { kept: KeptNotices[] }): JSX.Element {
  const { words, wallet, name, say } = useWallet();
  const known = kept.map((one) => one.preferences?.level).find((level) => level !== undefined) ?? "exceptions";
  const [level, setLevel] = useState<Level | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const send = async () => {
    setBusy(true);
    setFailure(null);
    try {
      const federation = await wallet.federation();
      const wanted = { level: level ?? known, language: words.language };
      const members = await wallet.members();
      const told = await Promise.allSettled(members.map(async (member) => choose(wallet.vault, federation, member, wanted).then(() => name(member.entity))));
      const reached = told.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const failed = told.find((one): one is PromiseRejectedResult => one.status === "rejected");
      if (reached.length > 0) say(words.t("notices-chosen", { party: words.list(reached) }));
      else if (failed !== undefined) throw failed.reason;
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  return (
    <section>
      <Choice legend={words.t("notices-level")} value={level ?? known} onChange={setLevel}
        options={LEVELS.map((one) => ({ value: one, label: words.t(`notices-level-${one}`) }))} />
      <p class="small">{words.t("notices-level-body")}</p>
      {failure !== null && <Failure error={failure} />}
      <Button busy={busy} onClick={() => void send()}>{words.t("notices-choose")}</Button>
    </section>
  );
}
