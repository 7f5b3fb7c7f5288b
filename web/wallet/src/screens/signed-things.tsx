/** For those who want to know: the digests that her signature covers. */

import type { JSX } from "preact";
import { digest } from "../bytes.js";
import { cardText } from "../consent/card.js";
import type { Shown } from "../consent/grant.js";
import type { VerifiedRequest } from "../openid/request.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Code, Facts } from "../ui/parts.js";

/** The digests. */
export function SignedThings({ request, shown, build }: { request: VerifiedRequest; shown: Shown; build: string }): JSX.Element {
  const { words } = useWallet();
  const [loaded] = useLoaded(async () => ({
    card: await digest(cardText(shown.lines)),
    request: await digest(request.object),
    purpose: await digest(request.purpose.text[shown.language] ?? ""),
  }), [request, shown]);
  return (
    <details>
      <summary>{words.t("request-signed-things")}</summary>
      <p>{words.t("request-signed-body")}</p>
      {loaded.state === "done" && (
        <Facts facts={[
          [words.t("request-digest-card"), <Code>{loaded.value.card}</Code>],
          [words.t("request-digest-request"), <Code>{loaded.value.request}</Code>],
          [words.t("request-digest-purpose"), <Code>{loaded.value.purpose}</Code>],
          [words.t("request-digest-wallet"), <Code>{build}</Code>],
        ]} />
      )}
    </details>
  );
}
