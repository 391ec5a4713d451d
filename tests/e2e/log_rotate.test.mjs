/* variants: asan tsan */
/* A log file that is moved away while sessions come and go: SIGHUP has it opened anew. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { echo, folder } from "./lib/backends.mjs";
import { RawWs } from "./lib/rawws.mjs";
import { start } from "./lib/server.mjs";
import { until } from "./lib/wait.mjs";

const ended = (file) => existsSync(file)
	? readFileSync(file, "utf8").split("\n").filter((line) => line.includes(" session ended ")) : [];

test("every line is in one file or the other, whole, whatever moves when", async (t) => {
	const log = path.join(folder(t), "log"), files = [log];
	const b = await echo(t);
	const server = await start(t, [`--log-file=${log}`, "127.0.0.1:0", b.at]);
	const clients = 60;
	const session = async () => {
		const ws = await RawWs.open(t, server.port);
		await ws.leave();
	};
	const half = Array.from({ length: clients }, session);
	for (let i = 1; i <= 3; i++) {
		files.push(`${log}.${i}`);
		renameSync(log, `${log}.${i}`);
		server.kill("SIGHUP");
		await until("the new file says so", () => existsSync(log) && /reloaded/.test(readFileSync(log, "utf8")));
		half.push(...Array.from({ length: clients }, session));
	}
	await Promise.all(half);
	await until("all are logged", () => files.flatMap(ended).length === 4 * clients);
	const lines = files.flatMap(ended);
	assert.ok(ended(log).length > 0, "the newest has some");
	assert.ok(lines.every((line) => /^\S+ info  session ended client=127\.0\.0\.1:\d+ .* reason=/.test(line)));
});

test("something else in its place: the old file goes on, and the log says why", async (t) => {
	const log = path.join(folder(t), "log");
	const b = await echo(t);
	const server = await start(t, [`--log-file=${log}`, "127.0.0.1:0", b.at]);
	renameSync(log, `${log}.1`);
	mkdirSync(log);
	server.kill("SIGHUP");
	await server.says(/error log file not opened anew, the old one goes on path=\S+ reason="is a directory"/);
	const ws = await RawWs.open(t, server.port);
	await ws.leave();
	await until("the old file has it", () => ended(`${log}.1`).length === 1);
});
