// Builds the wallet into wallet/dist: scripts, words, style, icons, service worker, and the list of all files with their digests.
// The same sources give the same bytes, on Node 18 and 20. Nothing built is committed.

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { icons } from "./icons.mjs";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = (name) => join(here, "src", name);
const dist = join(here, "dist");
// Without it no letter of a built file may depend on where it was built.
const common = { absWorkingDir: here, bundle: true, minify: true, target: ["es2020"], charset: "utf8", legalComments: "none", write: false, logLevel: "warning", tsconfig: join(here, "tsconfig.json") };

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const files = new Map();
const put = (name, content) => files.set(name, Buffer.from(content));

const app = await build({
  ...common, entryPoints: [source("main.tsx")], format: "esm", splitting: true, outdir: dist, metafile: true, publicPath: "/",
  entryNames: "assets/[name]-[hash]", chunkNames: "assets/[name]-[hash]", assetNames: "assets/[name]-[hash]",
  loader: { ".ftl": "file" }, jsx: "automatic", jsxImportSource: "preact",
});
for (const file of app.outputFiles) put(relative(dist, file.path).split(sep).join("/"), file.contents);
const [script] = Object.entries(app.metafile.outputs).find(([, output]) => output.entryPoint === "src/main.tsx");

// What the entry imports at once: told to the browser in the page, so that it need not find out step by step.
const outputs = app.metafile.outputs;
const first = new Set();
const follow = (name) => {
  if (first.has(name)) return;
  first.add(name);
  for (const one of outputs[name].imports) if (one.kind === "import-statement") follow(one.path);
};
follow(script);
const served = (name) => relative("dist", name).split(sep).join("/");

const style = await build({ ...common, entryPoints: [source("style.css")], outdir: dist, entryNames: "assets/[name]-[hash]" });
for (const file of style.outputFiles) put(relative(dist, file.path).split(sep).join("/"), file.contents);
const styleName = relative(dist, style.outputFiles[0].path).split(sep).join("/");

const page = (await readFile(source("index.html"), "utf8")).replace("{{style}}", `/${styleName}`).replace("{{script}}", `/${served(script)}`)
  .replace("{{preloads}}", [...first].slice(1).map((name) => `<link rel="modulepreload" href="/${served(name)}">`).join("\n    "));
put("index.html", page);
put("manifest.webmanifest", JSON.stringify(JSON.parse(await readFile(source("manifest.json"), "utf8"))));
for (const [name, content] of icons()) put(`icons/${name}`, content);

const listed = Object.fromEntries([...files.keys()].sort().map((name) => [`/${name}`, sha256(files.get(name))]));
const worker = await build({
  ...common, entryPoints: [source("sw.ts")], format: "iife", outdir: dist, tsconfig: join(here, "tsconfig.sw.json"),
  define: { FILES: JSON.stringify(listed), NAME: JSON.stringify(`wallet-${sha256(JSON.stringify(listed)).slice(0, 16)}`) },
});
put("sw.js", worker.outputFiles[0].contents);

// As `sha256sum` prints them, in the order of names: anybody can compute the digest of the build with it.
const names = [...files.keys()].sort();
const lines = names.map((name) => `${sha256(files.get(name))}  ${name}\n`).join("");
const digests = Object.fromEntries(names.map((name) => [name, `sha256:${sha256(files.get(name))}`]));
put("build.json", `${JSON.stringify({ v: 1, digest: `sha256:${sha256(lines)}`, files: digests }, null, 1)}\n`);

await rm(dist, { recursive: true, force: true });
const compressible = /\.(js|css|html|ftl|svg|json|webmanifest)$/;
for (const [name, content] of files) {
  const path = join(dist, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  if (!compressible.test(name)) continue;
  await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
  await writeFile(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
}

// First load: the page, its style, the entry with what it imports at once, one language, the manifest, an icon.
const weight = (name) => brotliCompressSync(files.get(name)).length;
const scripts = [...first].map(served);
const js = scripts.map(weight).reduce((sum, one) => sum + one, 0);
const words = names.filter((name) => /\/wallet-[^/]*\.ftl$/.test(name)).map(weight);
const rest = ["index.html", styleName, "manifest.webmanifest", "icons/icon.svg", "build.json"].map(weight).reduce((sum, one) => sum + one, 0);
const total = js + Math.max(...words) + rest;
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
console.log(`wallet: first load ${kib(total)} compressed, of it scripts ${kib(js)}; ${names.length} files, build sha256:${sha256(lines)}`);
if (total > 100 * 1024 || js > 60 * 1024) {
  console.error("the wallet's first load is over its budget: 100 KiB, of it scripts 60 KiB");
  process.exit(1);
}
