/**
 * What the wallet keeps about her: bindings, consents with their orders, histories, notices, decisions, objections. Sealed under the data key of an open lock.
 *
 * Guarantees: each record is sealed with its own place as associated data, so that none can be put in another's place; keys are kept before
 * anything that names them; consents are kept before they leave, so that she can always revoke what she signed.
 */

import { fromUtf8, randomBytes, utf8, type Bytes } from "../bytes.js";
import { Fault } from "../fault.js";
import type { Mark } from "../federation/chain.js";
import type { Marks } from "../federation/directory.js";
import { generateKey, signingKey, type SigningKey } from "../jose/keys.js";
import type { Database } from "./idb.js";

/** What a key and its binding are for: one department that asks, departments that only answer, or one that will come to ask. */
export type Use = { kind: "consumer"; consumer: string } | { kind: "general"; consumer?: never } | { kind: "spare"; consumer?: never };

/** A key's binding, with all its disclosures. */
export interface BoundKey {
  kid: string;
  use: Use;
  registry: string;
  token: string;
}

/** What holds for a consent, as she ordered it last. */
export type Status = "active" | "paused" | "revoked";
/** What she can order. */
export type Action = "revoke" | "pause" | "resume" | "shorten";

/** An order, who acknowledged it, and who refused it last. */
export interface SentOrder {
  order: string;
  action: Action;
  at: number;
  until: string | null;
  /** What was signed before it was refused and signed anew; an acknowledgement may name one of these. */
  earlier?: string[];
  acknowledged: { party: string; ack: string }[];
  refused: { party: string; code: string | null }[];
}

/** A consent that she gave. */
export interface KeptConsent {
  id: string;
  consent: string;
  kid: string;
  consumer: string;
  provider: string;
  purpose: string;
  dataset: string;
  fields: string[];
  /** For whom: `null` for herself, else the ward's name as the wallet shows it. */
  ward: string | null;
  validFrom: number;
  validUntil: number;
  maxUses: number;
  /** The card as she read it, its language, and when. */
  text: string;
  language: string;
  shownAt: number;
  delivered: boolean;
  status: Status;
  n: number;
  orders: SentOrder[];
}

/** An objection that she signed, and what the department gave for it. */
export interface KeptObjection {
  id: string;
  member: string;
  decision: string;
  /** The number on the letters. */
  case: string;
  /** Why, in her words. */
  words: string;
  at: number;
  order: string;
  /**
   * The number on her slip, `null` where the answer with it was lost, and the signed record that it was taken; `known`: the department had it, and
   * nothing new was added.
   */
  taken: { slip: string | null; record: string; known?: boolean } | null;
  /** That the department does not take it; it is not sent again. Why, by its code. */
  refused: boolean;
  code?: string | null;
  /** How many records of the decision there were before it went out first; `null` where it went out and nobody could look before. */
  seen?: number | null;
}

/** A request that she opened and has not answered. */
export interface OpenedRequest {
  /** What its link says. */
  query: string;
  consumer: string;
  expires: number;
}

interface Sealed {
  iv: Bytes;
  content: Bytes;
}

/** The open vault. */
export class Vault implements Marks {
  private readonly watching = new Set<() => void>();

  constructor(readonly database: Database, private readonly key: CryptoKey) {}

