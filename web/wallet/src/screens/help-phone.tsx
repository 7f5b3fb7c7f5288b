/** Another or a lost phone: a new binding, and the end of the old ones. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { endOtherPhones } from "../citizen/ending.js";
import { useWallet } from "../ui/context.js";
import { Button, Failure } from "../ui/parts.js";

/** What to do with another phone. */
export function PhoneHelp(): JSX.Element {
  const { words, wallet, say } = useWallet();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [done, setDone] = useState<string | null>(null);
  const end = async () => {
    setBusy(true);
    setFailure(null);
    try {
      const count = await endOtherPhones(wallet.vault, await wallet.federation());
      setDone(words.t("help-phone-others-done", { count }));
      say(words.t("help-phone-others-done", { count }));
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  return (
    <section>
      <h2>{words.t("help-phone")}</h2>
      <p>{words.t("help-phone-1")}</p>
      <p>{words.t("help-phone-2")}</p>
      {failure !== null && <Failure error={failure} />}
      {done !== null && <p class="notice good">{done}</p>}
      <Button kind="danger" busy={busy} onClick={() => void end()}>{words.t("help-phone-others")}</Button>
    </section>
  );
}
