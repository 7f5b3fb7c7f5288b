// The browser's own log of requests: what was loaded, from where, and how heavy the first load is.

/** What a page is made of comes from its own origin; only these may go elsewhere, and only to members. */
const CONNECTIONS = new Set(['fetch', 'xhr', 'eventsource', 'websocket', 'ping', 'preflight']);
const KB = 1024;

export class RequestLog {
  constructor(context) {
    this.requests = [];
    context.on('request', (request) => this.requests.push({ url: request.url(), type: request.resourceType() }));
  }

  /** Complaints, none if all is well. */
  complaints(own, members) {
    const wrong = [];
    for (const { url, type } of this.requests) {
      const { origin, protocol } = new URL(url);
      if (protocol === 'blob:' || origin === own) continue;
      if (!CONNECTIONS.has(type)) wrong.push(`a ${type} from ${url}`);
      else if (!members.includes(origin)) wrong.push(`a connection (${type}) to ${url}, which is no member`);
    }
    return wrong;
  }

  origins() {
    return [...new Set(this.requests.map(({ url }) => new URL(url).origin))].sort();
  }
}

/** Counts bytes on the wire of everything that a page loads from its own origin, until somebody asks. */
export async function weigh(page, own) {
  const session = await page.context().newCDPSession(page);
  const urls = new Map();
  const total = { bytes: 0, script: 0, requests: 0 };
  session.on('Network.responseReceived', ({ requestId, response, type }) => urls.set(requestId, { url: response.url, type }));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const { url, type } = urls.get(requestId) ?? {};
    if (!url || new URL(url).origin !== own) return;
    total.bytes += encodedDataLength;
    total.requests += 1;
    if (type === 'Script') total.script += encodedDataLength;
  });
  await session.send('Network.enable');
  return {
    async taken() {
      await session.detach();
      return { kilobytes: total.bytes / KB, script: total.script / KB, requests: total.requests };
    },
  };
}
