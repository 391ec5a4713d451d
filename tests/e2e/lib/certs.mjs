/* Certificates of an authority of our own, made by certs/make-certs.sh: one folder a test file,
 * gone when it ends.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT } from "./server.mjs";

const SCRIPT = path.join(ROOT, "certs/make-certs.sh");
export const DIR = mkdtempSync(path.join(os.tmpdir(), "websplice-certs-"));
process.on("exit", () => rmSync(DIR, { recursive: true, force: true }));

/* The script with these words; what it says. */
export const make = (...words) => execFileSync(SCRIPT, ["--dir", DIR, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

export const file = (name) => path.join(DIR, `${name}.pem`);
export const bytes = (name) => readFileSync(file(name));
/* What websplice is given for it. */
export const pair = (base) => ["--cert", file(base), "--key", file(`${base}-key`)];
/* What Node's tls is given for it. */
export const nodePair = (base) => ({ cert: bytes(base), key: bytes(`${base}-key`) });

/* A server's certificate; gives its base. options: words before the command. */
export function server(base, names = ["localhost", "127.0.0.1"], ...options) {
	make(...options, "server", base, ...names);
	return base;
}

export function client(base, name = base, ...options) {
	make(...options, "client", base, name);
	return base;
}

export const LONG_AGO = ["--from", "20200101000000Z", "--to", "20200201000000Z"];
export const NOT_YET = ["--from", "20990101000000Z", "--to", "20991231000000Z"];

/* A time the script understands, so many seconds from now. */
export const at = (seconds) => new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, "");

make();
