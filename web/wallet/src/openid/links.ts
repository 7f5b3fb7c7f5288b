/**
 * What a scanned, pasted or opened text asks of the wallet: an offer of a binding, a request for a consent, or nothing.
 *
 * Guarantees: an offer counts only by value, a request only with `request_uri_method=post` and a member's client id; both come as the
 * standard's own scheme or behind this wallet's origin (`#/offer?`, `#/request?`), and mean the same.
 */

import { Fault } from "../fault.js";
import { entityId } from "../json/shape.js";
import { LIMITS, parseStrict } from "../json/strict.js";
import { BINDING_CONFIGURATION, FEDERATION_CLIENT, offerShape, PRE_AUTHORIZED, type Offer } from "./shapes.js";

/** A request for a consent, before it was fetched. */
export interface RequestLink {
  client: string;
  clientId: string;
  requestUri: string;
}

/** An offer of a binding. */
export interface OfferLink {
  issuer: string;
  code: string;
  /** Digits or letters of the code that came by another way. */
  txCode: { numeric: boolean; length: number | null } | null;
}

/** What a text is. */
export type Link = { kind: "offer"; query: string } | { kind: "request"; query: string };

const LONGEST = 8 * 1024;

/** Recognises a text; `origin` is this wallet's. */
export function recognise(text: string, origin: string): Link | null {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST) return null;
  const found = /^(openid-credential-offer|openid4vp|https?):\/\/([^]*)$/i.exec(trimmed);
  if (found === null) return null;
  const [, scheme = "", rest = ""] = found;
  if (!/^http/i.test(scheme)) {
    const query = rest.slice(rest.indexOf("?") + 1);
    return { kind: scheme.toLowerCase() === "openid4vp" ? "request" : "offer", query };
  }
  const own = trimmed.startsWith(`${origin}/#/`) ? /^(offer|request)\?([^]*)$/.exec(trimmed.slice(`${origin}/#/`.length)) : null;
  return own === null ? null : { kind: own[1] === "offer" ? "offer" : "request", query: own[2] ?? "" };
}

function unreadable(what: string): Fault {
  return new Fault("input", what);
}

/** Reads the query of an offer; by reference it would be fetched from an address that nobody vouches for. */
export function parseOffer(query: string): OfferLink {
  const json = new URLSearchParams(query).get("credential_offer");
  if (json === null) throw unreadable("this is no invitation");
  let offer: Offer;
  try {
    offer = offerShape(parseStrict(json, LIMITS.record), "the invitation");
  } catch {
    throw unreadable("this invitation cannot be read");
  }
  const grant = offer.grants[PRE_AUTHORIZED];
  const code = grant?.["pre-authorized_code"];
  if (code === undefined || !offer.credential_configuration_ids.includes(BINDING_CONFIGURATION)) {
    throw unreadable("this invitation is for something else than a binding");
  }
  const tx = grant?.tx_code;
  const txCode = tx === undefined ? null : { numeric: tx.input_mode !== "text", length: tx.length ?? null };
  return { issuer: offer.credential_issuer, code, txCode };
}

/** Reads the query of a request. */
export function parseRequest(query: string): RequestLink {
  const values = new URLSearchParams(query);
  const [clientId, requestUri] = [values.get("client_id"), values.get("request_uri")];
  if (clientId === null || requestUri === null || values.get("request_uri_method") !== "post") {
    throw unreadable("this link is no request for a consent");
  }
  if (!clientId.startsWith(FEDERATION_CLIENT)) throw unreadable("the asker is no member of a federation");
  try {
    return { client: entityId(clientId.slice(FEDERATION_CLIENT.length), "the asker"), clientId, requestUri };
  } catch {
    throw unreadable("the asker is no member of a federation");
  }
}
