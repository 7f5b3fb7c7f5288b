/** A request: fetched, checked, shown as a card; then her yes or no, with buttons of one size. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { buildDigest } from "../build.js";
import type { Ward } from "../citizen/wards.js";
import { cardLines } from "../consent/card.js";
import { deny, grant, needsPresence, tooLate, type Shown } from "../consent/grant.js";
import { parseRequest } from "../openid/links.js";
import { fetchRequest, type VerifiedRequest } from "../openid/request.js";
import type { OpenedRequest } from "../store/vault.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Button, Failure, Screen } from "../ui/parts.js";
import { replace } from "../ui/route.js";
import { clock } from "../wallet.js";
import { CardView } from "./card-view.js";
import { ChooseWard } from "./choose-ward.js";
import { ReadAloud } from "./read-aloud.js";
import { SignedThings } from "./signed-things.js";

/** A request behind a link. */
export function Request({ query }: { query: string }): JSX.Element {
  const { words, wallet } = useWallet();
  const [loaded, again] = useLoaded(async () => {
    const link = parseRequest(query);
    const request = await fetchRequest(await wallet.federation(), link);
    await wallet.remember([request.consumer, ...request.offered.map((one) => one.provider)]);
    const opened: OpenedRequest = { query, consumer: request.consumer.entity, expires: request.claims.exp };
    await wallet.vault.write(`opened:${request.claims.state}`, opened);
    return { request, build: await buildDigest() };
  }, [query]);
  const [changed, setChanged] = useState(false);
  return (
    <Screen title={words.t("request-title")} back="/">
      {loaded.state === "busy" && <Busy text={words.t("request-loading")} />}
      {loaded.state === "failed" && <Failure error={loaded.error} again={again} />}
      {changed && <p class="notice" role="alert">{words.t("request-changed")}</p>}
      {loaded.state === "done" && <Asked key={loaded.value.request.object} {...loaded.value} late={() => { setChanged(true); again(); }} />}
    </Screen>
  );
}

function Asked({ request, build, late }: { request: VerifiedRequest; build: string; late: () => void }): JSX.Element {
  const { words, wallet, name } = useWallet();
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [ward, setWard] = useState<Ward | null>(null);
  const forWard = request.asked.for_ward === true;
  // The moment at which this text, in this language, came before her eyes: it is signed with the text.
  const shown: Shown = useMemo(() => ({ lines: cardLines(request, words.language), language: words.language, at: clock() }), [request, words.language]);
  useEffect(() => setFailure(null), [words.language]);
  const consumer = name(request.consumer.entity);
  const decide = async (work: () => Promise<string>) => {
    if (tooLate(request, shown, clock())) return late();
    setWorking(true);
    setFailure(null);
    try {
      const next = await work();
      await wallet.vault.forget(`opened:${request.claims.state}`);
      replace(next);
    } catch (error) {
      setFailure(error);
      setWorking(false);
    }
  };
  const allow = async () => {
    const given = await grant(wallet.vault, await wallet.federation(), request, shown, build, ward);
    return `/allowed?${new URLSearchParams(given.map((one) => ["id", one.id])).toString()}`;
  };
  const refuse = async () => {
    await deny(request);
    return `/denied?${new URLSearchParams({ by: request.consumer.entity }).toString()}`;
  };
  return (
    <>
      <p class="checked small">{words.t("request-checked", { consumer })} {words.t("request-expires", { time: words.time(request.claims.exp) })}</p>
      <CardView lines={shown.lines} />
      <ReadAloud lines={shown.lines} />
      {request.offered.length > 1 && <p>{words.t("request-several", { count: request.offered.length })}</p>}
      {needsPresence(request) && <p>{words.t("request-presence")}</p>}
      {forWard && <ChooseWard request={request} ward={ward} onChoose={setWard} />}
      <SignedThings request={request} shown={shown} build={build} />
      {failure !== null && <Failure error={failure} />}
      {working ? <Busy text={words.t("request-signing")} /> : (
        <div class="decision">
          <Button kind="choice" onClick={() => void decide(refuse)}>{words.t("request-deny")}</Button>
          {(!forWard || ward !== null) && <Button kind="choice" onClick={() => void decide(allow)}>{words.t("request-allow")}</Button>}
        </div>
      )}
    </>
  );
}
