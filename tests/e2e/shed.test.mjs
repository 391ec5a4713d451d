/* variants: asan */
/* More clients than there is room for: some are turned away, those inside notice nothing, and when
 * there is room again everybody gets in. No busy loop, no flood of log lines.
 */

import assert from "node:assert/strict";
import test from "node:test";
import { echo } from "./lib/backends.mjs";
import { OP, RawWs, Wire } from "./lib/rawws.mjs";
import { start } from "./lib/server.mjs";
import { pause, until } from "./lib/wait.mjs";

const hello = async (ws, text) => {
	ws.send(text);
	assert.equal((await ws.data(text.length)).toString(), text);
};

/* A client that gets in, or null when it is turned away: it is told why, or just reset. */
const attempt = async (t, port) => {
	const ws = await RawWs.open(t, port).catch(() => null);
	if (!ws)
		return null;
	ws.send("first");
	const got = await ws.frame();
	if (got.opcode !== OP.CLOSE) {
		assert.equal(got.payload.toString(), "first");
		return ws;
	}
	assert.match(got.payload.subarray(2).toString(), /too many (connections|open files)/);
	ws.destroy();
	return null;
};

/* How many clients are told, at a time, that there are too many (TOLD in src/app/worker.c). */
const TOLD = 16;
/* How many may be going beyond the limit (GOING there). */
const GOING = 16;

test("--max-connections: one more is told so, and let in when somebody has left", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--max-connections=4", "127.0.0.1:0", b.at]);
	const inside = [];
	for (let i = 0; i < 4; i++)
		inside.push(await RawWs.open(t, server.port));
	const since = Date.now();
	for (let i = 0; i < 20; i++) {
		const ws = await RawWs.open(t, server.port);
		const { payload } = await ws.frame();
		assert.equal(payload.readUInt16BE(0), 1013);
		assert.match(payload.subarray(2).toString(), /too many connections/);
		ws.bye();
		await ws.gone();
	}
	const page = await fetch(`http://127.0.0.1:${server.port}/`);
	assert.equal(page.status, 503);
	assert.equal(page.headers.get("retry-after"), "5");
	assert.match(await page.text(), /too many connections/);
	const seconds = Math.ceil((Date.now() - since) / 1000);
	for (const [i, ws] of inside.entries())
		await hello(ws, `inside ${i}`);
	await server.says(/clients are turned away.*--max-connections/);
	const lines = server.count(/turned away/);
	assert.ok(lines <= 2 * (seconds + 1), `${lines} lines for 20 clients in ${seconds} s`); /* each worker, one a second */
	/* Who only knocks is waited for, but not for many; they take nobody's place. */
	const silent = [];
	for (let i = 0; i < TOLD + 4; i++)
		silent.push(await Wire.connect(t, server.port));
	await until("the last are reset", () => silent.filter((wire) => wire.over).length >= 4);
	assert.equal(silent.filter((wire) => wire.have > 0).length, 0);
	await inside.pop().leave();
	const late = await until("room again", () => attempt(t, server.port));
	await hello(late, "late");
	assert.equal(await attempt(t, server.port), null, "and no more than that");
});

/* A page's connections, which a browser keeps for half a minute, must not lock its own desktop out. */
test("--max-connections: one that waits for its next request makes room, the oldest first", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--workers=1", "--max-connections=3", "127.0.0.1:0", b.at]);
	const page = async () => {
		const wire = await Wire.connect(t, server.port);
		wire.write("GET /no-such-file HTTP/1.1\r\nHost: a\r\n\r\n");
		await until("an answer", () => wire.have > 0);
		return wire;
	};
	const first = await page(), second = await page();
	await hello(await RawWs.open(t, server.port), "full");
	assert.ok(!first.over && !second.over);
	const third = await RawWs.open(t, server.port);
	await until("the oldest goes", () => first.eof);
	assert.ok(!second.over);
	first.destroy();
	await hello(third, "in");
	await hello(await RawWs.open(t, server.port), "and in");
	await until("the other goes, too", () => second.eof);
	second.destroy();
	assert.equal(await attempt(t, server.port), null, "sessions do not make room");
});

