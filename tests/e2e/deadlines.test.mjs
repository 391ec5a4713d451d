/* variants: asan tsan */
/* Every wait has a deadline. Each is made short here, and the peer does the one thing it is for.
 * A deadline may come late on a busy machine, so the proof that it is this one is the reason, and
 * that the connection was still there well before.
 */

import assert from "node:assert/strict";
import test, { describe } from "node:test";
import WebSocket from "ws";
import { backend, echo, silent, source } from "./lib/backends.mjs";
import { OP, RawWs, Wire, frame, handshake } from "./lib/rawws.mjs";
import { start } from "./lib/server.mjs";
import { OVERFULL, Pattern, event, pause, until } from "./lib/wait.mjs";

/* Waits until the server ends it, not earlier than `least` ms from `since` on. */
async function endsAfter(wire, least, since = Date.now()) {
	await wire.ended();
	const took = Date.now() - since;
	assert.ok(took >= least, `ended after ${took} ms already`);
}

describe("before the handshake", { concurrency: 8 }, () => {
	test("a client that says nothing is let go: --first-byte-timeout", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["-v", "--first-byte-timeout=0.6", "127.0.0.1:0", b.at]);
		const since = Date.now(); /* before it begins to count */
		const wire = await Wire.connect(t, server.port);
		await endsAfter(wire, 550, since);
		assert.equal(wire.have, 0);
		assert.match((await server.event("connection ended")).reason, /client said nothing/);
		assert.equal(b.all.length, 0);
	});

	test("a slow-loris head, a byte at a time, is cut as a whole: --head-timeout, 408", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--head-timeout=0.8", "127.0.0.1:0", b.at]);
		const since = Date.now();
		const wire = await Wire.connect(t, server.port);
		const head = handshake("/", { X: "x".repeat(4000) });
		for (let i = 0; i < head.length && !wire.over; i++) {
			wire.write(head[i]);
			await pause(20);
		}
		assert.ok(Date.now() - since >= 600, "not at once");
		const answer = await wire.answer();
		assert.equal(answer.status, 408);
		assert.match(answer.body, /did not end in time/);
		await wire.ended();
		await server.says(/request refused.*status=408/);
		assert.equal(b.all.length, 0);
	});

	test("half a head and then silence, also behind a first request", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--head-timeout=0.5", "127.0.0.1:0", b.at]);
		const wire = await Wire.connect(t, server.port);
		wire.write("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT");
		assert.equal((await wire.answer()).status, 404);
		assert.equal((await wire.answer()).status, 408);
		await wire.ended();
	});

	test("silence between two requests: --keepalive-timeout", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["-v", "--first-byte-timeout=60", "--keepalive-timeout=1.5", "127.0.0.1:0", b.at]);
		const wire = await Wire.connect(t, server.port);
		for (let i = 0; i < 3; i++) {
			wire.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
			assert.equal((await wire.answer()).status, 404);
			await pause(600); /* less than the deadline, together more */
		}
		await endsAfter(wire, 200);
		assert.match((await server.event("connection ended")).reason, /no further request/);
	});

	test("an answer nobody reads: --write-timeout", async (t) => {
		const b = await echo(t);
		const { folder } = await import("./lib/backends.mjs");
		const { truncateSync, writeFileSync } = await import("node:fs");
		const dir = folder(t);
		writeFileSync(`${dir}/big`, "");
		truncateSync(`${dir}/big`, OVERFULL);
		const server = await start(t, ["-v", "--write-timeout=0.8", `--web=${dir}`, "127.0.0.1:0", b.at]);
		const before = server.fds();
		const wire = await Wire.connect(t, server.port);
		wire.socket.pause();
		wire.write("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
		assert.match((await server.event("connection ended")).reason, /took no data/);
		await server.letGo(before);
	});
});

