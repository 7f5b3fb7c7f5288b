/** The frame of every screen: name, language, places, and the line that is read out when something changes. */

import type { ComponentChildren, JSX } from "preact";
import { useApp } from "./context.js";
import { Icon } from "./icons.js";
import { Button } from "./parts.js";
import type { Update } from "./update.js";

const PLACES = [
  { path: "/", icon: "home", key: "nav-home", also: ["/notices", "/tie", "/benefits", "/benefit"] },
  { path: "/open", icon: "open", key: "nav-open", also: ["/offer", "/request", "/allowed", "/denied"] },
  { path: "/consents", icon: "consents", key: "nav-consents", also: ["/consent"] },
  { path: "/uses", icon: "uses", key: "nav-uses", also: ["/use", "/complaint"] },
  { path: "/help", icon: "help", key: "nav-help", also: [] as string[] },
] as const;

/** What is said at the moment, and the how-manieth time something is said. */
export interface Said {
  text: string;
  round: number;
}

/** The frame. */
export function Frame(
  { path, said, update, places = true, children }: { path: string; said: Said; update: Update; places?: boolean; children: ComponentChildren },
): JSX.Element {
  const { words, settings, change, online, wallet } = useApp();
  const other = settings.language === "hi" ? "en" : "hi";
  const skip = (event: Event) => {
    event.preventDefault();
    document.querySelector<HTMLElement>("main h1")?.focus();
  };
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>{words.t("skip")}</a>
      <header>
        <span class="brand"><span class="mark" aria-hidden="true" />{words.t("app-name")}</span>
        <button type="button" class="language" lang={other} onClick={() => change({ language: other })}>{words.t("switch-language")}</button>
      </header>
      {places && wallet !== null && <Places path={path} />}
      <main id="main">
        {!online && <p class="notice bar">{words.t("offline-bar")}</p>}
        {update !== null && <p class="notice bar">{words.t("update-bar")} <Button kind="quiet" onClick={update}>{words.t("update-now")}</Button></p>}
        {children}
      </main>
      {/* A new element each time, so that the same words twice are said and shown twice. */}
      <div role="status" aria-live="polite" data-testid="said">{said.text !== "" && <p class="said" key={said.round}>{said.text}</p>}</div>
    </>
  );
}

function Places({ path }: { path: string }): JSX.Element {
  const { words } = useApp();
  return (
    <nav aria-label={words.t("nav")}>
      <ul>
        {PLACES.map((place) => {
          const here = place.path === path || (place.also as readonly string[]).includes(path);
          return (
            <li key={place.path}>
              <a href={`#${place.path}`} aria-current={here ? "page" : undefined}><Icon name={place.icon} /><span>{words.t(place.key)}</span></a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
