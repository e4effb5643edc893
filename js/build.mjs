// Bundles the front end: `npm run build` into the package, `npm run demo` into out/demo-page.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { deflateRawSync, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { extension } from "./lab/build.mjs";

const here = new URL(".", import.meta.url);
const path = (relative) => fileURLToPath(new URL(relative, here));

/** Style sheets are imported as minified text: one constructable sheet per root node. */
const cssAsText = {
  name: "css-as-text",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async (args) => {
      const source = await readFile(args.path, "utf8");
      const { code } = await esbuild.transform(source, {
        loader: "css",
        minify: true,
        target: "chrome114",
      });
      return { contents: code.trim(), loader: "text", watchFiles: [args.path] };
    });
  },
};

const shared = {
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [cssAsText],
  logLevel: "warning",
};
const modules = {
  ...shared,
  entryPoints: [path("session.ts"), path("view.ts")],
  format: "esm",
  outdir: path("../nbexplain/static"),
  // A module's text is what a saved notebook stores, so raw size is what counts.
  metafile: true,
};

const WORTH_PACKING = 10_000;

/** Printable characters that JSON and HTML hold as they are. */
const ALPHABET = Array.from({ length: 91 }, (_, i) => String.fromCharCode(i + 36))
  .filter((c) => !"&'<>\\`".includes(c))
  .join("");

/** Four bytes as five of 85 characters: a sixteenth less than base64 takes. */
function written(bytes) {
  const whole = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  let text = "";
  for (let i = 0; i < whole.length; i += 4)
    for (let value = whole.readUInt32BE(i), power = 85 ** 4; power >= 1; power /= 85)
      text += ALPHABET[Math.floor(value / power) % 85];
  return text;
}

/**
 * A module that unpacks `code`, a module without imports, and exports what that exports. Every
 * notebook and page holds the text of the bundle as it is, so it is stored at less than half its size. A
 * page never forgets a module, so it unpacks what is the same only once.
 */
function packed(code) {
  const data = deflateRawSync(code, { level: 9 });
  const name = createHash("sha256").update(code).digest("hex").slice(0, 16);
  return `const unpack = async () => {
const written = "${written(data)}", view = new DataView(new ArrayBuffer((written.length / 5) * 4));
for (let i = 0; i < written.length; i += 5) {
let value = 0;
for (const c of written.slice(i, i + 5)) value = value * 85 + "${ALPHABET}".indexOf(c);
view.setUint32((i / 5) * 4, value);
}
const plain = new Blob([view.buffer.slice(0, ${data.length})]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
const text = await new Response(plain).arrayBuffer();
const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
const module = await import(url);
URL.revokeObjectURL(url);
return module;
};
const module = await (globalThis[Symbol.for("nbexplain/${name}")] ??= unpack());
export const { mountStandalone } = module;
export default module.default;
`;
}

if (process.argv.includes("--demo")) {
  const page = path("../out/demo-page");
  await mkdir(page, { recursive: true });
  await esbuild.build({
    ...shared,
    entryPoints: [path("demo/demo.ts")],
    format: "iife",
    outdir: page,
  });
  await cp(path("demo/demo.html"), `${page}/index.html`);
  console.log("out/demo-page/index.html");
} else if (process.argv.includes("--watch")) {
  for (const options of [modules, extension(shared)]) {
    const context = await esbuild.context({ ...options, logLevel: "info" });
    await context.watch();
  }
} else {
  const { outputFiles } = await esbuild.build(extension(shared));
  for (const { contents } of outputFiles)
    console.log(`JupyterLab extension  ${contents.length} bytes`);
  const { metafile } = await esbuild.build(modules);
  for (const file of Object.keys(metafile.outputs)) {
    const code = await readFile(file);
    const text = code.length > WORTH_PACKING ? packed(code) : code;
    if (text !== code) await writeFile(file, text);
    const sizes = [`${text.length} bytes`, `${gzipSync(text, { level: 9 }).length} gzipped`];
    if (text !== code) sizes.push(`${code.length} unpacked`);
    console.log(`${file}  ${sizes.join(", ")}`);
  }
  if (process.argv.includes("--sizes"))
    for (const [file, { inputs }] of Object.entries(metafile.outputs))
      for (const [name, { bytesInOutput }] of Object.entries(inputs))
        console.log(`  ${file.split("/").at(-1)}  ${bytesInOutput}  ${name}`);
}
