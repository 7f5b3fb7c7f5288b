/**
 * The federation as this wallet sees it: through the pinned anchor's resolve endpoint, each chain verified from the root.
 *
 * Guarantees: nothing is asked of anybody but the anchor and members that it vouches for; what was seen of the directory never goes back;
 * a member is looked at again after a minute.
 */

import { Fault, suspension, untrusted } from "../fault.js";
import { entityId, list } from "../json/shape.js";
import { LIMITS, parseStrict } from "../json/strict.js";
import { advance, resolvedChain, verifyAnchor, verifyChain, type Anchor, type Mark, type Member, type Pin } from "./chain.js";
import { send } from "./http.js";
import { verifyRegister } from "./register.js";
import type { Law, Purpose } from "./shapes.js";

/** How long a member is believed before it is looked at again, seconds. */
const FRESH = 60;
const AT_A_TIME = 4;

/** Where the greatest statements seen are kept. */
export interface Marks {
  readMark(entity: string): Promise<Mark | undefined>;
  writeMark(entity: string, mark: Mark): Promise<void>;
}

/** The members, as far as they could be checked. */
export interface Survey {
  members: Member[];
  suspended: Member[];
  unchecked: string[];
}

/** An open view of the federation. */
export class Federation {
  private readonly seen = new Map<string, { member: Member; at: number }>();
  private registers = new Map<string, { served: string; at: number }>();

  private constructor(
    readonly pin: Pin,
    readonly anchor: Anchor,
    private readonly marks: Marks,
    private readonly clock: () => number,
    private readonly opened: number,
  ) {}

  /** Reads the anchor's statement and holds it against the pin. */
  static async open(pin: Pin, marks: Marks, clock: () => number): Promise<Federation> {
    const url = new URL(`${pin.anchor}/.well-known/openid-federation`);
    const { text } = await send(url, { method: "GET" }, pin.anchor);
    const anchor = await verifyAnchor(text.trim(), pin, clock());
    await marks.writeMark(pin.anchor, advance(await marks.readMark(pin.anchor), anchor.mark));
    return new Federation(pin, anchor, marks, clock, clock());
  }

  /** Now, seconds. */
  now(): number {
    return this.clock();
  }

  /** Whether the anchor should be read again. */
  get stale(): boolean {
    return this.now() - this.opened > FRESH || this.anchor.expires <= this.now();
  }

  /** A member that may take part now. */
  async member(entity: string): Promise<Member> {
    const member = await this.resolve(entity);
    if (member.standing === "suspended") throw suspension(entity);
    return member;
  }

  /** All members that may take part now and could be verified. */
  async members(): Promise<Member[]> {
    return (await this.survey()).members;
  }

  /** All members that may take part now, who may not, and who could not be checked: nothing is believed of those, and they spoil nothing for the others. */
  async survey(): Promise<Survey> {
    const { text } = await this.ask(this.anchor.endpoints.federation_list_endpoint);
    const entities = list(entityId)(parseStrict(text, { ...LIMITS.statement, bytes: LIMITS.answer.bytes }), "the list of members");
    const [members, unchecked]: [Member[], string[]] = [[], []];
    let why: unknown = null;
    const look = (entity: string) => this.resolve(entity).then((member) => members.push(member), (error: unknown) => {
      if (!(error instanceof Fault)) throw error;
      unchecked.push(entity);
      why ??= error;
    });
    for (let at = 0; at < entities.length; at += AT_A_TIME) await Promise.all(entities.slice(at, at + AT_A_TIME).map(look));
    // If nobody could be checked, the fault is not one member's.
    if (members.length === 0 && why !== null) throw why;
    const order = (one: string, two: string) => entities.indexOf(one) - entities.indexOf(two);
    members.sort((one, two) => order(one.entity, two.entity));
    const of = (standing: Member["standing"]) => members.filter((member) => member.standing === standing);
    return { members: of("active"), suspended: of("suspended"), unchecked: unchecked.sort(order) };
  }

  private async resolve(entity: string): Promise<Member> {
    const known = this.seen.get(entity);
    if (known !== undefined && this.now() - known.at < FRESH && known.member.expires > this.now()) return known.member;
    const url = new URL(this.anchor.endpoints.federation_resolve_endpoint);
    url.searchParams.set("sub", entity);
    url.searchParams.set("trust_anchor", this.pin.anchor);
    const { text } = await this.ask(url.href);
    const chain = await resolvedChain(text.trim(), this.anchor, entity, this.now());
    const member = await verifyChain(chain, this.pin, this.now());
    if (member.entity !== entity) throw untrusted("the anchor answered about another member");
    await this.marks.writeMark(entity, advance(await this.marks.readMark(entity), member.mark));
    this.seen.set(entity, { member, at: this.now() });
    return member;
  }

  /** The purposes in force. */
  async purposes(): Promise<Purpose[]> {
    const { purposes } = await this.register("purposes");
    if (purposes === undefined) throw untrusted("the anchor served another register");
    return purposes;
  }

  /** The laws in force, ended ones included; none if there is no register of laws. */
  async laws(): Promise<Law[]> {
    try {
      return (await this.register("laws")).laws ?? [];
    } catch (error) {
      if (error instanceof Fault && error.code === "not-found") return [];
      throw error;
    }
  }

  private async register(kind: "purposes" | "laws") {
    const known = this.registers.get(kind);
    if (known === undefined || this.now() - known.at >= FRESH) {
      const { text } = await this.ask(`${this.anchor.metadata.registers_endpoint}/${kind}`);
      const { version } = await verifyRegister(text, this.anchor, this.now());
      const name = `register:${kind}`;
      const before = await this.marks.readMark(name);
      if (before !== undefined && version < before.iat) throw untrusted("a register went back to an older version");
      await this.marks.writeMark(name, { iat: version, digest: "" });
      this.registers.set(kind, { served: text, at: this.now() });
    }
    return verifyRegister(this.registers.get(kind)?.served ?? "", this.anchor, this.now());
  }

  /** Only the anchor's own origin: its statement must not lead the wallet elsewhere. */
  private ask(address: string) {
    const url = new URL(address);
    if (url.origin !== new URL(this.pin.anchor).origin) throw untrusted("the anchor names an address that is not its own");
    return send(url, { method: "GET" }, this.pin.anchor);
  }
}
