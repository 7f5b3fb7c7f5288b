/** Home: what she can do now, what holds now, what happened last. */

import type { JSX } from "preact";
import { waiting } from "../consent/orders.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { Busy, Screen } from "../ui/parts.js";
import { ConsentRow } from "./consent-row.js";
import { keptUses, UseRow } from "./use-row.js";
import { standing } from "../consent/standing.js";

const SHOWN = 3;

/** Home. */
export function Home(): JSX.Element {
  const { words, wallet } = useWallet();
  const [loaded, again] = useLoaded(async () => {
    const [consents, uses, holder] = [await wallet.vault.consents(), await keptUses(wallet), await wallet.holder()];
    return { consents, uses, holder };
  }, [wallet]);
  const name = loaded.state === "done" ? loaded.value.holder : null;
  return (
    <Screen title={name === null || name === "" ? words.t("home-hello") : words.t("home-hello-name", { name })}>
      {loaded.state === "busy" && <Busy />}
      {loaded.state === "done" && <>
        {loaded.value.holder === null && <Unbound />}
        <a class="button main wide" href="#/open"><Icon name="open" />{words.t("home-open")}</a>
        <Active {...loaded.value} again={again} />
        <section>
          <h2>{words.t("home-uses")}</h2>
          {loaded.value.uses.length === 0 ? <p>{words.t("home-no-uses")}</p>
            : <ul class="rows">{loaded.value.uses.slice(0, SHOWN).map((use) => <UseRow key={use.exchange} use={use} />)}</ul>}
          <ul class="links">
            <li><a href="#/uses">{words.t("home-see-uses")}</a></li>
            <li><a href="#/notices">{words.t("home-notices")}</a></li>
            <li><a href="#/tie">{words.t("home-tie")}</a></li>
          </ul>
        </section>
      </>}
    </Screen>
  );
}

function Unbound(): JSX.Element {
  const { words } = useWallet();
  return (
    <div class="notice">
      <p><strong>{words.t("home-unbound-title")}</strong></p>
      <p>{words.t("home-unbound-body")}</p>
    </div>
  );
}

type Contents = { consents: Awaited<ReturnType<ReturnType<typeof useWallet>["wallet"]["vault"]["consents"]>>; uses: Awaited<ReturnType<typeof keptUses>> };

function Active({ consents, uses, again }: Contents & { again: () => void }): JSX.Element {
  const { words } = useWallet();
  const active = consents.filter((consent) => ["active", "paused"].includes(standing(consent, uses)));
  const pending = consents.reduce((sum, consent) => sum + waiting(consent).length, 0);
  return (
    <section>
      <h2>{words.t("home-active", { count: active.length })}</h2>
      {pending > 0 && <p class="notice">{words.t("home-waiting", { count: pending })}</p>}
      <ul class="rows">{active.map((consent) => <ConsentRow key={consent.id} consent={consent} uses={uses} changed={again} />)}</ul>
    </section>
  );
}
