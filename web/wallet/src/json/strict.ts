/**
 * JSON as signed things may hold it: no member twice, no floats, bounded depth, members and strings.
 *
 * Guarantees: what is returned was read by this parser alone, so that no other reader can see another value; objects have no
 * prototype. Deliberately absent: numbers beyond 2^53, which no claim of the protocol needs.
 */

import { untrusted } from "../fault.js";

/** A value that was read. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
/** An object without prototype. */
export interface JsonObject {
  [name: string]: Json;
}

/** Bounds for one token or text (security, "Limits"). */
export interface Limits {
  /** Bytes of the whole. */
  bytes: number;
  /** Deepest nesting. */
  depth: number;
  /** Members of one object, elements of one array. */
  members: number;
  /** Characters of one string that is no compact token. */
  string: number;
}

const usual = { depth: 32, members: 1_000, string: 16 * 1024 };
/** The limits of `protocol::seal::Limits`, by the same names. */
export const LIMITS = {
  query: { ...usual, bytes: 64 * 1024 },
  binding: { ...usual, bytes: 16 * 1024 },
  record: { ...usual, bytes: 16 * 1024 },
  answer: { ...usual, bytes: 1024 * 1024 },
  status_list: { ...usual, bytes: 64 * 1024, string: 64 * 1024 },
  statement: { ...usual, bytes: 1024 * 1024, members: 10_000 },
} as const satisfies Record<string, Limits>;

const ESCAPES: Record<string, string> = {
  '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t",
};

class Reader {
  private at = 0;

  constructor(private readonly text: string, private readonly limits: Limits) {}

  whole(): Json {
    this.space();
    const value = this.value(this.limits.depth);
    this.space();
    if (this.at !== this.text.length) throw this.syntax();
    return value;
  }

  private syntax(): Error {
    return untrusted(`not JSON at character ${this.at}`);
  }

  private space(): void {
    while (" \t\n\r".includes(this.text.charAt(this.at)) && this.at < this.text.length) this.at++;
  }

  private take(letter: string): void {
    if (this.text.charAt(this.at) !== letter) throw this.syntax();
    this.at++;
  }

  private word<T extends Json>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.syntax();
    this.at += word.length;
    return value;
  }

  private value(depth: number): Json {
    switch (this.text.charAt(this.at)) {
      case "{": return this.object(depth - 1);
      case "[": return this.array(depth - 1);
      case '"': return this.string();
      case "t": return this.word("true", true);
      case "f": return this.word("false", false);
      case "n": return this.word("null", null);
      default: return this.number();
    }
  }

  private object(depth: number): JsonObject {
    const members = Object.create(null) as JsonObject;
    this.sequence("{", "}", depth, () => {
      const name = this.string();
      if (name in members) throw untrusted("a member name stands twice");
      this.space();
      this.take(":");
      this.space();
      members[name] = this.value(depth);
    });
    return members;
  }

  private array(depth: number): Json[] {
    const items: Json[] = [];
    this.sequence("[", "]", depth, () => items.push(this.value(depth)));
    return items;
  }

  private sequence(open: string, close: string, depth: number, item: () => void): void {
    if (depth < 0) throw untrusted("nested too deeply");
    this.take(open);
    this.space();
    for (let count = 0; this.text.charAt(this.at) !== close; count++) {
      if (count === this.limits.members) throw untrusted("too many members");
      if (count > 0) {
        this.take(",");
        this.space();
      }
      item();
      this.space();
    }
    this.at++;
  }

  private string(): string {
    this.take('"');
    const start = this.at;
    let resolved = "";
    for (;;) {
      const letter = this.text.charAt(this.at);
      if (letter === '"') break;
      if (letter === "" || letter < " ") throw this.syntax();
      resolved += letter === "\\" ? this.escape() : letter;
      this.at++;
    }
    const length = this.at - start;
    this.at++;
    if (length > this.limits.string && !/^[A-Za-z0-9._~-]*$/.test(resolved)) throw untrusted("a string is too long");
    if (!wellFormed(resolved)) throw this.syntax();
    return resolved;
  }

  private escape(): string {
    const kind = this.text.charAt(++this.at);
    if (kind !== "u") {
      const plain = ESCAPES[kind];
      if (plain === undefined) throw this.syntax();
      return plain;
    }
    const hex = this.text.slice(this.at + 1, this.at + 5);
    if (!/^[0-9A-Fa-f]{4}$/.test(hex)) throw this.syntax();
    this.at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  private number(): number {
    const found = /^-?[0-9+.eE-]*/.exec(this.text.slice(this.at, this.at + 32))?.[0] ?? "";
    const value = Number(found);
    if (!/^(0|-?[1-9][0-9]{0,15})$/.test(found) || !Number.isSafeInteger(value)) {
      throw found === "" ? this.syntax() : untrusted("a number is not a plain integer");
    }
    this.at += found.length;
    return value;
  }
}

/** No lone surrogate. */
function wellFormed(text: string): boolean {
  return !/[\uD800-\uDFFF]/.test(text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, ""));
}

/** Reads one whole JSON text. Throws a fault of kind `untrusted` at the first violation. */
export function parseStrict(text: string, limits: Limits): Json {
  if (text.length > limits.bytes) throw untrusted("longer than allowed");
  return new Reader(text, limits).whole();
}
