import assert from "node:assert/strict";
import { test } from "node:test";
import { after, civilDay, dayText, daysAtMost, ends, instantText, parseDay, parseDuration, secondsOf } from "../src/consent/calendar.js";

const at = (text: string) => secondsOf(text);

test("a consent ends at the same time of day, on a day that exists", () => {
  assert.equal(ends("P90D", 1_795_248_100), 1_795_248_100 + 90 * 86_400);
  assert.equal(instantText(ends("P1M", at("2027-01-31T06:30:00Z"))), "2027-02-28T06:30:00Z");
  assert.equal(instantText(ends("P1Y", at("2028-02-29T06:30:00Z"))), "2029-02-28T06:30:00Z");
  assert.equal(instantText(ends("P2W", at("2026-12-25T20:00:00Z"))), "2027-01-08T20:00:00Z");
});

test("the civil day is that of Asia/Kolkata", () => {
  assert.equal(dayText(civilDay(at("2026-11-21T18:29:59Z"))), "2026-11-21");
  assert.equal(dayText(civilDay(at("2026-11-21T18:30:00Z"))), "2026-11-22");
  assert.equal(dayText(after("P13M", parseDay("2026-12-31"))), "2028-01-31");
});

test("durations have one unit and no leading zero; days exist", () => {
  assert.deepEqual(parseDuration("P6M"), { count: 6, unit: "M" });
  for (const bad of ["P", "P0D", "P01D", "P1", "1D", "P1DT1H", "P10000D", "P1H", "P-1D"]) assert.throws(() => parseDuration(bad), bad);
  for (const bad of ["2026-02-30", "2026-13-01", "2026-00-10"]) assert.throws(() => parseDay(bad), bad);
  assert.deepEqual(["P1D", "P2W", "P3M", "P1Y"].map(daysAtMost), [1, 14, 93, 366]);
});
