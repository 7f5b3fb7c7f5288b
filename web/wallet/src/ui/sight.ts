/**
 * Locks the wallet when it was out of sight for too long.
 *
 * Guarantees: a page that the phone froze, whose timers stood still, is locked the moment it comes back; a clock that went backwards locks too.
 */

/** Locked after so long out of sight, milliseconds. */
export const OUT_OF_SIGHT = 5 * 60_000;

/** What of the page is watched. */
export interface Sight {
  page: EventTarget & { readonly hidden: boolean };
  window: EventTarget;
  now: () => number;
}

/** Watches until the result is called. */
export function watchSight({ page, window, now }: Sight, lock: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let since: number | null = page.hidden ? now() : null;
  const back = () => {
    const away = since === null ? 0 : now() - since;
    since = null;
    if (away < 0 || away >= OUT_OF_SIGHT) lock();
  };
  const sight = () => {
    clearTimeout(timer);
    if (!page.hidden) return back();
    since ??= now();
    timer = setTimeout(lock, OUT_OF_SIGHT);
  };
  const events = [[page, "visibilitychange"], [window, "pageshow"]] as const;
  for (const [target, event] of events) target.addEventListener(event, sight);
  return () => {
    clearTimeout(timer);
    for (const [target, event] of events) target.removeEventListener(event, sight);
  };
}
