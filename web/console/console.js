// What a script adds to pages that are whole without it: errors are read at once, slips are printed by a button, a page that waits looks
// again by itself, and officers sign with a key that this browser made and keeps where nothing can read it.
document.documentElement.classList.add("scripted");
document.querySelector("[role=alert]")?.focus();
for (const button of document.querySelectorAll("[data-do=print]")) button.addEventListener("click", () => print());
const waits = document.querySelector("[data-reload]");
if (waits) setTimeout(() => location.reload(), Number(waits.dataset.reload));

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const text = (value) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** The store of this browser's keys, one an account; the private half of each cannot be taken out. */
async function keys(mode) {
  const opening = indexedDB.open("vinimay-officer", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
  return (await done(opening)).transaction("keys", mode).objectStore("keys");
}

/** A UUID of version 7 (RFC 9562, 5.7). */
function messageId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(Date.now()) << 16n) | 0x7000n | BigInt(((bytes[6] & 15) << 8) | bytes[7]));
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const numeric = () => Math.floor(Date.now() / 1000);

/** A compact JWS (RFC 7515) by a key of ours. */
async function sign({ pair, kid }, typ, claims) {
  const signed = `${base64url(text({ alg: "ES256", typ, kid }))}.${base64url(text(claims))}`;
  return `${signed}.${base64url(await crypto.subtle.sign(ALGORITHM, pair.privateKey, text(signed)))}`;
}

/** Makes a key, keeps it, and writes what is handed in: the public half, and its proof by itself. */
async function makeKey({ account, department }, section) {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const kid = base64url(await crypto.subtle.digest("SHA-256", text({ crv, kty, x, y })));
  const key = { pair, kid };
  await done((await keys("readwrite")).put(key, account));
  const claims = { v: 1, iss: kid, aud: department, iat: numeric(), jti: messageId(), account };
  const proof = await sign(key, "dx-officer-key+jwt", claims);
  document.getElementById("key").value = JSON.stringify({ thumbprint: kid, public: { kty, crv, x, y }, proof }, null, 2);
  section.querySelector("[data-value=thumbprint]").textContent = kid.match(/.{1,6}/g).join(" ");
  section.querySelector(".key-made").hidden = false;
}

/** Signs exactly what the page shows. */
async function signOrder(form, key) {
  const terms = JSON.parse(form.querySelector("[data-value=terms]").textContent);
  const claims = { v: 1, iss: key.kid, aud: terms.aud, iat: numeric(), jti: messageId(), salt: base64url(crypto.getRandomValues(new Uint8Array(16))),
    action: terms.action, scheme: terms.scheme, from: terms.from, backtest: terms.backtest };
  form.elements.order.value = await sign(key, "dx-scheme+jwt", claims);
  form.submit();
}

async function signing(section) {
  if (section.dataset.sign === "key") {
    section.querySelector("[data-do=make-key]").addEventListener("click", () => makeKey(section.dataset, section));
    return;
  }
  const key = await done((await keys("readonly")).get(section.dataset.account));
  const button = section.querySelector("[data-do=sign-here]");
  section.querySelector(".key-missing").hidden = Boolean(key);
  section.querySelector(".key-there").hidden = !key;
  button.disabled = !key;
  if (key) button.addEventListener("click", () => signOrder(section, key));
}
for (const section of document.querySelectorAll("[data-sign]")) signing(section);
