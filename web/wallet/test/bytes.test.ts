import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64url, digest, encodeBase64url, hash64, messageId, randomBytes, utf8 } from "../src/bytes.js";
import { messageIdText } from "../src/json/shape.js";

test("base64url goes there and back for every length", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = randomBytes(length);
    const text = encodeBase64url(bytes);
    assert.equal(text, Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(decodeBase64url(text), bytes);
  }
});

test("only the one spelling of some bytes is read", () => {
  for (const bad of ["A", "AR", "AAB", "AA==", "AA+A", "AA/A", "AA A", "AA\n", "é"]) assert.equal(decodeBase64url(bad), null, bad);
  assert.deepEqual(decodeBase64url("AQ"), utf8("\u0001"));
});

test("digests are spelled as the protocol has them", async () => {
  assert.equal(await digest("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 9901, section 4.2.3: the digest of a disclosure.
  assert.equal(await hash64("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
});

test("ids are UUIDs of version 7 of their second", () => {
  const id = messageId(1_795_248_100);
  assert.equal(messageIdText(id, "id"), id);
  assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), 1_795_248_100_000);
  assert.notEqual(id, messageId(1_795_248_100));
});
