import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOffer, parseRequest, recognise } from "../src/openid/links.js";
import { PRE_AUTHORIZED, predicateShape } from "../src/openid/shapes.js";
import { parseHash } from "../src/ui/route.js";

const ORIGIN = "https://wallet.gov.example";
const REQUEST = "client_id=openid_federation%3Ahttps%3A%2F%2Fsocial.gov.example&request_uri=https%3A%2F%2Fsocial.gov.example%2Fconsents%2Frequests%2F1&request_uri_method=post";
const offer = (change: (offer: Record<string, unknown>) => void = () => undefined) => {
  const made: Record<string, unknown> = {
    credential_issuer: "https://civil.gov.example", credential_configuration_ids: ["resident-binding"],
    grants: { [PRE_AUTHORIZED]: { "pre-authorized_code": "c", tx_code: { input_mode: "numeric", length: 6 } } },
  };
  change(made);
  return new URLSearchParams({ credential_offer: JSON.stringify(made) }).toString();
};

test("a code is recognised in the standard's scheme and behind this wallet's origin", () => {
  assert.deepEqual(recognise(`openid4vp://?${REQUEST}`, ORIGIN), { kind: "request", query: REQUEST });
  assert.deepEqual(recognise(`  ${ORIGIN}/#/request?${REQUEST}\n`, ORIGIN), { kind: "request", query: REQUEST });
  assert.deepEqual(recognise(`openid-credential-offer://?${offer()}`, ORIGIN), { kind: "offer", query: offer() });
  assert.deepEqual(recognise(`${ORIGIN}/#/offer?${offer()}`, ORIGIN), { kind: "offer", query: offer() });
});

test("anything else is nothing", () => {
  for (const text of ["", "hello", "https://evil.example/#/request?x", `${ORIGIN}.evil.example/#/request?${REQUEST}`, `${ORIGIN}/request?x`, "javascript:alert(1)", "upi://pay?pa=x", `openid4vp://?${"a".repeat(9000)}`]) {
    assert.equal(recognise(text, ORIGIN), null, text.slice(0, 60));
  }
});

test("a link names a member and an address", () => {
  assert.deepEqual(parseRequest(REQUEST), { client: "https://social.gov.example", clientId: "openid_federation:https://social.gov.example", requestUri: "https://social.gov.example/consents/requests/1" });
  for (const bad of ["", REQUEST.replace("=post", "=get"), REQUEST.replace("openid_federation%3A", "x509_san_dns%3A"), REQUEST.replace("request_uri=", "other="), REQUEST.replace("https%3A%2F%2Fsocial.gov.example&", "nonsense&")]) {
    assert.throws(() => parseRequest(bad), { kind: "input" }, bad);
  }
});

test("an offer is read by value, for a binding, with its code", () => {
  assert.deepEqual(parseOffer(offer()), { issuer: "https://civil.gov.example", code: "c", txCode: { numeric: true, length: 6 } });
  const bad = [
    "", "credential_offer_uri=https%3A%2F%2Fx.example", "credential_offer=%7B%7D",
    offer((one) => { one["credential_configuration_ids"] = ["driving-licence"]; }), offer((one) => { one["grants"] = {}; }), offer((one) => { one["credential_issuer"] = "http://civil.gov.example"; }),
  ];
  for (const query of bad) assert.throws(() => parseOffer(query), { kind: "input" }, query);
});

test("places are behind the hash", () => {
  assert.deepEqual(parseHash(""), { path: "/", query: "" });
  assert.deepEqual(parseHash("#/request?a=1&b=2?3"), { path: "/request", query: "a=1&b=2?3" });
});

test("a question's value may not change how the card reads", () => {
  const question = (value: string) => predicateShape({ field: "annual_income", op: "lte", value }, "the question");
  for (const value of ["200000", "नगरपालिका", "x".repeat(64)]) assert.equal(question(value).value, value);
  for (const value of ["", "x".repeat(65), "1\n2", "\u202e000002", "a\u200bb", "a\u2028b", "\u0000"]) {
    assert.throws(() => question(value), { kind: "untrusted" }, JSON.stringify(value));
  }
});
