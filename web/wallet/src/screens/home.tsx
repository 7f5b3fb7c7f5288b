/** Home: what she can do now, what holds now, what happened last. */

import type { JSX } from "preact";
import { keptBenefits, waitsForHer } from "../citizen/kept-benefits.js";
import { unsent } from "../citizen/objections.js";
import { dayOf } from "../consent/calendar.js";
import { waiting } from "../consent/orders.js";
import type { OpenedRequest } from "../store/vault.js";
import { useConsents, useWallet } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { Busy, Screen } from "../ui/parts.js";
import { ConsentRow } from "./consent-row.js";
import { keptUses, UseRow } from "./use-row.js";
import { clock, type Wallet } from "../wallet.js";
import { standing } from "../consent/standing.js";

const SHOWN = 3;

/** Home. */
export function Home(): JSX.Element {
  const { words, wallet } = useWallet();
  const [loaded, again] = useConsents(async () => {
    const [consents, uses, holder] = [await wallet.vault.consents(), await keptUses(wallet), await wallet.holder()];
    const [decided, waits, today] = [await keptBenefits(wallet.vault), await unsent(wallet.vault), dayOf(clock())];
    return { consents, uses, holder, opened: await unanswered(wallet), open: decided.filter((one) => waitsForHer(one, today, waits)).length };
  }, []);
  const name = loaded.state === "done" ? loaded.value.holder : null;
  return (
    <Screen title={name === null || name === "" ? words.t("home-hello") : words.t("home-hello-name", { name })}>
      {loaded.state === "busy" && <Busy />}
      {loaded.state === "done" && <>
        {loaded.value.holder === null && <Unbound />}
        <a class="button main wide" href="#/open"><Icon name="open" />{words.t("home-open")}</a>
        <Waiting opened={loaded.value.opened} />
        {loaded.value.open > 0 && <p class="notice"><a class="line-link" href="#/benefits">{words.t("home-benefits-open", { count: loaded.value.open })}</a></p>}
        <Active {...loaded.value} again={again} />
        <section>
          <h2>{words.t("home-uses")}</h2>
          {loaded.value.uses.length === 0 ? <p>{words.t("home-no-uses")}</p>
            : <ul class="rows">{loaded.value.uses.slice(0, SHOWN).map((use) => <UseRow key={use.exchange} use={use} />)}</ul>}
          <ul class="links">
            <li><a href="#/uses">{words.t("home-see-uses")}</a></li>
            <li><a href="#/benefits">{words.t("home-benefits")}</a></li>
            <li><a href="#/notices">{words.t("home-notices")}</a></li>
            <li><a href="#/tie">{words.t("home-tie")}</a></li>
          </ul>
        </section>
      </>}
    </Screen>
  );
}

/** Requests that she opened and has not answered, while they can be; others are forgotten. */
async function unanswered(wallet: Wallet): Promise<OpenedRequest[]> {
  const names = await wallet.vault.database.keys("sealed", "opened:");
  const opened = await Promise.all(names.map(async (name) => ({ name, request: await wallet.vault.read<OpenedRequest>(name) })));
  for (const { name, request } of opened) if (request === undefined || request.expires <= clock()) await wallet.vault.forget(name);
  return opened.flatMap(({ request }) => (request !== undefined && request.expires > clock() ? [request] : []));
}

function Waiting({ opened }: { opened: OpenedRequest[] }): JSX.Element | null {
  const { words, name } = useWallet();
  if (opened.length === 0) return null;
  return (
    <section>
      <h2>{words.t("home-requests")}</h2>
      <ul class="rows">
        {opened.map((request) => (
          <li key={request.query} class="row-item">
            <a class="row-main" href={`#/request?${request.query}`}>
              <strong>{name(request.consumer)}</strong>
              <span class="small">{words.t("request-expires", { time: words.time(request.expires) })}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
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
