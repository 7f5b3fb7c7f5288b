// Bundles the tests beside the sources that they try, and runs them with Node's own runner (Node 18 and 20).

import { spawnSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(here, ".test");
const tests = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts"));
await rm(out, { recursive: true, force: true });
await build({
  entryPoints: tests.map((name) => join(here, "test", name)), outdir: out, outExtension: { ".js": ".mjs" }, bundle: true, format: "esm",
  platform: "node", target: "node18", sourcemap: "inline", logLevel: "warning", tsconfig: join(here, "tsconfig.json"),
  loader: { ".ftl": "text" },
  // Node 18 has WebCrypto, but not as a global.
  banner: { js: "import { webcrypto as nodeCrypto } from 'node:crypto'; globalThis.crypto ??= nodeCrypto;" },
});
// What screens say, for the test that every sentence exists.
const sources = await Promise.all(["src", "src/screens", "src/ui", "src/assisted"].map(async (folder) => {
  const names = (await readdir(join(here, folder))).filter((name) => /\.tsx?$/.test(name));
  return Promise.all(names.map((name) => readFile(join(here, folder, name), "utf8")));
}));
await writeFile(join(out, "sources.txt"), sources.flat().join("\n"));
const files = tests.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit", cwd: here });
process.exit(status ?? 1);
