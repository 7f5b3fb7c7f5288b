// An independent wallet, driven by one JSON document on standard input and answering with one on standard output.
// {"command":"bind","home","anchor","fingerprint","offer","txCode","count"} · {"command":"consent","home","link"} ·
// {"command":"revoke","home","consent"}. What it keeps stands in the file `home`.
import { readFileSync, writeFileSync } from 'node:fs';
import { claims, present, redeem } from './binding.mjs';
import { give, revoke } from './consent.mjs';
import { publicPart } from './crypto.mjs';
import { Federation } from './federation.mjs';

const order = JSON.parse(readFileSync(0, 'utf8'));
const read = () => JSON.parse(readFileSync(order.home, 'utf8'));
const keep = (state) => writeFileSync(order.home, JSON.stringify(state), { mode: 0o600 });

async function bind() {
  const { anchor, fingerprint, offer, txCode, count } = order;
  const federation = await Federation.pin(anchor, fingerprint);
  const bindings = await redeem(federation, offer, txCode, count);
  keep({ anchor, fingerprint, bindings, consents: [] });
  const [first] = bindings;
  const nonce = 'what-another-implementation-asked';
  const shown = await present(federation, first, ['given_name', 'sub_revenue'], { aud: 'https://verifier.example', nonce });
  const registry = await federation.member(first.registry);
  return {
    bindings: bindings.length, claims: claims(first), presentation: shown, audience: 'https://verifier.example', nonce,
    registry: registry.gateway.signing_jwks.keys.map(publicPart),
  };
}

async function consent() {
  const state = read();
  const federation = await Federation.pin(state.anchor, state.fingerprint);
  const given = await give(federation, order.link, state.bindings[0]);
  keep({ ...state, consents: [...state.consents, ...given] });
  return { consents: given.map(({ id }) => id) };
}

async function end() {
  const state = read();
  const federation = await Federation.pin(state.anchor, state.fingerprint);
  const consent = state.consents.find(({ id }) => id === order.consent);
  return { statuses: await revoke(federation, consent, state.bindings[0], 1) };
}

const commands = { bind, consent, revoke: end };
console.log(JSON.stringify(await commands[order.command]()));