/* What is told to go and stays is in nobody's way for ever: there are no more than so many of them. */
test("--max-connections: those that do not go when they should", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--workers=1", "--max-connections=3", "--close-timeout=60", "127.0.0.1:0", b.at]);
	const stay = [];
	let away = false;
	while (!away) {
		const wire = await Wire.connect(t, server.port);
		wire.write("GET /no-such-file HTTP/1.1\r\nHost: a\r\n\r\n");
		await until("an answer", () => wire.have > 0 || wire.over);
		away = wire.all().includes("HTTP/1.1 503");
		stay.push(wire);
		assert.ok(stay.length <= 3 + GOING + 1, "no bound");
	}
	assert.equal(stay.length, 3 + GOING + 1);
});

/* nofile: what the process may have; the sessions take two each and the rest is its own. */
for (const nofile of [64, 100])
	test(`out of descriptors (${nofile}): the rest is turned away, those inside go on, and it recovers`, async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--close-timeout=0.3", "127.0.0.1:0", b.at], { limits: [`--nofile=${nofile}:${nofile}`] });
		const inside = [];
		let away = 0;
		while (away < 3) {
			const ws = await attempt(t, server.port);
			if (ws)
				inside.push(ws);
			else
				away++;
			assert.ok(inside.length < nofile, "it cannot be that many");
		}
		assert.ok(inside.length >= 5, `only ${inside.length} got in`);
		for (const [i, ws] of inside.entries())
			await hello(ws, `inside ${i}`);
		const cpu = server.cpu(), lines = server.said.split("\n").length;
		await pause(1000);
		assert.ok(server.cpu() - cpu < 500, `${server.cpu() - cpu} ms of CPU in a second of nothing`);
		assert.ok(server.said.split("\n").length - lines < 20, "a flood of log lines");
		for (const ws of inside)
			ws.destroy();
		const again = [];
		await until("everybody gets in again", async () => {
			const ws = await attempt(t, server.port);
			if (ws) {
				await hello(ws, "again");
				again.push(ws);
			}
			return again.length >= 5;
		});
	});

test("really out of descriptors while it accepts: it sheds, waits, recovers, and says so", async (t) => {
	const b = await echo(t);
	/* room for 32 connections by its own count, but not for their descriptors: HTTP connections
	 * take one each, and the limit is lowered under its feet */
	const server = await start(t, ["--workers=1", "--first-byte-timeout=60", "127.0.0.1:0", b.at], { limits: ["--nofile=64:64"] });
	const { spawnSync } = await import("node:child_process");
	assert.equal(spawnSync("prlimit", [`--pid=${server.pid}`, `--nofile=${server.fds() + 6}:64`]).status, 0);
	const quiet = [], since = Date.now();
	for (let i = 0; i < 30; i++)
		quiet.push(await Wire.connect(t, server.port)); /* the kernel completes them in any case */
	await until("somebody is turned away", () => quiet.some((wire) => wire.over));
	await server.says(/clients are turned away.*too many open files/);
	const cpu = server.cpu();
	await pause(1500);
	assert.ok(server.cpu() - cpu < 500, `${server.cpu() - cpu} ms of CPU while it waits`);
	const lines = server.count(/turned away/), seconds = Math.ceil((Date.now() - since) / 1000);
	assert.ok(lines <= seconds + 2, `${lines} lines in ${seconds} s`);
	for (const wire of quiet)
		wire.destroy();
	assert.equal(spawnSync("prlimit", [`--pid=${server.pid}`, "--nofile=64:64"]).status, 0);
	const ws = await until("room again", () => attempt(t, server.port));
	await hello(ws, "again");
});
