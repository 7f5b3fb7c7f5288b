// Obtaining resident bindings (OpenID4VCI 1.0, pre-authorised code with tx_code, DPoP) by @openid4vc/openid4vci, and holding them
// (RFC 9901) by @sd-jwt/sd-jwt-vc, which verifies the registry's signature and the token status list.
import { createHash, createVerify, createPublicKey, randomBytes } from 'node:crypto';
import { callbacks, header, newKey, now, publicPart, signatureOver, unverified, verify } from './crypto.mjs';

const { Openid4vciClient } = await import('@openid4vc/openid4vci');
const { SDJwtVcInstance } = await import('@sd-jwt/sd-jwt-vc');

const VCT = 'urn:vinimay:resident-binding:1';

/** Redeems an offer for so many keys; each comes back with its binding, verified. */
export async function redeem(federation, offer, txCode, count) {
  const [dpopKey, ...keys] = await Promise.all(Array.from({ length: count + 1 }, newKey));
  const options = { fetch: federation.fetch, keys: [dpopKey, ...keys], verifyJwt: () => ({ verified: false }) };
  const client = new Openid4vciClient({ callbacks: callbacks(options) });
  const credentialOffer = await client.resolveCredentialOffer(offer);
  const registry = await federation.member(credentialOffer.credential_issuer);
  if (!registry.roles.some((role) => role.startsWith('identity-registry:'))) throw new Error('no identity registry');
  const issuerMetadata = await client.resolveIssuerMetadata(registry.entity);
  const [credentialConfigurationId] = credentialOffer.credential_configuration_ids;
  const { accessTokenResponse, dpop } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer, issuerMetadata, txCode, dpop: { signer: jwkSigner(dpopKey) },
  });
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata });
  const proofs = await Promise.all(keys.map((key) =>
    client.createCredentialRequestJwtProof({ issuerMetadata, credentialConfigurationId, nonce, signer: jwkSigner(key) })));
  const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata, credentialConfigurationId, dpop, accessToken: accessTokenResponse.access_token,
    proofs: { jwt: proofs.map((proof) => proof.jwt) },
  });
  const issued = credentialResponse.credentials.map(({ credential }) => credential);
  if (issued.length !== count) throw new Error(`${issued.length} bindings for ${count} keys`);
  return Promise.all(keys.map((key, place) => receive(federation, registry.entity, key, issued[place])));
}

function jwkSigner(key) {
  return { method: 'jwk', alg: 'ES256', publicJwk: publicPart(key) };
}

async function receive(federation, registry, key, token) {
  const { payload } = await instance(federation, registry, key, token).verify(token);
  const { x, y } = payload.cnf.jwk;
  if (payload.vct !== VCT || payload.iss !== registry || x !== key.x || y !== key.y) throw new Error('another binding');
  return { key, token, registry };
}

/** The library's instance for one binding: whoever verifies, the key comes from the directory. */
function instance(federation, registry, key, token) {
  const byRegistry = async (data, signature) => {
    const jwk = await federation.signer(registry, header(token.split('~')[0]).kid);
    return es256(jwk, data, signature);
  };
  return new SDJwtVcInstance({
    hasher: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    hashAlg: 'sha-256',
    saltGenerator: (length) => randomBytes(length).toString('base64url'),
    verifier: byRegistry,
    kbSigner: (data) => signatureOver(key, data),
    kbSignAlg: 'ES256',
    statusListFetcher: async (uri) => statusList(federation, registry, uri),
    statusVerifier: async (data, signature) => byRegistryOfList(federation, registry, data, signature),
  });
}

async function statusList(federation, registry, uri) {
  const reply = await federation.fetch(uri, { headers: { accept: 'application/statuslist+jwt' } });
  const token = await reply.text();
  const claims = await verify(token, await federation.signer(registry, header(token).kid), 'statuslist+jwt');
  if (claims.sub !== uri) throw new Error('another list than was asked for');
  return token;
}

async function byRegistryOfList(federation, registry, data, signature) {
  const { kid } = JSON.parse(Buffer.from(data.split('.')[0], 'base64url').toString());
  return es256(await federation.signer(registry, kid), data, signature);
}

function es256(jwk, data, signature) {
  const key = createPublicKey({ key: publicPart(jwk), format: 'jwk' });
  const check = createVerify('SHA256').update(data);
  return check.verify({ key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
}

/** Presents a binding to somebody: the claims of these names, and the key's proof over their nonce. */
export async function present(federation, binding, names, { aud, nonce, ...more }) {
  const frame = Object.fromEntries(names.map((name) => [name, true]));
  const held = instance(federation, binding.registry, binding.key, binding.token);
  return held.present(binding.token, frame, { kb: { payload: { iat: now(), aud, nonce, ...more } } });
}

export function claims(binding) {
  return unverified(binding.token.split('~')[0]);
}
