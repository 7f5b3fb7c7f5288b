import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../src/fault.js";
import { closed, entityId, maybe, open, text } from "../src/json/shape.js";
import { LIMITS, parseStrict, type Json } from "../src/json/strict.js";

const read = (json: string): Json => parseStrict(json, LIMITS.record);
const plain = (value: Json): unknown => JSON.parse(JSON.stringify(value));

test("strict JSON reads as JSON does", () => {
  for (const json of ['{"a":[1,-2,0],"b":{"c":null,"d":true,"e":false},"f":"क \\u0915 \\n \\" 😀"}', "[]", "{}", '"x"', " 7 "]) {
    assert.deepEqual(plain(read(json)), JSON.parse(json), json);
  }
});

test("what two readers could read differently is refused", () => {
  const refused = [
    '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"a":1.0}', "1e3", "-0", "01", "+1", "9007199254740993", '{"a":1,}', "[1,]", "[1 2]", "", " ", "{", '"a', '"\u0001"',
    '"\\x"', '"\\ud800"', "nul", "{} {}", "NaN", "'a'", "{a:1}", '"\\u00g0"', "\u00a01",
  ];
  for (const json of refused) assert.throws(() => read(json), Fault, JSON.stringify(json));
});

test("sizes, depths, counts and strings are bounded", () => {
  const limits = { bytes: 400, depth: 3, members: 4, string: 8 };
  parseStrict("[[[1]]]", limits);
  assert.throws(() => parseStrict("[[[[1]]]]", limits), /deeply/);
  assert.throws(() => parseStrict("[1,2,3,4,5]", limits), /too many/);
  assert.throws(() => parseStrict('"123456789 "', limits), /too long/);
  parseStrict(`"${"a".repeat(300)}"`, limits);
  assert.throws(() => parseStrict(`"${"a".repeat(500)}"`, limits), /longer/);
});

test("no member name reaches a prototype", () => {
  const value = read('{"__proto__":{"admin":true},"constructor":1}') as Record<string, Json>;
  assert.equal(({} as Record<string, unknown>)["admin"], undefined);
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.throws(() => closed({ a: text() })(value, "it"), Fault);
});

test("closed shapes know each member, open ones drop the rest", () => {
  const shape = { a: text(), b: maybe(text()) };
  assert.deepEqual(closed(shape)(read('{"a":"x"}'), "it"), { a: "x" });
  assert.throws(() => closed(shape)(read('{"a":"x","c":1}'), "it"), /it\.c/);
  assert.throws(() => closed(shape)(read('{"b":"x"}'), "it"), /it\.a/);
  assert.deepEqual(open(shape)(read('{"a":"x","c":1}'), "it"), { a: "x" });
});

test("an entity id has one spelling", () => {
  for (const good of ["https://social.gov.example", "https://social.localhost:27414", "https://gov.example/social"]) assert.equal(entityId(good, "id"), good);
  for (const bad of ["http://a.example", "https://a.example/", "https://A.example", "https://u@a.example", "https://a.example?x", "https://a.example:443", "https://a b"]) {
    assert.throws(() => entityId(bad, "id"), Fault, bad);
  }
});
