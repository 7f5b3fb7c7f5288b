/** An invitation: the code, then keys and bindings. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Fault } from "../fault.js";
import { parseOffer } from "../openid/links.js";
import { redeem, registryOf } from "../openid/issue.js";
import { plainDigits } from "../store/lock.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Failure, Field, Screen } from "../ui/parts.js";

/** Accepts an invitation. */
export function Offer({ query }: { query: string }): JSX.Element {
  const { words, wallet, name } = useWallet();
  const [code, setCode] = useState("");
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [bound, setBound] = useState<number | null>(null);
  const [loaded, again] = useLoaded(async () => {
    const offer = parseOffer(query);
    const registry = await registryOf(await wallet.federation(), offer.issuer);
    await wallet.remember([registry]);
    return { offer, registry };
  }, [query]);
  if (bound !== null) return <Done count={bound} />;
  const connect = async (event: Event) => {
    event.preventDefault();
    if (loaded.state !== "done") return;
    setWorking(true);
    setFailure(null);
    try {
      const typed = loaded.value.offer.txCode?.numeric === false ? code.trim() : plainDigits(code);
      const count = await redeem(wallet.vault, await wallet.federation(), loaded.value.offer, typed);
      await wallet.members().catch(() => []);
      setBound(count);
    } catch (error) {
      setFailure(error);
    }
    setWorking(false);
  };
  const refused = failure instanceof Fault && failure.kind === "refused";
  return (
    <Screen title={words.t("offer-title")} back="/">
      {loaded.state === "busy" && <Busy />}
      {loaded.state === "failed" && <Failure error={loaded.error} again={again} />}
      {loaded.state === "done" && <>
        <p>{words.t("offer-from", { registry: name(loaded.value.registry.entity) })}</p>
        <p>{words.t("offer-body")}</p>
        {failure !== null && !refused && <Failure error={failure} />}
        {working ? <Busy text={words.t("offer-working")} /> : (
          <form onSubmit={(event) => void connect(event)} noValidate>
            {loaded.value.offer.txCode !== null && (
              <Field label={words.t("offer-code-label")} hint={hint(loaded.value.offer.txCode.length)} value={code} onInput={setCode}
                inputMode={loaded.value.offer.txCode.numeric ? "numeric" : "text"} autocomplete="one-time-code"
                error={refused ? words.t("offer-refused") : null} />
            )}
            <div class="actions"><Button kind="main" type="submit">{words.t("offer-go")}</Button></div>
          </form>
        )}
      </>}
    </Screen>
  );

  function hint(length: number | null): string {
    return length === null ? words.t("offer-code-hint-any") : words.t("offer-code-hint", { length });
  }
}

function Done({ count }: { count: number }): JSX.Element {
  const { words } = useWallet();
  return (
    <Screen title={words.t("offer-done-title")}>
      <p class="notice good">{words.t("offer-done-body", { count })}</p>
      <div class="actions"><a class="button main" href="#/">{words.t("nav-home")}</a></div>
    </Screen>
  );
}
