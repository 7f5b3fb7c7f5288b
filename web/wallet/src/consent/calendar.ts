/** Civil days in Asia/Kolkata and calendar durations, as the federation counts them (protocol, "Times"). */

import { untrusted } from "../fault.js";

/** UTC+05:30, without daylight saving since 1945. */
const KOLKATA = 19_800;
const DAY = 86_400;

/** A day of the civil calendar. */
export interface Day {
  year: number;
  month: number;
  day: number;
}

/** The instant as RFC 3339 with whole seconds. */
export function instantText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** Seconds of such an instant. */
export function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}

/** The civil day of an instant. */
export function civilDay(seconds: number): Day {
  const date = new Date((seconds + KOLKATA) * 1000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The instant at which a day begins. */
export function startOf(day: Day): number {
  return Math.floor(Date.UTC(day.year, day.month - 1, day.day) / 1000) - KOLKATA;
}

/** The civil day of an instant, written. */
export function dayOf(seconds: number): string {
  return dayText(civilDay(seconds));
}

/** Reads `YYYY-MM-DD`. */
export function parseDay(text: string): Day {
  const [year = 0, month = 0, day = 0] = text.split("-").map(Number);
  const read = { year, month, day };
  if (dayText(civilDay(startOf(read))) !== text) throw untrusted("a day does not exist");
  return read;
}

/** Writes `YYYY-MM-DD`. */
export function dayText({ year, month, day }: Day): string {
  return [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
}

/** A count and one of day, week, month, year. */
export interface Duration {
  count: number;
  unit: "D" | "W" | "M" | "Y";
}

/** Reads `P90D`. */
export function parseDuration(text: string): Duration {
  const found = /^P([1-9][0-9]{0,3})([DWMY])$/.exec(text);
  if (found === null) throw untrusted("a duration is not written P90D, P2W, P1M or P1Y");
  return { count: Number(found[1]), unit: found[2] as Duration["unit"] };
}

/** That long after a day; a month's last day where the day does not exist. */
export function after(duration: string, from: Day): Day {
  const { count, unit } = parseDuration(duration);
  if (unit === "D" || unit === "W") {
    return civilDay(startOf(from) + count * (unit === "W" ? 7 : 1) * DAY);
  }
  const months = from.year * 12 + (from.month - 1) + count * (unit === "Y" ? 12 : 1);
  const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { year, month, day: Math.min(from.day, last) };
}

/** The longest that a duration can be, in days: what bounds are compared by (a month counts 31, a year 366). */
export function daysAtMost(duration: string): number {
  const { count, unit } = parseDuration(duration);
  return count * { D: 1, W: 7, M: 31, Y: 366 }[unit];
}

/** When a consent ends that begins now: so many calendar days later, at the same time of day. */
export function ends(validity: string, from: number): number {
  const first = civilDay(from);
  return startOf(after(validity, first)) + (from - startOf(first));
}
