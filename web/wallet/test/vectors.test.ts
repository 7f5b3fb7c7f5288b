// The golden vectors of the wire types, which the servers' own types are held against too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ackShape } from "../src/consent/orders.js";
import { historyShape } from "../src/citizen/shapes.js";
import { statementShape } from "../src/federation/shapes.js";
import { LIMITS, parseStrict } from "../src/json/strict.js";
import type { Shape } from "../src/json/shape.js";
import { offerShape, requestShape, transactionShape } from "../src/openid/shapes.js";

const FOLDER = `${process.cwd()}/../../schemas/vectors`;
const CLOSED: [string, Shape<unknown>][] = [
  ["consent-transaction", transactionShape], ["request-object", requestShape], ["order-ack", ackShape], ["subordinate-statement", statementShape],
];
const OPEN: [string, Shape<unknown>][] = [["credential-offer", offerShape], ["history", historyShape]];

interface Vector {
  why: string;
  valid: boolean;
  message: unknown;
}

function reads(shape: Shape<unknown>, message: unknown): boolean {
  try {
    shape(parseStrict(JSON.stringify(message), LIMITS.query), "it");
    return true;
  } catch {
    return false;
  }
}

for (const [name, shape] of CLOSED) {
  test(`what is shown or signed is read exactly as the servers read it: ${name}`, () => {
    for (const { why, valid, message } of JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as Vector[]) {
      assert.equal(reads(shape, message), valid, why);
    }
  });
}

for (const [name, shape] of OPEN) {
  test(`what is only used is read wherever a server may write it: ${name}`, () => {
    for (const { why, valid, message } of JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as Vector[]) {
      if (valid) assert.ok(reads(shape, message), why);
    }
  });
}
