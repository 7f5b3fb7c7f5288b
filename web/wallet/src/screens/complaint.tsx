/** A complaint: a letter with everything that the department needs. The wallet writes it and sends nothing. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useLoaded, useWallet } from "../ui/context.js";
import { Button, Field, saveFile, Screen } from "../ui/parts.js";
import { keptUses } from "./use-row.js";

interface Facts {
  department: string;
  sentence: string;
}

/** Writes a letter. */
export function Complaint({ query }: { query: string }): JSX.Element {
  const { words, wallet, name, dataset, items, say } = useWallet();
  const [own, setOwn] = useState("");
  const values = new URLSearchParams(query);
  const [loaded] = useLoaded(async (): Promise<Facts | null> => {
    const use = (await keptUses(wallet)).find((one) => one.exchange === values.get("exchange"));
    if (use !== undefined) {
      const purpose = words.name(wallet.known.purposes[use.purpose], use.purpose);
      const what = `${dataset(use.provider, use.dataset)}: ${items(use.provider, use.dataset, use.fields)}`;
      const args = { date: words.moment(use.at), consumer: name(use.consumer), provider: name(use.provider), items: what, purpose, exchange: use.exchange };
      return { department: use.consumer, sentence: words.t("complaint-facts", args) };
    }
    const consent = await wallet.vault.consent(values.get("consent") ?? "");
    if (consent === undefined) return null;
    const args = {
      date: words.moment(consent.validFrom), consumer: name(consent.consumer), provider: name(consent.provider), items: items(consent.provider, consent.dataset, consent.fields), consent: consent.id,
    };
    return { department: consent.consumer, sentence: words.t("complaint-consent-facts", args) };
  }, [query, words]);
  const facts = loaded.state === "done" ? loaded.value : null;
  const letter = facts === null ? "" : [
    words.t("complaint-to", { department: name(facts.department) }), "", words.t("complaint-subject"), "", facts.sentence, "",
    ...(own.trim() === "" ? [] : [own.trim(), ""]), words.t("complaint-ask"), "", words.date(Math.floor(Date.now() / 1000)), "",
    words.t("complaint-address", { address: facts.department }),
  ].join("\n");
  return (
    <Screen title={words.t("complaint-title")} back="/uses">
      <p>{words.t("complaint-body")}</p>
      <Field label={words.t("complaint-words")} value={own} onInput={setOwn} multiline />
      {facts !== null && (
        <section>
          <h2>{words.t("complaint-letter")}</h2>
          <div class="letter">{letter}</div>
          <div class="actions">
            {"share" in navigator && <Button kind="main" onClick={() => void navigator.share({ text: letter }).catch(() => undefined)}>{words.t("share")}</Button>}
            <Button onClick={() => void navigator.clipboard.writeText(letter).then(() => say(words.t("copied")))}>{words.t("copy")}</Button>
            <Button onClick={() => saveFile("complaint.txt", "text/plain", letter)}>{words.t("save-file")}</Button>
          </div>
        </section>
      )}
    </Screen>
  );
}
