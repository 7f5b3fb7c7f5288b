/** She ties her number in a department to the name by which the registry knows her there. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { tieNumber } from "../citizen/asking.js";
import { Fault } from "../fault.js";
import type { Member } from "../federation/chain.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Choice, Failure, Field, Screen } from "../ui/parts.js";

/** Tells a department a number. */
export function Tie(): JSX.Element {
  const { words, wallet, name, say } = useWallet();
  const [loaded, again] = useLoaded(async () => (await wallet.members()).filter((member) => member.roles.some((role) => role === "provider" || role.startsWith("consumer:"))), [wallet]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [number, setNumber] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [done, setDone] = useState<string | null>(null);
  const members: Member[] = loaded.state === "done" ? loaded.value : [];
  const tell = async (event: Event) => {
    event.preventDefault();
    const member = members.find((one) => one.entity === (chosen ?? members[0]?.entity));
    if (member === undefined || number.trim() === "") return;
    setBusy(true);
    setFailure(null);
    try {
      await tieNumber(wallet.vault, await wallet.federation(), member, number.trim());
      setDone(words.t("tie-done", { party: name(member.entity) }));
      say(words.t("tie-done", { party: name(member.entity) }));
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  const unknown = failure instanceof Fault && failure.code === "not-found-or-not-permitted";
  return (
    <Screen title={words.t("tie-title")} back="/">
      <p>{words.t("tie-body")}</p>
      {loaded.state === "busy" && <Busy />}
      {loaded.state === "failed" && <Failure error={loaded.error} again={again} />}
      {failure !== null && !unknown && <Failure error={failure} />}
      {done !== null && <p class="notice good">{done}</p>}
      {members.length > 0 && (
        <form onSubmit={(event) => void tell(event)} noValidate>
          <Choice legend={words.t("tie-department")} value={chosen ?? members[0]?.entity ?? ""} onChange={setChosen}
            options={members.map((member) => ({ value: member.entity, label: name(member.entity) }))} />
          <Field label={words.t("tie-number")} value={number} onInput={setNumber} error={unknown ? words.t("tie-not-found") : null} />
          {busy ? <Busy /> : <div class="actions"><Button kind="main" type="submit">{words.t("tie-go")}</Button></div>}
        </form>
      )}
    </Screen>
  );
}
