// Giving a consent (OpenID4VP 1.0: request object by POST, direct_post.jwt, transaction data) by @openid4vc/openid4vp, and ending it.
import { randomBytes } from 'node:crypto';
import { base64url, callbacks, didOf, digest, header, instant, keyOf, now, seal, sha256, sign, uuid7, verify } from './crypto.mjs';
import { present } from './binding.mjs';
import { card } from './card.mjs';

const { Openid4vpClient } = await import('@openid4vc/openid4vp');

const PREFIX = 'openid_federation:';
const CONSENT = 'urn:vinimay:consent:1';

/** Fetches the request that a link names, and verifies it through the federation. */
export async function resolve(federation, link) {
  const nonce = randomBytes(16).toString('base64url');
  const client = new Openid4vpClient({ callbacks: requestCallbacks(federation, nonce) });
  const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link });
  // Whoever asks is a member, or nothing is fetched from there.
  await federation.member(parsed.params.client_id.slice(PREFIX.length));
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: parsed.params, wallet: { nonce, expectedNonce: nonce },
  });
  const [{ transactionData: asked }] = resolved.transactionData;
  if (resolved.transactionData.length !== 1 || asked.type !== CONSENT) throw new Error('not one consent is asked for');
  const purpose = await federation.purpose(asked.purpose, asked.purpose_version);
  const offered = await Promise.all(asked.items.map((item) => offer(federation, item)));
  const claims = resolved.authorizationRequestPayload;
  return { ...resolved, client, claims, asked, purpose, offered, shownAt: now() };
}

async function offer(federation, item) {
  const { entity, gateway, sector } = await federation.member(item.provider);
  return { entity, gateway, sector, dataset: gateway.datasets.find(({ id }) => id === item.dataset) };
}

function requestCallbacks(federation, nonce) {
  const verifyJwt = async (signer, { compact, payload }) => {
    const entity = payload.client_id.slice(PREFIX.length);
    if (signer.method !== 'federation' || payload.iss !== entity) return { verified: false };
    const { gateway } = await federation.member(entity);
    const key = await keyOf(gateway.signing_jwks, signer.kid);
    const claims = await verify(compact, key, 'oauth-authz-req+jwt');
    return { verified: claims.aud === 'https://self-issued.me/v2', signerJwk: key };
  };
  // The library sends no wallet_nonce of its own (§5.10.1): it is added on the way.
  const fetch = async (url, init) => {
    const fields = new URLSearchParams(init?.body ? String(init.body) : '');
    if (init?.method === 'post') fields.set('wallet_nonce', nonce);
    const reply = await federation.fetch(url, init?.method === 'post' ? { ...init, method: 'POST', body: fields } : init);
    return reply;
  };
  return callbacks({ fetch, verifyJwt });
}

/** Consents to what a request asks for, with the one binding that this asker knows; the consents that were given. */
export async function give(federation, link, binding) {
  const request = await resolve(federation, link);
  const context = `${federation.anchor}/contexts/consent/v1`;
  const consents = [];
  const sealed = [];
  for (const [place, item] of request.asked.items.entries()) {
    const credential = consent(request, item, binding, context);
    const jws = await sign(binding.key, { alg: 'ES256', typ: 'vc+jwt', kid: `${credential.issuer}#0` }, credential);
    consents.push({ jws, id: credential.id, consumer: request.claims.iss, provider: item.provider });
    sealed.push(await sealedBinding(federation, binding, request.offered[place], credential, jws));
  }
  await respond(federation, request, binding, consents.map(({ jws }) => jws), sealed);
  return consents;
}

function consent({ asked, purpose, offered, jar, claims, shownAt }, item, { key }, context) {
  const did = didOf(key);
  const from = now();
  const [, count] = /^P(\d+)D$/.exec(asked.validity);
  const terms = {
    v: 1, decision: 'given', dataSubject: { role: 'self' },
    purpose: { code: purpose.code, version: purpose.version, text: digest(purpose.text.en), dpv: purpose.dpv },
    consumer: claims.iss, provider: item.provider, dataset: item.dataset, fields: item.fields,
    ...(item.predicates ? { predicates: item.predicates } : {}),
    frequency: asked.frequency, retention: { duration: asked.retention }, onwardSharing: 'none',
  };
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2', context],
    id: `urn:uuid:${uuid7()}`, type: ['VerifiableCredential', 'ConsentCredential'], issuer: did,
    validFrom: instant(from), validUntil: instant(from + Number(count) * 86_400),
    credentialSubject: { id: did, consent: terms },
    evidence: [{
      type: 'ConsentNotice', notice: digest(card(asked, purpose, offered)), locale: 'en',
      request: digest(jar.jwt.compact), shownAt: instant(shownAt), wallet: digest('an independent wallet'),
    }],
  };
}

/** Only the provider opens it, only for this consent: its own pseudonym of her, and her key's proof over the consent. */
async function sealedBinding(federation, binding, provider, credential, jws) {
  const shown = await present(federation, binding, [`sub_${provider.sector}`], {
    aud: provider.entity, nonce: base64url(sha256(jws)),
  });
  const content = { v: 1, iss: credential.issuer, aud: provider.entity, jti: credential.id, body: shown };
  const [key] = provider.gateway.encryption_jwks.keys;
  return seal(key, JSON.stringify(content), { cty: 'dx-binding+json' });
}

async function respond(federation, request, binding, consents, sealed) {
  const { client, claims } = request;
  const session = await present(federation, binding, [], {
    aud: claims.client_id, nonce: claims.nonce,
    transaction_data_hashes: claims.transaction_data.map((data) => base64url(sha256(data))),
  });
  const [credential] = claims.dcql_query.credentials;
  const made = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: claims, clientMetadata: claims.client_metadata,
    authorizationResponsePayload: { vp_token: { [credential.id]: [session] }, consents, consent_bindings: sealed },
    jarm: {
      encryption: { nonce: randomBytes(16).toString('base64url') },
      serverMetadata: {
        authorization_encryption_alg_values_supported: ['ECDH-ES'],
        authorization_encryption_enc_values_supported: ['A256GCM'],
      },
    },
  });
  const { response } = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: claims, authorizationResponsePayload: made.authorizationResponsePayload, jarm: made.jarm,
  });
  if (!response.ok) throw new Error(`the department refused: ${response.status} ${await response.text()}`);
}

/** Revokes a consent at both parties; each signs that it holds. */
export async function revoke(federation, { jws, consumer, provider }, binding, n) {
  const did = didOf(binding.key);
  const order = { v: 1, iss: did, aud: [consumer, provider], iat: now(), jti: uuid7(), consent: jws, action: 'revoke', n };
  const signed = await sign(binding.key, { alg: 'ES256', typ: 'consent-order+jwt', kid: `${did}#0` }, order);
  const statuses = [];
  for (const entity of [consumer, provider]) {
    const { gateway } = await federation.member(entity);
    const reply = await federation.fetch(`${gateway.citizen_endpoint}/orders`, {
      method: 'POST', headers: { 'content-type': 'application/consent-order+jwt' }, body: signed,
    });
    const token = await reply.text();
    if (!reply.ok) throw new Error(`${entity} refused: ${token}`);
    const ack = await verify(token, await keyOf(gateway.signing_jwks, header(token).kid), 'dx-order-ack+jwt');
    statuses.push(ack.status);
  }
  return statuses;
}

