/** Speaking with one member, at the addresses that the directory gives it and nowhere else. */

import { untrusted } from "../fault.js";
import type { Member } from "../federation/chain.js";
import { send, type Reply } from "../federation/http.js";
import type { Shape } from "../json/shape.js";
import { LIMITS, parseStrict, type Limits } from "../json/strict.js";

/** A member that is spoken with. */
export class Party {
  constructor(readonly member: Member) {}

  /** Reads an address. */
  read(url: string): Promise<Reply> {
    return send(this.own(url), { method: "GET" }, this.member.entity);
  }

  /** Posts bytes of a media type. */
  post(url: string, media: string, body: string, headers: Record<string, string> = {}): Promise<Reply> {
    return send(this.own(url), { method: "POST", media, body, headers }, this.member.entity);
  }

  /** Posts a form. */
  form(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> {
    return this.post(url, "application/x-www-form-urlencoded", new URLSearchParams(fields).toString(), headers);
  }

  /** Posts JSON. */
  json(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.post(url, "application/json", JSON.stringify(body), headers);
  }

  /** Below the member's citizen endpoint. */
  citizen(path: string): string {
    return `${this.member.gateway.citizen_endpoint}/${path}`;
  }

  /** Beside the member's citizen endpoint, where an identity registry has its own. */
  beside(path: string): string {
    return `${this.member.gateway.citizen_endpoint.replace(/\/citizen\/v1$/, "")}/${path}`;
  }

  /** Only where the directory says this member listens for people: an answer must not lead the wallet elsewhere. */
  private own(address: string): URL {
    const url = parse(address);
    const listed = [this.member.entity, this.member.gateway.citizen_endpoint].map((known) => parse(known)?.origin);
    if (url === null || !listed.includes(url.origin)) throw untrusted(`${address} is no address of ${this.member.entity}`);
    return url;
  }
}

function parse(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/** The JSON of an answer. */
export function readJson<T>(reply: Reply, shape: Shape<T>, what: string, limits: Limits = LIMITS.answer): T {
  return shape(parseStrict(reply.text, limits), what);
}
