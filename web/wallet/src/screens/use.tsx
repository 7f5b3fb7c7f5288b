/** One use in plain words, with its evidence and the way to complain. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { askBundle } from "../citizen/asking.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Code, Facts, saveFile, Screen } from "../ui/parts.js";
import { loadRefusals } from "../words/load.js";
import type { Words } from "../words/words.js";
import { keptUses, type Use as OneUse } from "./use-row.js";

/** One use. */
export function Use({ query }: { query: string }): JSX.Element {
  const { words, wallet } = useWallet();
  const exchange = new URLSearchParams(query).get("exchange") ?? "";
  const [loaded] = useLoaded(async () => (await keptUses(wallet)).find((use) => use.exchange === exchange), [exchange]);
  return (
    <Screen title={words.t("use-title")} back="/uses">
      {loaded.state === "busy" && <Busy />}
      {loaded.state === "done" && (loaded.value === undefined ? <p>{words.t("uses-none")}</p> : <Told use={loaded.value} />)}
    </Screen>
  );
}

function Told({ use }: { use: OneUse }): JSX.Element {
  const { words, wallet, name, dataset, items } = useWallet();
  const { known } = wallet;
  const facts: [string, JSX.Element | string][] = [
    [words.t("use-when"), words.moment(use.at)],
    [words.t("use-who"), name(use.consumer)],
    [words.t("use-from"), name(use.provider)],
    [words.t("use-items"), `${dataset(use.provider, use.dataset)}: ${items(use.provider, use.dataset, use.fields)}`],
    [words.t("use-questions"), items(use.provider, use.dataset, use.questions)],
    [words.t("use-purpose"), words.name(known.purposes[use.purpose], use.purpose)],
    [words.t("use-basis"), <Basis use={use} />],
    [words.t("use-outcome"), <Outcome use={use} />],
    ...(use.erased === null ? [] : [[words.t("use-erased"), words.t("use-erased-on", { consumer: name(use.consumer), date: words.date(use.erased) })] as [string, string]]),
    [words.t("use-anchored"), use.anchored === null ? words.t("use-anchored-no") : words.t("use-anchored-yes", { index: use.anchored })],
    [words.t("use-told-by"), words.list(use.toldBy.map(name))],
    [words.t("use-number"), <Code>{use.exchange}</Code>],
  ];
  return (
    <>
      <Facts facts={facts.filter(([title]) => title !== words.t("use-questions") || use.questions.length > 0)} />
      <Evidence use={use} />
      <p><a class="line-link" href={`#/complaint?exchange=${use.exchange}`}>{words.t("use-complain")}</a></p>
    </>
  );
}

/** What happened; a refusal in whole sentences, fetched when there is one. */
function Outcome({ use }: { use: OneUse }): JSX.Element {
  const { words, settings } = useWallet();
  const [loaded] = useLoaded(async () => (use.refusal === null ? null : refusalWords(await loadRefusals(settings), use.refusal)), [use.exchange, settings]);
  const why = loaded.state === "done" ? loaded.value : null;
  return <>{words.t(`use-outcome-${use.outcome}`)}{why !== null && <><br />{why}</>}</>;
}

/** The sentences for a code; the code itself where there are none. */
function refusalWords(refusals: Words, code: string): string {
  const key = `code-${code}`;
  const title = refusals.t(key);
  return title === key ? code : [title, refusals.detail(key, "why")].filter((part) => part !== "").join(" ");
}

function Basis({ use }: { use: OneUse }): JSX.Element {
  const { words, wallet, name } = useWallet();
  if (use.consent !== null) {
    const helped = use.assisted === null ? null : <><br />{words.t("use-assisted", { operator: name(use.assisted) })}</>;
    return <>{words.t("use-basis-consent")}{helped}<br /><a class="line-link" href={`#/consent?id=${encodeURIComponent(use.consent)}`}>{words.t("use-see-consent")}</a></>;
  }
  if (use.law === null) return <>{words.t("use-basis-unknown")}</>;
  return <>{words.t("use-basis-law", { law: words.name(wallet.known.laws[use.law], use.law) })}</>;
}

function Evidence({ use }: { use: OneUse }): JSX.Element {
  const { words, wallet, say } = useWallet();
  const [busy, setBusy] = useState(false);
  const keep = async () => {
    setBusy(true);
    try {
      const federation = await wallet.federation();
      const bundle = await firstOf(use.toldBy.map((entity) => async () =>
        askBundle(wallet.vault, federation, await federation.member(entity), use.exchange)));
      saveFile(`evidence-${use.exchange}.json`, "application/json", bundle);
    } catch {
      say(words.t("use-evidence-missing"));
    }
    setBusy(false);
  };
  return (
    <section>
      <p>{words.t("use-evidence-body")}</p>
      <Button busy={busy} onClick={() => void keep()}>{words.t("use-evidence")}</Button>
    </section>
  );
}

async function firstOf<T>(works: (() => Promise<T>)[]): Promise<T> {
  let last: unknown = new Error("nobody told of it");
  for (const work of works) {
    try {
      return await work();
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