  /** Reads a sealed record. */
  async read<T>(name: string): Promise<T | undefined> {
    const sealed = await this.database.get<Sealed>("sealed", name);
    if (sealed === undefined) return undefined;
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: utf8(name) }, this.key, sealed.content);
    return JSON.parse(fromUtf8(new Uint8Array(opened))) as T;
  }

  private async seal(name: string, value: unknown) {
    const iv = randomBytes(12);
    const content = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(name) }, this.key, utf8(JSON.stringify(value)));
    const sealed: Sealed = { iv, content: new Uint8Array(content) };
    return { store: "sealed" as const, key: name, value: sealed };
  }

  /** Writes a sealed record. */
  async write(name: string, value: unknown): Promise<void> {
    await this.database.put([await this.seal(name, value)]);
  }

  /** Forgets a record. */
  async forget(name: string): Promise<void> {
    await this.database.put([{ store: "sealed", key: name, value: undefined }]);
  }

  /** All records whose names begin so. */
  async all<T>(prefix: string): Promise<T[]> {
    const names = await this.database.keys("sealed", prefix);
    const read = await Promise.all(names.map((name) => this.read<T>(name)));
    return read.filter((one): one is Awaited<T> & T => one !== undefined);
  }

  /** Keeps a key pair; its private part stays in the browser. */
  async keepKey(key: SigningKey): Promise<void> {
    await this.database.put([{ store: "keys", key: key.kid, value: key.pair }]);
  }

  /** One of the wallet's keys. */
  async signingKey(kid: string): Promise<SigningKey> {
    const pair = await this.database.get<CryptoKeyPair>("keys", kid);
    if (pair === undefined) throw new Fault("unbound", "a key of this wallet is missing");
    return signingKey(pair);
  }

  /** All bindings. */
  async bindings(): Promise<BoundKey[]> {
    return (await this.read<BoundKey[]>("bindings")) ?? [];
  }

  /** Keeps more bindings, in the place of those that ended and were for the same; the keys of the old ones stay, for orders. */
  addBindings(more: BoundKey[], ended: ReadonlySet<string> = new Set()): Promise<void> {
    const replaced = (old: BoundKey) => ended.has(old.kid) && more.some(({ use }) => use.kind === old.use.kind && use.consumer === old.use.consumer);
    return alone(async () => this.write("bindings", [...(await this.bindings()).filter((old) => !replaced(old)), ...more]));
  }

  /** The one key by which a registry knows this phone, made at its first invitation: another key would be another phone. */
  phoneKey(registry: string): Promise<SigningKey> {
    return alone(async () => {
      const name = `phone-key:${registry}`;
      const kid = await this.read<string>(name);
      if (kid !== undefined) return this.signingKey(kid);
      const key = await generateKey();
      await this.keepKey(key);
      await this.write(name, key.kid);
      return key;
    });
  }

  /** Her key for a department that asks; at its first request a spare one becomes its own for ever. */
  bindingFor(consumer: string): Promise<BoundKey> {
    return alone(async () => {
      const bindings = await this.bindings();
      const own = bindings.find((bound) => bound.use.consumer === consumer) ?? bindings.find((bound) => bound.use.kind === "spare");
      if (own === undefined) throw new Fault("unbound", `the wallet has no key for ${consumer}`);
      own.use = { kind: "consumer", consumer };
      await this.write("bindings", bindings);
      return own;
    });
  }

  /** A consent. */
  consent(id: string): Promise<KeptConsent | undefined> {
    return this.read<KeptConsent>(`consent:${id}`);
  }

  /** All consents, newest first. */
  async consents(): Promise<KeptConsent[]> {
    const all = await this.all<KeptConsent>("consent:");
    return all.sort((one, two) => two.validFrom - one.validFrom || (one.id < two.id ? 1 : -1));
  }

  /** Keeps consents, all or none; who watches hears of it. */
  async keepConsents(consents: KeptConsent[]): Promise<void> {
    await this.database.put(await Promise.all(consents.map((one) => this.seal(`consent:${one.id}`, one))));
    this.changed();
  }

  /** Keeps an objection; who watches hears of it. */
  async keepObjection(kept: KeptObjection): Promise<void> {
    await this.write(`objection:${kept.decision}:${kept.id}`, kept);
    this.changed();
  }

  /** Changes an objection while no other tab does; apart from all else, which a department that hangs may hold up. */
  changeObjection({ decision, id }: KeptObjection, change: (kept: KeptObjection) => void): Promise<KeptObjection> {
    return alone(async () => {
      const kept = await this.read<KeptObjection>(`objection:${decision}:${id}`);
      if (kept === undefined) throw new Fault("input", "the wallet has no such objection");
      change(kept);
      await this.keepObjection(kept);
      return kept;
    }, `objection:${id}`);
  }

  /** Her objections to one decision, or to all, oldest first. */
  async objections(decision?: string): Promise<KeptObjection[]> {
    const kept = await this.all<KeptObjection>(decision === undefined ? "objection:" : `objection:${decision}:`);
    return kept.sort((one, two) => one.at - two.at || (one.id < two.id ? -1 : 1));
  }

  /** Tells who watches that a consent, a decision or an objection changed. */
  changed(): void {
    for (const heard of this.watching) heard();
  }

  /** Calls after each such change by this vault, until what it returns is called. */
  watch(heard: () => void): () => void {
    this.watching.add(heard);
    return () => void this.watching.delete(heard);
  }

  /** Changes a consent while no other tab does; each by itself, because its orders are sent meanwhile. */
  changeConsent(id: string, change: (consent: KeptConsent) => void | Promise<void>): Promise<KeptConsent> {
    return alone(async () => {
      const consent = await this.consent(id);
      if (consent === undefined) throw new Fault("input", "the wallet has no such consent");
      await change(consent);
      await this.keepConsents([consent]);
      return consent;
    }, `consent:${id}`);
  }

  /** Works while no other tab, and nothing else in this one, works under the same name. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    return alone(work, name);
  }

  /** The greatest statement seen of an entity; public matter. */
  readMark(entity: string): Promise<Mark | undefined> {
    return this.database.get<Mark>("plain", `mark:${entity}`);
  }

  /** Keeps the greatest statement seen. */
  writeMark(entity: string, mark: Mark): Promise<void> {
    return this.database.put([{ store: "plain", key: `mark:${entity}`, value: mark }]);
  }
}

/** Lets one tab at a time change what it read. */
function alone<T>(work: () => Promise<T>, name = "wallet"): Promise<T> {
  return typeof navigator !== "undefined" && "locks" in navigator ? (navigator.locks.request(`vinimay-${name}`, work) as Promise<T>) : work();
}
