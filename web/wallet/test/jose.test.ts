import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, decodeBase64url, encodeBase64url, fromUtf8, utf8, type Bytes } from "../src/bytes.js";
import { concatKdf, sealTo } from "../src/jose/jwe.js";
import { signJws, UnverifiedJws, type SignedTyp } from "../src/jose/jws.js";
import { bare, did, generateKey, jwkShape, sealingKey, thumbprint, verifyingKey, type SigningKey } from "../src/jose/keys.js";
import { open, text } from "../src/json/shape.js";
import { LIMITS } from "../src/json/strict.js";

const bytesOf = (text: string): Bytes => decodeBase64url(text) ?? assert.fail("not base64url");
const claims = open({ note: text() });
const verify = async (token: string, key: SigningKey, typ = "vc+jwt" as const) =>
  UnverifiedJws.parse(token, LIMITS.record).verify(typ, await verifyingKey(key.jwk), claims, "it");
const forge = async (key: SigningKey, header: string, payload: string) => {
  const signed = [header, payload].map((part) => encodeBase64url(utf8(part))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.pair.privateKey, utf8(signed));
  return `${signed}.${encodeBase64url(new Uint8Array(signature))}`;
};

test("a private key does not leave the browser", async () => {
  const key = await generateKey();
  assert.equal(key.pair.privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", key.pair.privateKey));
});

test("the vector of RFC 7515 A.3 verifies with its key, beneath the front", async () => {
  const key = await verifyingKey(jwkShape({ kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }, "jwk"));
  const signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const signature = bytesOf("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  assert.ok(await key.verifies(utf8(signed), signature));
  signature[0] = (signature[0] ?? 0) ^ 1;
  assert.ok(!(await key.verifies(utf8(signed), signature)));
});

test("the example of did:jwk is written the same", () => {
  const jwk = jwkShape({ kty: "EC", crv: "P-256", x: "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0", y: "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE" }, "jwk");
  assert.equal(did(jwk), "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9");
});

test("what is signed verifies, as one kind alone", async () => {
  const key = await generateKey();
  const token = await signJws("vc+jwt", key, "did", { note: "क" });
  assert.equal((await verify(token, key)).note, "क");
  assert.equal(UnverifiedJws.parse(token, LIMITS.record).kid, `${key.did}#0`);
  const other = UnverifiedJws.parse(token, LIMITS.record).verify("kb+jwt", await verifyingKey(key.jwk), claims, "it");
  await assert.rejects(other, /another type/);
  await assert.rejects(verify(token, await generateKey()), /signature/);
});

test("headers have the members and the order of the other implementation", async () => {
  const key = await generateKey();
  const header = async (typ: SignedTyp, reference: "did" | "jwk" | "absent") =>
    fromUtf8(bytesOf((await signJws(typ, key, reference, {})).split(".")[0] ?? ""));
  assert.equal(await header("vc+jwt", "did"), `{"alg":"ES256","typ":"vc+jwt","kid":"${key.did}#0"}`);
  assert.equal(await header("dpop+jwt", "jwk"), `{"alg":"ES256","typ":"dpop+jwt","jwk":${JSON.stringify(bare(key.jwk))}}`);
  assert.equal(await header("kb+jwt", "absent"), `{"alg":"ES256","typ":"kb+jwt"}`);
});

test("the strict front refuses what it does not know", async () => {
  const key = await generateKey();
  const good = '{"alg":"ES256","typ":"vc+jwt"}';
  await verify(await forge(key, good, '{"note":"x"}'), key);
  for (const header of [
    '{"alg":"none","typ":"vc+jwt"}', '{"alg":"HS256","typ":"vc+jwt"}', '{"alg":"EdDSA","typ":"vc+jwt"}', '{"alg":"ES256"}', '{"alg":"ES256","typ":"vc+jwt","crit":["exp"]}',
    '{"alg":"ES256","typ":"vc+jwt","b64":false}', '{"alg":"ES256","typ":"vc+jwt","zip":"DEF"}', '{"alg":"ES256","typ":"vc+jwt","jku":"https://x"}',
    '{"alg":"ES256","alg":"ES256","typ":"vc+jwt"}', '{"alg":"ES256","typ":"vc+jwt","jwk":{}}', '{"alg":"ES256","typ":"JWT"}', "[]", "x",
  ]) {
    await assert.rejects(async () => verify(await forge(key, header, '{"note":"x"}'), key), header);
  }
  for (const payload of ['{"note":"x","note":"y"}', '"x"', '{"note":1.5}', ""]) {
    await assert.rejects(async () => verify(await forge(key, good, payload), key), payload);
  }
});

test("only three parts of strict base64url are a token", async () => {
  const token = await signJws("vc+jwt", await generateKey(), "absent", { note: "x" });
  const [header, payload, signature] = token.split(".");
  for (const bad of ["", "..", `${header}.${payload}`, `${token}.x`, `${header}..${signature}`, `${header}=.${payload}.${signature}`, ` ${token}`, `${token}\n`]) {
    assert.throws(() => UnverifiedJws.parse(bad, LIMITS.record), bad);
  }
  assert.throws(() => UnverifiedJws.parse(token, { ...LIMITS.record, bytes: 10 }), /longer/);
});

test("a key's id is its thumbprint, and its use is respected", async () => {
  const key = await generateKey();
  const kid = await thumbprint(key.jwk);
  assert.equal((await verifyingKey({ ...key.jwk, kid, use: "sig", alg: "ES256" })).kid, kid);
  await assert.rejects(verifyingKey({ ...key.jwk, kid: "A".repeat(43) }), /thumbprint/);
  await assert.rejects(verifyingKey({ ...key.jwk, use: "enc" }), /another use/);
  await assert.rejects(sealingKey({ ...key.jwk, use: "sig" }), /another use/);
  await assert.rejects(verifyingKey({ ...key.jwk, y: key.jwk.x }), /point/);
  assert.throws(() => jwkShape({ kty: "EC", crv: "P-256", x: key.jwk.x, y: key.jwk.y ?? "", d: "AA" }, "jwk"));
});

test("the example of RFC 7518 appendix C agrees on its key", async () => {
  const shared = new Uint8Array([158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196]);
  assert.equal(encodeBase64url(await concatKdf(shared, "A128GCM", "Alice", "Bob", 128)), "VqqN6vgjbSBcIijNcacQGg");
});

test("what is sealed opens with the receiver's key and no other way", async () => {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const receiver = await sealingKey(jwkShape({ kty: "EC", crv: "P-256", x, y, use: "enc", alg: "ECDH-ES" }, "jwk"));
  const [header = "", encrypted, iv = "", content = "", tag = ""] = (await sealTo(receiver, "json", { note: "क" })).split(".");
  assert.equal(encrypted, "");
  const read = JSON.parse(fromUtf8(bytesOf(header))) as { epk: JsonWebKey; kid: string };
  assert.deepEqual(Object.keys(read).sort(), ["alg", "cty", "enc", "epk", "kid"]);
  assert.equal(read.kid, receiver.kid);
  const epk = await crypto.subtle.importKey("jwk", read.epk, { name: "ECDH", namedCurve: "P-256" }, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: epk }, pair.privateKey, 256));
  const key = await crypto.subtle.importKey("raw", await concatKdf(shared, "A256GCM", "", "", 256), "AES-GCM", false, ["decrypt"]);
  const sealed = concat(bytesOf(content), bytesOf(tag));
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytesOf(iv), additionalData: utf8(header) }, key, sealed);
  assert.equal(fromUtf8(new Uint8Array(opened)), '{"note":"क"}');
  await assert.rejects(crypto.subtle.decrypt({ name: "AES-GCM", iv: bytesOf(iv), additionalData: utf8("other") }, key, sealed));
});
