// Makes a component of what the compiler left: node componentize.js SOURCE.js WIT OUT.wasm
//
// `./build` runs it. Without the features of the system nothing but the hook contract is imported.
import { writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const [sourcePath, witPath, out] = process.argv.slice(2);
const disableFeatures = ["stdio", "random", "clocks", "http", "fetch-event"];
const { component } = await componentize({ sourcePath, witPath, worldName: "plugin", disableFeatures });
await writeFile(out, component);
