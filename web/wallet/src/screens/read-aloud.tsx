/** Reads the card aloud, by a voice that the phone has itself: nothing of the card goes to a voice service. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CardLine } from "../consent/card.js";
import { useWallet } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { Button } from "../ui/parts.js";
import { voiceFor } from "../wallet.js";

/** Reads aloud, and stops. */
export function ReadAloud({ lines }: { lines: CardLine[] }): JSX.Element {
  const { words, say } = useWallet();
  const [reading, setReading] = useState(false);
  const stop = () => {
    globalThis.speechSynthesis?.cancel();
    setReading(false);
  };
  useEffect(() => stop, [words.language]);
  const start = async () => {
    const voice = await voiceFor(words.language);
    if (voice === null) return say(words.t("request-no-voice"));
    // Line by line: long texts end early in some browsers.
    const texts = lines.flatMap((line) => [`${line.title}${line.body}`, ...line.items]).filter((text) => text !== "");
    texts.forEach((text, at) => {
      const spoken = Object.assign(new SpeechSynthesisUtterance(text), { voice, lang: voice.lang, rate: 0.9 });
      if (at === texts.length - 1) spoken.onend = () => setReading(false);
      speechSynthesis.speak(spoken);
    });
    setReading(true);
  };
  return (
    <div class="actions">
      <Button kind="quiet" onClick={reading ? stop : () => void start()}><Icon name="speak" />{words.t(reading ? "request-read-stop" : "request-read")}</Button>
    </div>
  );
}
