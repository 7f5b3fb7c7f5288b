/**
 * Shapes of messages: a value is read as a type, or refused with the place where it differs.
 *
 * Guarantees: `closed` objects have no member that is not named; `open` ones drop what is not named. Values are never quoted
 * in an error.
 */

import { untrusted } from "../fault.js";
import type { Json } from "./strict.js";

/** Reads a value as a `T`. */
export type Shape<T> = (value: Json | undefined, place: string) => T;
/** The type that a shape reads. */
export type Of<S> = S extends Shape<infer T> ? T : never;
type Members = Record<string, Shape<unknown>>;
type Read<M extends Members> = { [K in keyof M]: Of<M[K]> };

function refuse(place: string, wanted: string): never {
  throw untrusted(`${place} is not ${wanted}`);
}

/** A text, of a pattern where one is given. */
export function text(pattern: RegExp = /^[^]*$/): Shape<string> {
  return (value, place) => (typeof value === "string" && pattern.test(value) ? value : refuse(place, "such a text"));
}

/** One of these texts. */
export function word<const W extends string>(...words: W[]): Shape<W> {
  return (value, place) => words.find((known) => known === value) ?? refuse(place, "one of the known words");
}

/** A whole number. */
export function integer(least = 0, most: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  const within = (value: unknown): value is number => typeof value === "number" && value >= least && value <= most;
  return (value, place) => (within(value) ? value : refuse(place, "such a number"));
}

/** True or false. */
export const flag: Shape<boolean> = (value, place) =>
  typeof value === "boolean" ? value : refuse(place, "true or false");

/** Anything. */
export const anything: Shape<Json> = (value, place) => (value === undefined ? refuse(place, "there") : value);

/** A list. */
export function list<T>(item: Shape<T>): Shape<T[]> {
  return (value, place) =>
    Array.isArray(value) ? value.map((one, at) => item(one, `${place}[${at}]`)) : refuse(place, "a list");
}

/** A map with values of one kind. */
export function map<T>(item: Shape<T>): Shape<Record<string, T>> {
  return (value, place) => {
    if (!isObject(value)) return refuse(place, "an object");
    const read = Object.create(null) as Record<string, T>;
    for (const [name, one] of Object.entries(value)) read[name] = item(one, `${place}.${name}`);
    return read;
  };
}

/** May be missing. */
export function maybe<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, place) => (value === undefined ? undefined : shape(value, place));
}

/** May be null or missing. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, place) => (value === null || value === undefined ? null : shape(value, place));
}

/** An object with these members and no others. */
export function closed<M extends Members>(members: M): Shape<Read<M>> {
  const read = open(members);
  return (value, place) => {
    const unknown = isObject(value) ? Object.keys(value).find((name) => !(name in members)) : undefined;
    return unknown === undefined ? read(value, place) : refuse(`${place}.${unknown}`, "a member that is known");
  };
}

/** An object with these members; others are dropped. */
export function open<M extends Members>(members: M): Shape<Read<M>> {
  return (value, place) => {
    if (!isObject(value)) return refuse(place, "an object");
    const read: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(members)) {
      const one = shape(value[name], `${place}.${name}`);
      if (one !== undefined) read[name] = one;
    }
    return read as Read<M>;
  };
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** https URL without user, query, fragment or trailing slash, spelled in one way. */
export const entityId: Shape<string> = (value, place) => {
  const id = text(/^https:\/\/[^\s?#@]{1,248}$/)(value, place);
  return URL.canParse?.(id) !== false && new URL(id).href.replace(/\/+$/, "") === id ? id : refuse(place, "an entity id");
};
/** UUID of version 7. */
export const messageIdText = text(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
/** `urn:uuid:` and a UUID of version 7. */
export const consentId = text(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
/** Parts in lower case, joined by dots. */
export const dotted = text(/^(?=.{1,128}$)[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*$/);
/** A field. */
export const fieldName = text(/^[a-z][a-z0-9_]{0,63}$/);
/** A sector. */
export const sector = text(/^[a-z][a-z0-9_]{0,31}$/);
/** A slug of a version or a law. */
export const slug = text(/^[A-Za-z0-9._-]{1,64}$/);
/** A thumbprint. */
export const keyId = text(/^[A-Za-z0-9_-]{43}$/);
/** A digest. */
export const digestText = text(/^sha256:[0-9a-f]{64}$/);
/** A JWS, not verified. */
export const compactJws = text(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
/** An instant. */
export const instant = text(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
/** A civil date. */
export const civilDate = text(/^\d{4}-\d{2}-\d{2}$/);
/** `P90D`. */
export const duration = text(/^P[1-9][0-9]{0,3}[DWMY]$/);
/** Seconds since 1970. */
export const numericDate = integer(0, 253_402_300_799);
