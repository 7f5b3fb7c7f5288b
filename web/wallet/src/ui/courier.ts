/** Carries what waits: orders that a party has not confirmed yet go out again by themselves while the wallet is open. */

/** Milliseconds to the first new try; each one that is in vain doubles it. */
export const FIRST = 2_000;
/** Milliseconds between two tries at the most, and between two looks where nothing waits. */
export const MOST = 60_000;

/** Runs something later; what it returns calls that off. */
export type Later = (run: () => void, ms: number) => () => void;

const later: Later = (run, ms) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** Sends now, and again until it is ended; `send` tells how many deliveries are left. Returns what ends it. */
export function carry(send: () => Promise<number>, wait: Later = later): () => void {
  let ended = false;
  let pause = FIRST;
  let callOff = () => {};
  const round = async () => {
    // Whoever cannot be reached is asked again like whoever has not confirmed.
    const left = await send().catch(() => 1);
    if (ended) return;
    callOff = wait(() => void round(), left > 0 ? pause : MOST);
    pause = left > 0 ? Math.min(2 * pause, MOST) : FIRST;
  };
  void round();
  return () => {
    ended = true;
    callOff();
  };
}
