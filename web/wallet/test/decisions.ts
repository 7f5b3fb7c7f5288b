// A department that decides about its citizens: it tells them, takes their answers and their objections, and signs each step.

import assert from "node:assert/strict";
import { b64, Key, keyOf, sha, verified, type Claims } from "./party.js";
import { Refusal, type Department, type World } from "./world.js";

export const idOf = (number: number) => `01935a2b-0000-7000-8000-${String(number).padStart(12, "0")}`;
export const CASE = "PEN-2026-0007";
export const SLIP = "48151623";

export class Deciding {
  /** What it tells, newest first. */
  decisions: Claims[] = [];
  /** As whom it tells. */
  member: string;
  /** The status and code with which it refuses, if it does. */
  refuses: [number, string] | null = null;
  /** Where it refuses; everywhere if not said. */
  refusesAt: string | null = null;
  /** What it was shown of her. */
  readonly shown: Claims[] = [];
  readonly answers: Claims[] = [];
  readonly objections: Claims[] = [];
  /** With which key it signs that an objection was taken. */
  key: Key;
  /** What it says of the objection, and whether how the decision stands changes by it. */
  taken: Claims = {};
  hears = true;
  /** Whether its answer to an objection is lost. */
  loses = false;

  constructor(readonly world: World, readonly department: Department) {
    this.member = department.entity;
    this.key = department.signing;
    world.door(department, "benefits", (_asked, shown) => {
      this.mayRefuse("benefits");
      this.shown.push(shown);
      return { member: this.member, decisions: this.decisions };
    });
    world.door(department, "benefits/answers", (asked) => {
      this.mayRefuse("benefits/answers");
      this.answers.push(asked);
      const state = asked["answer"] === "accept" ? "enrolled" : "declined";
      this.goesOn(String(asked["decision"]), state, []);
      return { state };
    });
    world.door(department, "objections", (asked, shown, proven) => {
      this.mayRefuse("objections");
      this.shown.push(shown);
      const order = String(asked["objection"]);
      const { iss } = JSON.parse(Buffer.from(order.split(".")[1] ?? "", "base64url").toString()) as { iss: string };
      const { header, claims } = verified(order, keyOf(iss));
      assert.deepEqual(header, { alg: "ES256", typ: "dx-objection+jwt", kid: `${iss}#0` });
      assert.deepEqual([keyOf(iss), claims["aud"]], [proven, department.entity], "by the key that she proves, for this department");
      this.objections.push(claims);
      const decision = String(claims["decision"]);
      if (this.hears) this.goesOn(decision, "contested", []);
      if (this.loses) throw new TypeError("no network");
      return { decision, case: CASE, slip: SLIP, record: this.record(decision, "contested", {}, this.key), ...this.taken };
    });
  }

  private mayRefuse(path: string): void {
    if (this.refuses !== null && (this.refusesAt ?? path) === path) throw new Refusal(this.refuses[0], { code: this.refuses[1] });
  }

  /** A signed record of a decision. */
  record(decision: string, state: string, changes: Claims = {}, key = this.department.signing): string {
    return key.sign("dx-decision+jwt", {
      v: 1, iss: this.department.entity, iat: this.world.now - 5, jti: idOf(900), salt: b64(Buffer.alloc(16, 3)), decision, previous: null, case: CASE,
      direction: "out", action: "remove", state, reason: "DEATH_REGISTERED", effective: "2026-11-10", decisive: [], ...changes,
    }, { kid: this.department.signing.kid });
  }

  /** The signed record that the notice arrived. */
  notice(decision: string, until: string): string {
    return this.department.signing.sign("dx-notice+jwt", {
      v: 1, iss: this.department.entity, iat: this.world.now - 5, jti: idOf(901), salt: b64(Buffer.alloc(16, 4)), decision, case: CASE, record: sha("x"),
      delivery: { at: "2026-11-12T08:00:00Z", evidence: "wallet", window_ends: until },
    });
  }

  /** Decides; the records are those that it signed on the way. */
  decides(number: number, states: string[], changes: Claims = {}): Claims {
    const decision = idOf(number);
    const records: string[] = [];
    for (const state of states) records.push(this.record(decision, state, { previous: records.length === 0 ? null : sha(records.at(-1) ?? "") }));
    if (changes["until"] === undefined && (changes["action"] ?? "remove") === "remove") records.unshift(this.notice(decision, "2026-12-20"));
    const view: Claims = {
      decision, case: CASE, at: `2026-11-${String(number).padStart(2, "0")}T08:00:00Z`, scheme: { en: "Pension", hi: "पेंशन" }, action: "remove",
      state: states.at(-1), reason: "DEATH_REGISTERED", why: { en: "A death was registered.", hi: "एक मृत्यु दर्ज हुई।" }, effective: "2026-11-10",
      source: "https://civil.gov.example", until: "2026-12-20", monthly: 500, clauses: [], decisive: [], changes: null, may: ["object"], records, ...changes,
    };
    this.decisions.unshift(view);
    return view;
  }

  /** A further step, on record. */
  goesOn(decision: string, state: string, may: string[]): void {
    const view = this.decisions.find((one) => one["decision"] === decision);
    if (view === undefined) throw new Refusal(404, { code: "not-found" });
    const records = view["records"] as string[];
    Object.assign(view, { state, may, records: [...records, this.record(decision, state, { previous: sha(records.at(-1) ?? "") })] });
  }
}
