// What waits goes out again, later each time, until it is confirmed; and nothing goes out after the wallet was closed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST, MOST, carry, type Later } from "../src/ui/courier.js";

/** Sends that end as told, and a clock that the test turns. */
function courier(...ends: (number | Error)[]) {
  const state = { sent: 0, pauses: [] as number[], next: null as (() => void) | null };
  const later: Later = (run, ms) => {
    state.pauses.push(ms);
    state.next = run;
    return () => { state.next = null; };
  };
  const send = async () => {
    const end = ends[state.sent];
    state.sent += 1;
    if (end instanceof Error) throw end;
    return end ?? 0;
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const end = carry(send, later);
  const turn = async () => {
    state.next?.();
    await settled();
  };
  return { state, end, turn, settled };
}

test("what a party has not confirmed goes out again, later each time, then it is looked at now and then", async () => {
  const { state, turn, settled, end } = courier(2, new Error("no network"), 1, 0, 0);
  await settled();
  for (let round = 0; round < 4; round += 1) await turn();
  assert.deepEqual(state.pauses, [FIRST, 2 * FIRST, 4 * FIRST, MOST, MOST]);
  assert.equal(state.sent, 5);
  end();
});

test("no pause grows beyond the longest one, and a new order begins with the shortest", async () => {
  const { state, turn, settled, end } = courier(1, 1, 1, 1, 1, 1, 1, 0, 1);
  await settled();
  for (let round = 0; round < 8; round += 1) await turn();
  assert.deepEqual(state.pauses.slice(4), [16 * FIRST, MOST, MOST, MOST, FIRST]);
  end();
});

test("a wallet that was closed sends nothing, not even when a try was under way", async () => {
  const { state, turn, settled, end } = courier(1, 1);
  end();
  await settled();
  await turn();
  assert.deepEqual([state.sent, state.pauses], [1, []]);
  const other = courier(1, 1);
  await other.settled();
  other.end();
  await other.turn();
  assert.deepEqual([other.state.sent, other.state.pauses], [1, [FIRST]]);
});
