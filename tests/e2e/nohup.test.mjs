/* Signals that the process was told to ignore before it began. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { deadPort } from "./lib/backends.mjs";
import { BIN } from "./lib/server.mjs";
import { later, until } from "./lib/wait.mjs";

test("SIGHUP that was ignored at the start (nohup) stays ignored", async (t) => {
	const child = spawn("sh", ["-c", 'trap "" HUP; exec "$@"', "sh", BIN, "--workers=1", "127.0.0.1:0", `127.0.0.1:${await deadPort()}`],
		{ stdio: ["ignore", "ignore", "pipe"] });
	let said = "", code = null;
	child.stderr.setEncoding("utf8").on("data", (text) => { said += text; });
	child.on("close", (n) => { code = n; });
	later(t, () => child.kill("SIGKILL"));
	await until("it listens", () => said.includes("listening"));
	child.kill("SIGHUP");
	child.kill("SIGTERM");
	await until("it ends", () => code !== null);
	assert.equal(code, 0);
	assert.match(said, /signal=TERM/);
	assert.doesNotMatch(said, /signal=HUP/);
});
