/**
 * A session at a centre: a citizen without a phone decides on somebody else's device (schemas, `assisted`).
 *
 * Guarantees: keys and everything of hers are in this page's memory alone; a binding counts only if the identity registry signed that it is for this
 * session; nothing is signed without the operator's gateway having taken the citizen's code for the very card that is on the screen; whoever closes the
 * session has nothing left that could sign. Deliberately absent: the lock, for there is nothing to come back to.
 */

import { digest } from "../bytes.js";
import { Party, readJson } from "../citizen/party.js";
import { cardText } from "../consent/card.js";
import { grant, type Assistance, type Shown } from "../consent/grant.js";
import { order } from "../consent/orders.js";
import { Fault, untrusted } from "../fault.js";
import type { Member } from "../federation/chain.js";
import { closed, consentId, digestText, entityId, instant, integer, list, map, maybe, messageIdText, open, text, word } from "../json/shape.js";
import type { Of } from "../json/shape.js";
import { LIMITS, parseStrict } from "../json/strict.js";
import { redeem } from "../openid/issue.js";
import type { OfferLink } from "../openid/links.js";
import type { VerifiedRequest } from "../openid/request.js";
import { bindingClaims } from "../sdjwt/binding.js";
import { MemoryDatabase } from "../store/memory.js";
import { Vault, type KeptConsent } from "../store/vault.js";
import { clock, Wallet } from "../wallet.js";

/** The role of who may help. */
const HELPER = "assisted-operator";
/** How she learns what is asked. */
export const METHODS = ["code", "otp-read-out"] as const;
/** How she learns what is asked. */
export type Method = (typeof METHODS)[number];

/** What the operator's link says. The token proves the session; it stands in bodies, never in an address that is sent. */
export interface SessionLink {
  operator: string;
  session: string;
  token: string;
}

const linkShape = closed({ operator: entityId, session: messageIdText, token: text(/^[A-Za-z0-9_-]{16,256}$/) });

/** Reads the query of an operator's link; `null` if it is none. */
export function parseSession(query: string): SessionLink | null {
  const values = new URLSearchParams(query);
  try {
    return linkShape({ operator: values.get("operator"), session: values.get("session"), token: values.get("token") }, "the session");
  } catch {
    return null;
  }
}

const askedShape = open({ approval: messageIdText, expires_in: integer() });
const confirmedShape = open({ card: digestText, assistance: closed({ operator: entityId, session: messageIdText, method: word(...METHODS) }) });
const slipShape = open({
  session: messageIdText, operator: entityId, person: text(), opened: instant, closed: instant, consents: list(consentId),
  picture: maybe(open({ size: integer(1, 400), path: text(/^(M\d+ \d+h1v1h-1z)+$/) })),
  text: map(open({ title: text(), lines: list(text()) })),
});
/** What the citizen takes home on paper. */
export type Slip = Of<typeof slipShape>;

/** An open session. */
export class Session {
  private constructor(
    private readonly database: MemoryDatabase, readonly wallet: Wallet, private readonly link: SessionLink, private readonly party: Party,
  ) {}

  /** Opens it: the operator is a member that may help. */
  static async begin(link: SessionLink): Promise<Session> {
    const database = new MemoryDatabase();
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const wallet = await Wallet.of(new Vault(database, key));
    const operator = await (await wallet.federation()).member(link.operator);
    if (!operator.roles.includes(HELPER)) throw untrusted(`${link.operator} is no member that may help`);
    await wallet.remember([operator]);
    return new Session(database, wallet, link, new Party(operator));
  }

  /** The member that helps. */
  get operator(): Member {
    return this.party.member;
  }

  /** The session's number. */
  get number(): string {
    return this.link.session;
  }

  /** Binds her for this session. An invitation for anything else is thrown away with its keys. */
  async bind(offer: OfferLink, code: string): Promise<void> {
    const { vault } = this.wallet;
    await redeem(vault, await this.wallet.federation(), offer, code);
    const bindings = await vault.bindings();
    const ours = bindings.every((bound) => {
      const { mode, assisted } = bindingClaims(bound.token);
      return mode === "assisted" && assisted?.operator === this.link.operator && assisted.session === this.link.session;
    });
    if (ours && bindings.length > 0) return;
    await this.database.clear();
    throw new Fault("untrusted", "the invitation is not for this session", "other-session");
  }

  /** Has a code sent for the card on the screen; the number is forgotten when it went out. */
  async ask(shown: Shown, method: Method, phone: string): Promise<string> {
    const body = { token: this.link.token, card: await digest(cardText(shown.lines)), method, phone, language: shown.language };
    const reply = await this.party.json(this.party.citizen("assisted/approvals"), body);
    return readJson(reply, askedShape, "the approval").approval;
  }

  /** She told the code: what must stand inside her consent. */
  async confirm(shown: Shown, approval: string, code: string): Promise<Assistance> {
    const reply = await this.party.json(this.party.citizen("assisted/confirmations"), { token: this.link.token, approval, code });
    const { card, assistance } = readJson(reply, confirmedShape, "the confirmation");
    const same = card === (await digest(cardText(shown.lines))) && assistance.operator === this.link.operator && assistance.session === this.link.session;
    if (!same) throw untrusted("the approval is for another card or session");
    return assistance;
  }

  /** Signs what she approved, and sends it. */
  async give(request: VerifiedRequest, shown: Shown, build: string, assistance: Assistance): Promise<KeptConsent[]> {
    return grant(this.wallet.vault, await this.wallet.federation(), request, shown, build, null, assistance);
  }

  /**
   * Closes the session: the slip. Each consent leaves a revocation that is signed and not sent, for the day on which she brings the slip back: the key
   * that could sign one ends here.
   */
  async close(): Promise<Slip> {
    const { vault } = this.wallet;
    const consents = await vault.consents();
    const endings: string[] = [];
    for (const { id, status } of consents) {
      const kept = status === "revoked" ? await vault.consent(id) : await order(vault, id, "revoke", clock());
      const signed = kept?.orders[kept.orders.length - 1]?.order;
      if (signed !== undefined) endings.push(signed);
    }
    const body = { token: this.link.token, consents: consents.map((one) => one.id), endings };
    const reply = await this.party.json(this.party.citizen("assisted/closings"), body);
    // The picture of a code is one long text.
    const slip = slipShape(parseStrict(reply.text, { ...LIMITS.answer, string: 128 * 1024 }), "the slip");
    await this.forget();
    return slip;
  }

  /** Forgets everything of hers. */
  async forget(): Promise<void> {
    await this.database.clear();
  }
}

/** Where this browser keeps things for this page, by name: equal before and after, nothing was kept. */
export async function storageNames(): Promise<string[]> {
  const databases = (await indexedDB.databases?.()) ?? [];
  const names = [
    ...Object.keys(localStorage).map((name) => `localStorage ${name}`), ...Object.keys(sessionStorage).map((name) => `sessionStorage ${name}`),
    ...databases.map(({ name }) => `indexedDB ${name ?? ""}`),
  ];
  return names.sort();
}
