import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FluentResource } from "@fluent/bundle";
import { plainDigits } from "../src/store/lock.js";
import { Words } from "../src/words/words.js";

const ftl = (language: string, file = "wallet") => readFileSync(`${process.cwd()}/../locales/${language}/${file}.ftl`, "utf8");
const keys = (language: string, file?: string) => new FluentResource(ftl(language, file)).body.map((message) => message.id).sort();
const words = (language: "hi" | "en", numerals: "latn" | "deva" = "latn") => new Words(language, numerals, ftl(language));

test("both languages say the same things", () => {
  assert.deepEqual(keys("hi"), keys("en"));
  assert.equal(new Set(keys("hi")).size, keys("hi").length, "a key stands twice");
});

test("every sentence can be said, with the same blanks in both languages", () => {
  const blanks = (language: string, key: string) => {
    const found = new RegExp(`^${key} =([^]*?)(?=^[a-z#])`, "m").exec(`${ftl(language)}\nz`)?.[1] ?? "";
    return [...new Set(found.match(/\$[a-z]+/g) ?? [])].sort();
  };
  for (const key of keys("en")) assert.deepEqual(blanks("hi", key), blanks("en", key), key);
});

test("every sentence that a screen says exists", () => {
  const source = readFileSync(`${process.cwd()}/.test/sources.txt`, "utf8");
  const said = [...source.matchAll(/\bt\("([a-z0-9-]+)"/g)].map((match) => match[1] ?? "");
  assert.ok(said.length > 100);
  const known = [...keys("en"), ...keys("en", "assisted")];
  assert.deepEqual(said.filter((key) => !known.includes(key)), []);
});

test("Hindi is written in Devanagari, and English is not", () => {
  for (const language of ["hi", "en"] as const) {
    const devanagari = new FluentResource(ftl(language)).body.filter((message) => /[\u0900-\u097f]/.test(JSON.stringify(message.value))).length;
    // Names of languages and digits are the same in both.
    assert.ok(language === "hi" ? devanagari >= keys("hi").length - 4 : devanagari <= 3, `${language}: ${devanagari}`);
  }
});

test("numbers are counted in words, in both languages and both kinds of digits", () => {
  assert.equal(words("en").t("home-active", { count: 0 }), "You allow nothing at the moment.");
  assert.equal(words("en").t("home-active", { count: 1 }), "You gave 1 consent that holds now.");
  assert.equal(words("en").t("home-active", { count: 2 }), "You gave 2 consents that hold now.");
  assert.equal(words("hi").t("home-active", { count: 0 }), "अभी आपकी कोई सहमति लागू नहीं है।");
  assert.equal(words("hi").t("home-active", { count: 1 }), "आपकी 1 सहमति अभी लागू है।");
  assert.equal(words("hi", "deva").t("home-active", { count: 12 }), "आपकी १२ सहमतियाँ अभी लागू हैं।");
  assert.equal(words("hi", "deva").t("consent-uses", { count: 3, most: 12 }), "१२ में से ३ बार उपयोग हुआ");
});

test("dates are of one calendar and one time zone, in both kinds of digits", () => {
  const at = 1_795_248_100; // 2026-11-21T08:01:40Z
  assert.equal(words("en").date(at), "21 November 2026");
  assert.equal(words("hi").date(at), "21 नवंबर 2026");
  assert.equal(words("hi", "deva").date(at), "२१ नवंबर २०२६");
  assert.equal(words("en").time(at).replace(/\s/g, " ").toLowerCase(), "1:31 pm");
  assert.match(words("hi", "deva").time(at), /१:३१/);
  assert.equal(words("en").date(1_795_285_799), "21 November 2026");
  assert.equal(words("en").date(1_795_285_800), "22 November 2026", "midnight in Kolkata");
});

test("names are in her language, else in English, else as they are", () => {
  assert.equal(words("hi").name({ en: "Food", hi: "खाद्य" }, "x"), "खाद्य");
  assert.equal(words("hi").name({ en: "Food" }, "x"), "Food");
  assert.equal(words("hi").name(undefined, "x"), "x");
});

test("a PIN may be typed in either kind of digits", () => {
  assert.equal(plainDigits("४८२ 915"), "482915");
});