describe("in a session", { concurrency: 8 }, () => {
	test("a client that takes nothing: --write-timeout, with the reason in the log", async (t) => {
		const b = await source(t, { bytes: 1e12 });
		const server = await start(t, ["--write-timeout=1", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		ws.socket.pause();
		const log = await server.event("session ended");
		assert.match(log.reason, /client took no data for 1 s/);
		assert.equal(log.layer, "tcp");
		const peer = await b.peer();
		await until("the backend is let go", () => peer.closed);
	});

	test("a backend that takes nothing: --write-timeout, Close 1011 with the reason", async (t) => {
		const b = await silent(t);
		const server = await start(t, ["--write-timeout=1", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const piece = frame(OP.BINARY, Buffer.alloc(262144), { mask: Buffer.alloc(4) });
		for (let i = 0; i < OVERFULL / 262144; i++)
			ws.write(piece);
		const close = await ws.close();
		assert.equal(close.code, 1011);
		assert.match(close.reason, /backend took no data for 1 s/);
		ws.destroy();
		assert.match((await server.event("session ended")).reason, /backend took no data/);
	});

	test("a client that takes a little now and then is slow, not stalled", async (t) => {
		const n = OVERFULL;
		const b = await source(t, { bytes: n });
		const server = await start(t, ["--write-timeout=2", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const peer = await b.peer();
		ws.socket.pause();
		await until("the backend is held up", () => peer.socket.writableLength > 0);
		const since = Date.now();
		while (Date.now() - since < 4500) { /* several times the deadline */
			const had = ws.total;
			ws.socket.resume();
			await until("a little more", () => ws.total > had + 300000);
			ws.socket.pause();
			await pause(300);
		}
		assert.equal(server.events("session ended").length, 0);
		ws.socket.resume();
		const close = await ws.close();
		assert.equal(close.code, 1000);
		assert.equal(close.data.length, n);
		new Pattern(1).check(0, close.data);
	});

	test("an idle session has no deadline", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--first-byte-timeout=1", "--head-timeout=1", "--keepalive-timeout=1", "--write-timeout=1",
			"--close-timeout=1", "--dial-timeout=1", "--drain-timeout=1", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await pause(3000);
		ws.send("still there?");
		assert.equal((await ws.data(12)).toString(), "still there?");
	});
});

describe("--heartbeat", { concurrency: 8 }, () => {
	test("pings come at the pace asked for; a client that answers stays", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--heartbeat=0.2", "--pong-timeout=10", "127.0.0.1:0", b.at]);
		const since = Date.now();
		const ws = new WebSocket(`ws://127.0.0.1:${server.port}`);
		t.after(() => ws.terminate());
		let pings = 0;
		ws.on("ping", (payload) => { pings++; assert.equal(payload.length, 0); });
		await event(ws, "open");
		await until("a dozen pings", () => pings >= 12);
		const took = Date.now() - since;
		assert.ok(took >= 12 * 200 * 0.8, `12 pings in ${took} ms`);
		assert.equal(ws.readyState, WebSocket.OPEN);
	});

	test("a client that answers none is dropped with the reason, in the Close and in the log", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--heartbeat=0.3", "--pong-timeout=0.5", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const ping = await ws.frame();
		assert.equal(ping.opcode, OP.PING);
		const close = await ws.close();
		assert.equal(close.code, 1011);
		assert.equal(close.reason, "client did not answer a ping within 0.5 s");
		await ws.gone();
		assert.equal((await server.event("session ended")).reason, close.reason);
		const peer = await b.peer();
		await until("the backend is let go", () => peer.eof);
	});

	test("data is no answer to a ping; an unasked pong is none either, before the ping", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--heartbeat=0.6", "--pong-timeout=0.6", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		ws.write(frame(OP.PONG, "unasked"));
		let close;
		ws.close().then((c) => { close = c; });
		await until("dropped", () => {
			if (!close && !ws.closed)
				ws.send("x");
			return close;
		});
		assert.match(close.reason, /did not answer a ping/);
	});

	test("a client that is behind with reading is not timed by the backlog", async (t) => {
		const b = await source(t, { bytes: OVERFULL });
		const server = await start(t, ["--heartbeat=0.2", "--pong-timeout=1.5", "127.0.0.1:0", b.at]);
		const ws = new WebSocket(`ws://127.0.0.1:${server.port}`);
		t.after(() => ws.terminate());
		let bytes = 0;
		ws.on("message", (data) => { bytes += data.length; });
		await event(ws, "open");
		const peer = await b.peer();
		ws.pause();
		await until("the backend is held up", () => peer.socket.writableLength > 0);
		await pause(3000);
		ws.resume();
		const [code] = await event(ws, "close");
		assert.equal(code, 1000);
		assert.equal(bytes, OVERFULL);
	});

	test("without it nobody is pinged", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await pause(800);
		assert.equal(ws.have, 0);
	});
});
