/* websplice with a command behind it, for test t. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { deadPort } from "./backends.mjs";
import { OP, RawWs } from "./rawws.mjs";
import { ROOT, start, tool } from "./server.mjs";
import { sanitizer } from "./shim.mjs";
import { later, until } from "./wait.mjs";

/* Options, then the command, for which {PORT} is the port that it is to bind and websplice listens
 * on. Nobody holds that port until websplice does: another one is tried when it is gone. */
export async function wrap(t, options, command, more = {}) {
	for (let tries = 0;; tries++) {
		const port = await deadPort();
		const words = command.map((word) => word.replaceAll("{PORT}", port));
		try {
			const server = await start(t, ["--close-timeout=0.5", ...options, ...(more.listens ?? [`127.0.0.1:${port}`]).map((word) => word.replaceAll("{PORT}", port)), "--", ...words],
				{ stdin: "pipe", ...more, env: { ...sanitizer, ...more.env } });
			server.own = port;
			return server;
		} catch (e) {
			if (tries > 3 || !/is in use/.test(e.message))
				throw e;
		}
	}
}

/* A server that lives as long as websplice's standard input is open. */
export const greeter = (...words) => [tool("rebind_server"), "{PORT}", "hello", ...words];

/* One that goes into the background, and is listening when the command ends. */
export const daemon = (...words) => ["sh", "-c", '"$0" "$@" | { read -r first; while read -r line && [ "$line" != ready ]; do :; done; }', ...greeter("daemon", ...words)];

/* What a client of the WebSocket is told first: one line. */
export async function greeting(t, server, where = server.port) {
	const ws = await RawWs.open(t, where);
	let text = "";
	while (!text.endsWith("\n")) {
		const got = await ws.frame("a greeting");
		assert.equal(got.opcode, OP.BINARY, `${text}, then frame ${got.opcode}: ${got.payload.toString("latin1", 2)}`);
		text += got.payload;
	}
	ws.bye();
	return text;
}

/* The process is there (and no zombie). */
export function lives(pid) {
	try {
		return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return false;
	}
}

export const gone = (pid) => until(() => `process ${pid} is gone`, () => !lives(pid));

/* Ends a process that is nobody's child any more, with the test. */
export function endLater(t, pid) {
	later(t, () => { try { process.kill(pid, "SIGKILL"); } catch { /* it is gone */ } });
}

/* The processes of a session, by what setsid made of a command's pid. */
export const session = (sid) => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
	try {
		return Number(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ")[3]) === sid;
	} catch {
		return false;
	}
});

/* A program of a package that is only unpacked (scripts/setup.sh), or installed all the same. */
export const unpacked = (name, file) =>
	[path.join(ROOT, ".deps", name, file), file].find(existsSync) ?? file;
