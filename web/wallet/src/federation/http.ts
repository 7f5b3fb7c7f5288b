/**
 * Asking over the network: one constructor for every request.
 *
 * Guarantees: no cookies, no referrer, no redirects, no cache; answers are bounded in size and time; what comes back other than 2xx is that
 * party's refusal, in its words. Addresses are checked against the directory by the caller (`Party`).
 */

import { Fault } from "../fault.js";

const MOST = 8 << 20;
const PATIENCE = 15_000;

/** An answer of 200 to 299. */
export interface Reply {
  text: string;
}

/** What is sent. */
export interface Sent {
  method: "GET" | "POST";
  media?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Sends a request to an address that was checked. `party` is for words about a failure. */
export async function send(url: URL, sent: Sent, party: string): Promise<Reply> {
  const headers: Record<string, string> = { ...sent.headers };
  if (sent.media !== undefined) headers["Content-Type"] = sent.media;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: sent.method, headers, body: sent.body || null,
      credentials: "omit", redirect: "error", cache: "no-store", referrerPolicy: "no-referrer", mode: "cors",
      signal: AbortSignal.timeout(PATIENCE),
    });
    text = await bounded(response);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("unanswered", `${party} could not be reached`, null, party);
  }
  if (response.ok) return { text };
  const { code, said } = refusal(text, response.status);
  const kind = response.status >= 500 || response.status === 429 ? "unanswered" : "refused";
  throw new Fault(kind, `${party}: ${said}`, code, party);
}

async function bounded(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [size, text] = [0, ""];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MOST) {
      await reader.cancel();
      throw new Fault("untrusted", "an answer is longer than allowed");
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The code and the words of a problem document (RFC 9457) or an OAuth error (RFC 6749 §5.2). */
function refusal(text: string, status: number): { code: string | null; said: string } {
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    const code = typeof said["code"] === "string" ? said["code"] : typeof said["error"] === "string" ? said["error"] : null;
    const words = [said["detail"], said["title"], said["error_description"]].find((one) => typeof one === "string");
    return { code, said: `${typeof words === "string" ? words : ""} (${code ?? status})` };
  } catch {
    return { code: null, said: `status ${status}` };
  }
}
