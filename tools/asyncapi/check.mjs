// Judges an AsyncAPI document with the official parser: `node check.mjs [FILE]`. Exit status 1 if it finds an error.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Parser } from "@asyncapi/parser";

const file = process.argv[2] ?? fileURLToPath(new URL("../../contracts/asyncapi.yaml", import.meta.url));
const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf-8"), { source: file });
const ERROR = 0;
const errors = diagnostics.filter((one) => one.severity === ERROR);
for (const { message, path, range } of errors) {
  console.error(`${file}:${range.start.line + 1}: ${path.join(".")}: ${message}`);
}
if (!document || errors.length > 0) process.exit(1);
const { length: channels } = document.channels().all();
const { length: messages } = document.allMessages().all();
console.log(`AsyncAPI ${document.version()}: ${channels} channels, ${messages} messages, no error`);
