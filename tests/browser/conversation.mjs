// How the test in Rust and the browser's script talk: one JSON document a line. The script asks, the test answers; the last line of the
// script is its result.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function next() {
  const { value, done } = await lines.next();
  if (done) throw new Error('nobody is there any more');
  const said = JSON.parse(value);
  if (said.failed) throw new Error(said.failed);
  return said;
}

export const opening = () => next();

/** Asks the test for something: an offer, a request, a query. */
export async function want(what, more = {}) {
  process.stdout.write(`${JSON.stringify({ want: what, ...more })}\n`);
  return next();
}

export function done(result) {
  process.stdout.write(`${JSON.stringify({ done: result })}\n`);
}
