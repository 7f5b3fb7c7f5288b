/** For those who want to know: the digests of what she signs, and of what a department signed. */

import type { ComponentChildren, JSX } from "preact";
import { digest } from "../bytes.js";
import type { Decided } from "../citizen/kept-benefits.js";
import { cardText } from "../consent/card.js";
import type { Shown } from "../consent/grant.js";
import type { VerifiedRequest } from "../openid/request.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Button, Code, Facts, saveFile } from "../ui/parts.js";

/** What was signed, by name, for those who open it. */
function Digests({ summary, body, of, keys, children }: {
  summary: string; body: string; of: () => Promise<[string, string][]>; keys: unknown[]; children?: ComponentChildren;
}): JSX.Element {
  const [loaded] = useLoaded(of, keys);
  return (
    <details>
      <summary>{summary}</summary>
      <p>{body}</p>
      {loaded.state === "done" && <Facts facts={loaded.value.map(([name, one]) => [name, <Code>{one}</Code>])} />}
      {children}
    </details>
  );
}

/** The signed records of a decision, and a copy of them to keep. */
export function SignedRecords({ decided }: { decided: Decided }): JSX.Element {
  const { words } = useWallet();
  const { decision, member, records, signed } = decided;
  const named = () => Promise.all(records.map(async (record, at) => [words.t("benefit-record", { number: at + 1 }), await digest(record)] as [string, string]));
  return (
    <Digests summary={words.t("benefit-records")} body={words.t(signed ? "benefit-records-body" : "benefit-records-behind")} of={named} keys={[words, ...records]}>
      <Button onClick={() => saveFile(`decision-${decision}.json`, "application/json", JSON.stringify({ decision, member, records }))}>
        {words.t("consent-keep")}
      </Button>
    </Digests>
  );
}

/** The digests. */
export function SignedThings({ request, shown, build }: { request: VerifiedRequest; shown: Shown; build: string }): JSX.Element {
  const { words } = useWallet();
  const named = async (): Promise<[string, string][]> => [
    [words.t("request-digest-card"), await digest(cardText(shown.lines))],
    [words.t("request-digest-request"), await digest(request.object)],
    [words.t("request-digest-purpose"), await digest(request.purpose.text[shown.language] ?? "")],
    [words.t("request-digest-wallet"), build],
  ];
  return <Digests summary={words.t("request-signed-things")} body={words.t("request-signed-body")} of={named} keys={[request, shown, words]} />;
}
