/** The lock: PIN with counted tries, or passkey. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Fault } from "../fault.js";
import type { Database } from "../store/idb.js";
import { lockState, MOST_TRIES, openWithPasskey, openWithPin, plainDigits } from "../store/lock.js";
import { useApp, useLoaded } from "../ui/context.js";
import { Busy, Button, Field, Screen } from "../ui/parts.js";
import { clock } from "../wallet.js";

/** Opens the wallet. */
export function Locked(
  { database, onOpen, onErased }: { database: Database; onOpen: (key: CryptoKey) => void; onErased: () => void },
): JSX.Element {
  const { words } = useApp();
  const [pin, setPin] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [lock] = useLoaded(() => lockState(database), []);
  const open = async (way: () => Promise<CryptoKey>) => {
    setBusy(true);
    try {
      onOpen(await way());
    } catch (error) {
      const erased = error instanceof Fault && error.code === "wallet-erased";
      setProblem(erased ? words.t("locked-erased") : await said(error));
      setPin("");
      setBusy(false);
      if (erased) onErased();
    }
  };
  const said = async (error: unknown): Promise<string> => {
    const state = await lockState(database);
    const left = MOST_TRIES - (state?.tries ?? 0);
    if (!(error instanceof Fault) || error.code === null) return words.t("passkey-failed");
    if (error.code === "pin-wait") return words.t("locked-wait", { minutes: Math.ceil(((state?.waitUntil ?? 0) - clock()) / 60) });
    return words.t("locked-wrong", { left });
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void open(() => openWithPin(database, plainDigits(pin), clock()));
  };
  return (
    <Screen title={words.t("locked-title")}>
      <form onSubmit={submit} noValidate>
        <Field label={words.t("locked-label")} type="password" inputMode="numeric" autocomplete="current-password" value={pin}
          onInput={setPin} error={problem} />
        {busy ? <Busy /> : <div class="actions"><Button kind="main" type="submit">{words.t("locked-open")}</Button></div>}
      </form>
      {!busy && lock.state === "done" && lock.value?.passkey === true && (
        <div class="actions"><Button onClick={() => void open(() => openWithPasskey(database))}>{words.t("locked-passkey")}</Button></div>
      )}
    </Screen>
  );
}
