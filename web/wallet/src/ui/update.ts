/** A newer build waits until she says so: what runs is always one whole build, the one whose digest her consents name. */

import { useEffect, useState } from "preact/hooks";

/** Uses the newer build, if there is one. */
export type Update = (() => void) | null;

/** Whether a newer build waits. */
export function useUpdate(): Update {
  const [waiting, setWaiting] = useState<ServiceWorker | null>(null);
  useEffect(() => {
    if (!("serviceWorker" in navigator)) return;
    const controlled = navigator.serviceWorker.controller !== null;
    // First the page, then its files for reading offline.
    void loaded().then(() => navigator.serviceWorker.register("/sw.js", { type: "classic", updateViaCache: "none" })).then((registration) => {
      const look = () => { if (controlled && registration.waiting !== null) setWaiting(registration.waiting); };
      look();
      registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
    }).catch(() => undefined);
  }, []);
  if (waiting === null) return null;
  return () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage("use");
  };
}

function loaded(): Promise<void> {
  if (document.readyState === "complete") return Promise.resolve();
  return new Promise((resolve) => addEventListener("load", () => resolve(), { once: true }));
}
