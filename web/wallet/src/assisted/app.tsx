/** The page of an assisted session: no lock, no database, no place to go but forward. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { VerifiedRequest } from "../openid/request.js";
import { readSettings, type Settings } from "../store/settings.js";
import { AppContext, type App } from "../ui/context.js";
import { Frame, type Said } from "../ui/frame.js";
import { Busy, Failure, Screen } from "../ui/parts.js";
import { loadHelping } from "../words/load.js";
import type { Words } from "../words/words.js";
import { Ask, Bind } from "./beginning.js";
import { Decide } from "./decide.js";
import { Ended, SlipView } from "./slip-view.js";
import { Session, storageNames, type SessionLink, type Slip } from "./session.js";

type Step =
  | { at: "opening" } | { at: "failed"; error: unknown } | { at: "none" } | { at: "bind" } | { at: "ask"; query?: string }
  | { at: "decide"; request: VerifiedRequest; query: string } | { at: "slip"; slip: Slip; left: string[] } | { at: "ended" };

/** The page. `link` is what the operator opened; without it there is no session. */
export function AssistedApp({ link, first }: { link: SessionLink | null; first: Words }): JSX.Element {
  const [settings, setSettings] = useState<Settings>(readSettings);
  const [words, setWords] = useState(first);
  const [said, setSaid] = useState<Said>({ text: "", round: 0 });
  const [session, setSession] = useState<Session | null>(null);
  const [step, setStep] = useState<Step>({ at: link === null ? "none" : "opening" });
  const kept = useMemo(() => storageNames(), []);
  useEffect(() => {
    document.documentElement.lang = words.language;
  }, [words]);
  useEffect(() => {
    if (link === null) return;
    Session.begin(link).then((opened) => {
      setSession(opened);
      setStep({ at: "bind" });
    }, (error: unknown) => setStep({ at: "failed", error }));
  }, [link]);
  // What is chosen here is the operator's device's for this page alone.
  const change = (part: Partial<Settings>) => {
    const next = { ...settings, ...part };
    setSettings(next);
    void loadHelping(next).then(setWords);
  };
  const say = (text: string) => setSaid((before) => ({ text, round: before.round + 1 }));
  const close = async () => {
    const slip = await session?.close();
    const before = await kept;
    const left = (await storageNames()).filter((name) => !before.includes(name));
    setSession(null);
    if (slip !== undefined) setStep({ at: "slip", slip, left });
  };
  const app: App = { words, settings, change, say, online: navigator.onLine, wallet: session?.wallet ?? null, lock: () => undefined };
  return (
    <AppContext.Provider value={app}>
      <Frame path="/assisted" said={said} update={null} places={false}>
        {step.at === "none" && <Screen title={words.t("helped-title")}><p class="notice">{words.t("helped-none")}</p></Screen>}
        {step.at === "opening" && <Screen title={words.t("helped-title")}><Busy text={words.t("helped-opening")} /></Screen>}
        {step.at === "failed" && <Screen title={words.t("helped-title")}><Failure error={step.error} /></Screen>}
        {session !== null && step.at === "bind" && <Bind session={session} done={() => setStep({ at: "ask" })} />}
        {session !== null && step.at === "ask" && (
          <Ask again={step.query ?? null} found={(request, query) => setStep({ at: "decide", request, query })} close={close} />
        )}
        {session !== null && step.at === "decide" && (
          <Decide key={step.request.object} session={session} request={step.request} done={() => setStep({ at: "ask" })}
            late={() => setStep({ at: "ask", query: step.query })} />
        )}
        {step.at === "slip" && <SlipView slip={step.slip} left={step.left} done={() => setStep({ at: "ended" })} />}
        {step.at === "ended" && <Ended />}
      </Frame>
    </AppContext.Provider>
  );
}
