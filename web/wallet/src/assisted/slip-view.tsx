/** The slip in both languages, to be printed; then an empty page. */

import type { JSX } from "preact";
import { useApp } from "../ui/context.js";
import { Button, Facts, Screen } from "../ui/parts.js";
import type { Slip } from "./session.js";

/** The slip. `left` names what this browser keeps that it did not keep before: nothing, if all is well. */
export function SlipView({ slip, left, done }: { slip: Slip; left: string[]; done: () => void }): JSX.Element {
  const { words } = useApp();
  const { picture } = slip;
  return (
    <Screen title={words.t("helped-slip-title")}>
      {left.length === 0 ? <p class="notice good no-print">{words.t("helped-wiped")}</p>
        : <p class="notice bad no-print" role="alert">{words.t("helped-not-wiped", { names: left.join(", ") })}</p>}
      <article class="card slip" data-testid="slip">
        {Object.entries(slip.text).map(([language, { title, lines }]) => (
          <section key={language} lang={language}>
            <h2>{title}</h2>
            {lines.map((line) => <p key={line}>{line}</p>)}
          </section>
        ))}
        {picture !== undefined && (
          <svg class="code" viewBox={`0 0 ${picture.size} ${picture.size}`} role="img" aria-label={words.t("helped-slip-qr")} shape-rendering="crispEdges">
            <rect width={picture.size} height={picture.size} fill="#fff" /><path d={picture.path} fill="#000" />
          </svg>
        )}
        <Facts facts={[
          [words.t("helped-session"), <code class="digest">{slip.session}</code>],
          ...slip.consents.map((id): [string, JSX.Element] => [words.t("helped-slip-consent"), <code class="digest">{id}</code>]),
        ]} />
      </article>
      <div class="actions">
        <Button kind="main" onClick={() => globalThis.print()}>{words.t("helped-slip-print")}</Button>
        <Button onClick={done}>{words.t("helped-end")}</Button>
      </div>
    </Screen>
  );
}

/** Nothing is left. */
export function Ended(): JSX.Element {
  const { words } = useApp();
  return (
    <Screen title={words.t("helped-ended-title")}>
      <p class="notice good">{words.t("helped-ended-body")}</p>
    </Screen>
  );
}
