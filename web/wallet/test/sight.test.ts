// Locked after five minutes out of sight, by the clock and not by timers that a frozen page does not run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OUT_OF_SIGHT, watchSight } from "../src/ui/sight.js";

function watched() {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const state = { now: 1_000_000, locks: 0, page, window: new EventTarget() };
  const stop = watchSight({ page, window: state.window, now: () => state.now }, () => { state.locks += 1; });
  const turn = (hidden: boolean) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  return { state, stop, turn };
}

test("a page that was frozen is locked when it comes back after five minutes, not before", () => {
  for (const [away, locks] of [[OUT_OF_SIGHT - 1, 0], [OUT_OF_SIGHT, 1], [-1, 1]] as const) {
    const { state, stop, turn } = watched();
    turn(true);
    state.now += away;
    turn(false);
    assert.equal(state.locks, locks, `${away} ms away`);
    stop();
  }
});

test("a page that is shown from the browser's memory is locked too, once", () => {
  const { state, stop, turn } = watched();
  turn(true);
  state.now += OUT_OF_SIGHT;
  state.page.hidden = false;
  state.window.dispatchEvent(new Event("pageshow"));
  turn(false);
  assert.equal(state.locks, 1);
  stop();
});

test("each time out of sight counts for itself, and nothing after the watch ended", () => {
  const { state, stop, turn } = watched();
  for (let time = 0; time < 3; time++) {
    turn(true);
    state.now += OUT_OF_SIGHT / 2;
    turn(false);
  }
  assert.equal(state.locks, 0);
  turn(true);
  stop();
  state.now += OUT_OF_SIGHT;
  turn(false);
  assert.equal(state.locks, 0);
});
