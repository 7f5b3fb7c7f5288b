/** Help: language and digits, how it works, another phone, the lock, and which program this is. */

import type { JSX } from "preact";
import { buildDigest } from "../build.js";
import type { Language } from "../consent/words.js";
import type { Numerals } from "../store/settings.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Choice, Code, Facts, Screen } from "../ui/parts.js";
import { LockHelp } from "./help-lock.js";
import { PhoneHelp } from "./help-phone.js";

/** Help. */
export function Help(): JSX.Element {
  const { words, settings, change } = useWallet();
  return (
    <Screen title={words.t("help-title")}>
      <section>
        <h2>{words.t("help-how")}</h2>
        <ol>{[1, 2, 3].map((at) => <li key={at}>{words.t(`help-how-${at}`)}</li>)}</ol>
      </section>
      <section>
        <Choice<Language> quiet legend={words.t("help-language")} value={settings.language} onChange={(language) => change({ language })}
          options={[{ value: "hi", label: words.t("help-language-hi"), lang: "hi" }, { value: "en", label: words.t("help-language-en"), lang: "en" }]} />
        <Choice<Numerals> quiet legend={words.t("help-numerals")} value={settings.numerals} onChange={(numerals) => change({ numerals })}
          options={[{ value: "latn", label: words.t("help-numerals-latn") }, { value: "deva", label: words.t("help-numerals-deva") }]} />
      </section>
      <PhoneHelp />
      <LockHelp />
      <About />
    </Screen>
  );
}

function About(): JSX.Element {
  const { words, wallet, name } = useWallet();
  const [loaded] = useLoaded(async () => ({
    pin: await wallet.pin().catch(() => null),
    build: await buildDigest().catch(() => null),
    kept: (await navigator.storage?.persisted?.()) ?? false,
    holder: await wallet.holder(),
  }), [wallet]);
  if (loaded.state !== "done") return <></>;
  const { pin, build, kept, holder } = loaded.value;
  const unchecked = wallet.known.unchecked ?? [];
  return (
    <section>
      <h2>{words.t("help-about")}</h2>
      <Facts facts={[
        [words.t("help-name"), holder ?? words.t("help-name-none")],
        [words.t("help-kept"), words.t(kept ? "help-kept-yes" : "help-kept-no")],
        [words.t("help-federation"), pin?.anchor ?? "–"],
        [words.t("help-fingerprint"), <Code>{pin?.fingerprint ?? "–"}</Code>],
        ...(unchecked.length === 0 ? [] : [[words.t("help-unchecked"), unchecked.map(name).join(", ")] as [string, string]]),
        [words.t("help-build"), <Code>{build ?? words.t("help-build-unknown")}</Code>],
      ]} />
    </section>
  );
}
