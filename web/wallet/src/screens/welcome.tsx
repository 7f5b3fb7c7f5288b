/** Before there is a wallet: what it is for, and the PIN. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Database } from "../store/idb.js";
import { create, goodPin, plainDigits } from "../store/lock.js";
import { useApp } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { Busy, Button, Failure, Field, Screen } from "../ui/parts.js";

/** Without a secure context nothing is kept. */
export function Insecure(): JSX.Element {
  const { words } = useApp();
  return (
    <Screen title={words.t("insecure-title")}>
      <p class="notice bad" role="alert">{words.t("insecure-body")}</p>
    </Screen>
  );
}

/** Welcome, then the PIN. */
export function Welcome({ database, onOpen }: { database: Database; onOpen: (key: CryptoKey) => void }): JSX.Element {
  const { words } = useApp();
  const [begun, setBegun] = useState(false);
  if (begun) return <NewPin database={database} onOpen={onOpen} />;
  return (
    <Screen title={words.t("welcome-title")}>
      <ul class="points">
        {(["consents", "uses", "shield"] as const).map((icon, at) => (
          <li key={icon}><Icon name={icon} /><span>{words.t(`welcome-${at + 1}`)}</span></li>
        ))}
      </ul>
      <div class="actions"><Button kind="main" onClick={() => setBegun(true)}>{words.t("welcome-begin")}</Button></div>
    </Screen>
  );
}

function NewPin({ database, onOpen }: { database: Database; onOpen: (key: CryptoKey) => void }): JSX.Element {
  const { words } = useApp();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const set = async (pin: string) => {
    setBusy(true);
    try {
      // Asked for, not required: a browser that says no may still keep the wallet for years.
      await navigator.storage?.persist?.();
      onOpen(await create(database, pin));
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Screen title={words.t("pin-new-title")}>
      <p>{words.t("pin-new-body")}</p>
      {failure !== null && <Failure error={failure} />}
      {busy ? <Busy /> : <PinForm submit={words.t("pin-set")} onPin={set} />}
    </Screen>
  );
}

/** Two fields that must hold the same good PIN. */
export function PinForm({ submit, onPin }: { submit: string; onPin: (pin: string) => void }): JSX.Element {
  const { words } = useApp();
  const [pin, setPin] = useState("");
  const [again, setAgain] = useState("");
  const [wrong, setWrong] = useState<"pin-weak" | "pin-differs" | null>(null);
  const check = (event: Event) => {
    event.preventDefault();
    const [one, two] = [plainDigits(pin), plainDigits(again)];
    const found = !goodPin(one) ? "pin-weak" : one !== two ? "pin-differs" : null;
    setWrong(found);
    if (found === null) onPin(one);
  };
  return (
    <form onSubmit={check} noValidate>
      <Field label={words.t("pin-new-label")} type="password" inputMode="numeric" autocomplete="new-password" value={pin}
        onInput={setPin} error={wrong === "pin-weak" ? words.t(wrong) : null} />
      <Field label={words.t("pin-repeat-label")} type="password" inputMode="numeric" autocomplete="new-password" value={again}
        onInput={setAgain} error={wrong === "pin-differs" ? words.t(wrong) : null} />
      <div class="actions"><Button kind="main" type="submit">{submit}</Button></div>
    </form>
  );
}
