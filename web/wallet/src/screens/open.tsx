/** Scan or open: the camera, or a pasted link. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { recognise } from "../openid/links.js";
import { useWallet } from "../ui/context.js";
import { Button, Field, Screen } from "../ui/parts.js";
import { go } from "../ui/route.js";

/** Scan or open. */
export function Open(): JSX.Element {
  const { words } = useWallet();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const use = (found: string): boolean => {
    const link = recognise(found, location.origin);
    if (link === null) {
      setWrong(words.t("open-nothing"));
      return false;
    }
    go(`/${link.kind}?${link.query}`);
    return true;
  };
  const submit = (event: Event) => {
    event.preventDefault();
    use(text);
  };
  return (
    <Screen title={words.t("open-title")}>
      <p>{words.t("open-body")}</p>
      <Camera onText={use} />
      <form onSubmit={submit} noValidate>
        <Field label={words.t("open-paste-label")} value={text} onInput={setText} error={wrong} inputMode="url" multiline />
        <div class="actions"><Button kind="main" type="submit">{words.t("open-paste-go")}</Button></div>
      </form>
    </Screen>
  );
}

type CameraState = "off" | "on" | "none";

/** The camera, and whatever reads QR codes here. */
export function Camera({ onText }: { onText: (text: string) => boolean }): JSX.Element {
  const { words } = useWallet();
  const [state, setState] = useState<CameraState>("off");
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (state !== "on" || video.current === null) return undefined;
    const stopping = new AbortController();
    void look(video.current, onText, stopping.signal).catch(() => setState("none"));
    return () => stopping.abort();
  }, [state]);
  return (
    <div class="camera">
      {state === "on" && <video ref={video} muted playsInline aria-label={words.t("open-picture")} />}
      {state === "on" && <p class="small" role="status">{words.t("open-looking")}</p>}
      {state === "none" && <p class="notice bad" role="alert">{words.t("open-camera-none")}</p>}
      <div class="actions">
        <Button kind={state === "on" ? "plain" : "main"} onClick={() => setState(state === "on" ? "off" : "on")}>
          {words.t(state === "on" ? "open-camera-stop" : "open-camera")}
        </Button>
      </div>
    </div>
  );
}

/** Looks for a code until one is found that the wallet knows. The decoder is fetched only where the browser has none. */
async function look(video: HTMLVideoElement, onText: (text: string) => boolean, signal: AbortSignal): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  if (signal.aborted) return stop();
  signal.addEventListener("abort", stop);
  video.srcObject = stream;
  await video.play();
  const { reader } = await import("../scan/reader.js");
  const read = await reader();
  let last = "";
  while (!signal.aborted) {
    const found = await read(video);
    if (found !== null && found !== last && onText(found)) return stop();
    last = found ?? last;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
