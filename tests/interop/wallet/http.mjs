// Fetching with pinned certificates: each origin is reached with exactly the certificates that the directory lists for it.
// Names under .localhost are on this machine (RFC 6761 §6.3), which not every resolver knows. No redirect is followed.
import { request } from 'node:https';

function loopback(host, options, done) {
  if (host !== 'localhost' && !host.endsWith('.localhost')) return done(new Error(`${host} is not on this machine`));
  return options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
}

async function body(init) {
  if (init.body === undefined || init.body === null) return undefined;
  return Buffer.from(await new Response(init.body).arrayBuffer());
}

function send(url, tls, init, bytes) {
  const headers = Object.fromEntries(new Headers(init.headers).entries());
  if (bytes !== undefined) headers['content-length'] = String(bytes.length);
  if (init.body instanceof URLSearchParams) headers['content-type'] ??= 'application/x-www-form-urlencoded';
  return new Promise((answered, failed) => {
    const sent = request(url, { method: init.method ?? 'GET', headers, lookup: loopback, timeout: 120_000, ...tls }, (reply) => {
      const parts = [];
      reply.on('data', (part) => parts.push(part)).on('error', failed);
      reply.on('end', () => answered({ reply, bytes: Buffer.concat(parts) }));
    });
    sent.on('error', failed).on('timeout', () => sent.destroy(new Error(`${url} did not answer`)));
    sent.end(bytes);
  });
}

/** A `fetch` for which `certificates(origin)` gives the PEM texts that are trusted there; none: nobody is. */
export function fetcher(certificates) {
  return async (input, init = {}) => {
    const url = new URL(String(input));
    const tls = { ca: certificates(url.origin), rejectUnauthorized: true };
    if (!tls.ca?.length) throw new Error(`${url.origin} is nobody's origin`);
    return respond(await send(url, tls, init, await body(init)));
  };
}

/** Reads what proves itself by a signature under a pinned key; who carries it does not matter. */
export async function readUnpinned(url) {
  const { reply, bytes } = await send(new URL(url), { rejectUnauthorized: false }, {}, undefined);
  if (reply.statusCode !== 200) throw new Error(`${url}: ${reply.statusCode}`);
  return bytes.toString();
}

function respond({ reply, bytes }) {
  const headers = new Headers();
  for (const [name, value] of Object.entries(reply.headers)) headers.set(name, String(value));
  return new Response(bytes.length ? bytes : null, { status: reply.statusCode, headers });
}

export function pem(base64) {
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
}
