/** The lock: lock now, another PIN, a passkey, and erasing everything. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { addPasskey, changePin, openWithPin, passkeysPossible, plainDigits } from "../store/lock.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Button, Field } from "../ui/parts.js";
import { clock } from "../wallet.js";
import { PinForm } from "./welcome.js";

/** What she can do about the lock. */
export function LockHelp(): JSX.Element {
  const { words, lock } = useWallet();
  return (
    <section>
      <h2>{words.t("help-lock")}</h2>
      <div class="actions"><Button onClick={lock}>{words.t("help-lock-now")}</Button></div>
      <details><summary>{words.t("help-pin-change")}</summary><ChangePin /></details>
      <details><summary>{words.t("help-passkey")}</summary><Passkey /></details>
      <details><summary>{words.t("help-erase")}</summary><Erase /></details>
    </section>
  );
}

/** Asks for the present PIN, then does something with it. */
function useWithPin(work: (pin: string) => Promise<void>): { field: JSX.Element; run: () => Promise<boolean> } {
  const { words } = useWallet();
  const [pin, setPin] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const run = async () => {
    try {
      await work(plainDigits(pin));
      setWrong(null);
      return true;
    } catch {
      setWrong(words.t("pin-wrong"));
      return false;
    }
  };
  const field = <Field label={words.t("help-pin-old")} type="password" inputMode="numeric" autocomplete="current-password" value={pin} onInput={setPin} error={wrong} />;
  return { field, run };
}

function ChangePin(): JSX.Element {
  const { words, wallet, say } = useWallet();
  const [next, setNext] = useState("");
  const [done, setDone] = useState(false);
  const { field, run } = useWithPin((old) => changePin(wallet.vault.database, old, next, clock()));
  if (done) return <p class="notice good" role="status">{words.t("help-pin-changed")}</p>;
  if (next === "") return <PinForm submit={words.t("continue")} onPin={setNext} />;
  const finish = async () => {
    if (!(await run())) return;
    setDone(true);
    say(words.t("help-pin-changed"));
  };
  return <>{field}<Button kind="main" onClick={() => void finish()}>{words.t("help-pin-change")}</Button></>;
}

function Passkey(): JSX.Element {
  const { words, wallet } = useWallet();
  const [possible] = useLoaded(passkeysPossible, []);
  const [said, setSaid] = useState<string | null>(null);
  const { field, run } = useWithPin((pin) => addPasskey(wallet.vault.database, pin, words.t("app-name"), clock()));
  if (possible.state === "done" && !possible.value) return <p>{words.t("help-passkey-no")}</p>;
  const add = async () => setSaid(words.t((await run()) ? "help-passkey-added" : "help-passkey-no"));
  return <>{field}<Button kind="main" onClick={() => void add()}>{words.t("help-passkey-add")}</Button>{said !== null && <p role="status">{said}</p>}</>;
}

function Erase(): JSX.Element {
  const { words, wallet, lock } = useWallet();
  const { field, run } = useWithPin(async (pin) => {
    await openWithPin(wallet.vault.database, pin, clock());
    await wallet.vault.database.clear();
  });
  const erase = async () => {
    if (await run()) lock();
  };
  return <><p>{words.t("help-erase-body")}</p>{field}<Button kind="danger" onClick={() => void erase()}>{words.t("help-erase-do")}</Button></>;
}
