// Reads an AsyncAPI document with the specification's own parser, and fails on
// whatever it says of it, hints on style apart.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const file = process.argv[2];
const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
const wrong = diagnostics.filter((d) => d.severity <= 1);
for (const d of diagnostics) console.log(`${["error", "warning", "info", "hint"][d.severity]} ${d.code} at ${d.path.join(".")}: ${d.message}`);
if (wrong.length > 0 || document === undefined) process.exit(1);
console.log(`${file} is AsyncAPI ${document.version()}: ${document.channels().all().length} channels, ${document.messages().all().length} messages`);
