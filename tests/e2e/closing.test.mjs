/* variants: asan tsan */
/* How sessions end: the last bytes before an orderly end always arrive, every Close has the right
 * code and a reason, whoever ends it and in whatever order.
 */

import assert from "node:assert/strict";
import path from "node:path";
import test, { describe } from "node:test";
import WebSocket from "ws";
import { backend, deadPort, echo, folder, fullPort, pour, silent, sink, source } from "./lib/backends.mjs";
import { OP, RawWs, Wire, frame, handshake } from "./lib/rawws.mjs";
import { start, tool } from "./lib/server.mjs";
import { sanitizer } from "./lib/shim.mjs";
import { Checked, MIB, OVERFULL, Pattern, event, scaled, sooner, until } from "./lib/wait.mjs";

const BIG = OVERFULL; /* so that something is queued in the proxy */

describe("the last bytes before an orderly end always arrive", { concurrency: 4 }, () => {
	for (const unix of [false, true]) {
		const on = unix ? " (unix socket)" : "";

		test(`down: the backend sends ${BIG} bytes and FIN; the client reads late and gets all, then Close 1000${on}`, async (t) => {
			const b = await source(t, { bytes: BIG, unix });
			const server = await start(t, ["127.0.0.1:0", ...b.args]);
			const ws = await RawWs.open(t, server.port);
			ws.socket.pause();
			const peer = await b.peer();
			await until("the backend is held up", () => peer.socket.writableLength > 0 || peer.socket.bytesWritten >= BIG);
			ws.socket.resume();
			const close = await ws.close();
			new Pattern(1).check(0, close.data);
			assert.equal(close.data.length, BIG);
			assert.equal(close.code, 1000);
			assert.match(close.reason, /backend closed/);
			ws.bye(1000);
			await ws.gone();
			await until("the backend is let go", () => peer.closed);
			const log = await server.event("session ended");
			assert.equal(log.down, String(BIG));
			assert.match(log.reason, /backend closed the connection/);
		});

		test(`up: the client sends ${BIG} bytes and Close; the backend reads late and gets all, then FIN${on}`, async (t) => {
			const b = await silent(t, { unix });
			const server = await start(t, ["127.0.0.1:0", ...b.args]);
			const ws = await RawWs.open(t, server.port);
			const pattern = new Pattern(2);
			for (let at = 0; at < BIG; at += 65536)
				ws.send(pattern.at(at, 65536), { mask: Buffer.alloc(4) });
			ws.bye(1001, "going");
			const peer = await b.peer();
			const got = new Checked(2, "backend");
			await until("the client is held up", () => ws.socket.writableLength > 0);
			peer.socket.on("data", (piece) => got.take(piece)).resume();
			const close = await ws.close();
			assert.deepEqual([close.code, close.reason], [1001, "going"], "echoed");
			await got.whole(BIG);
			await until("FIN at the backend", () => peer.eof);
			assert.equal(peer.error, null);
			peer.socket.end();
			await ws.gone();
			const log = await server.event("session ended");
			assert.equal(log.up, String(BIG));
			assert.match(log.reason, /client closed the session \(1001\)/);
		});

		test(`up: the client is gone without Close (FIN); the backend still gets every byte, then FIN${on}`, async (t) => {
			const b = await silent(t, { unix });
			const server = await start(t, ["127.0.0.1:0", ...b.args]);
			const ws = await RawWs.open(t, server.port);
			const pattern = new Pattern(3);
			for (let at = 0; at < BIG; at += 65536)
				ws.send(pattern.at(at, 65536), { mask: Buffer.alloc(4) });
			ws.end();
			const peer = await b.peer();
			await until("the client is held up", () => ws.socket.writableLength > 0);
			const got = new Checked(3, "backend");
			peer.socket.on("data", (piece) => got.take(piece)).resume();
			await got.whole(BIG);
			await until("FIN at the backend", () => peer.eof);
			assert.equal(peer.error, null);
			peer.socket.end();
			await ws.ended();
			assert.match((await server.event("session ended")).reason, /without a Close frame \(1006\)/);
		});
	}

	test("up: the client is killed in the middle; what had been taken from it arrives, then FIN", async (t) => {
		const b = await sink(t, 4);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		ws.send(new Pattern(4).at(0, 100000));
		const peer = await b.peer();
		await peer.got.whole(100000);
		ws.reset();
		await until("FIN at the backend", () => peer.eof);
		peer.got.exactly(100000);
		assert.equal(peer.error, null);
		const log = await server.event("session ended");
		assert.match(log.reason, /client reset the connection/);
	});

	test("both at once: each side sends a lot and ends; both get everything", async (t) => {
		const n = BIG >> 2, up = new Pattern(5), down = new Pattern(6);
		const b = await backend(t, (peer) => {
			peer.got = new Checked(5, "backend");
			peer.socket.on("data", (piece) => peer.got.take(piece));
			pour(peer.socket, down, n);
		});
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const peer = await b.peer();
		for (let at = 0; at < n; at += 65536)
			ws.send(up.at(at, 65536), { mask: Buffer.alloc(4) });
		const got = await ws.data(n);
		down.check(0, got);
		ws.bye();
		peer.socket.on("end", () => peer.socket.end());
		await ws.close();
		await peer.got.whole(n);
		await ws.gone();
	});

	test("a backend that ends only its direction still gets what the client says before its own Close", async (t) => {
		const b = await backend(t, (peer) => {
			peer.got = "";
			peer.socket.setEncoding("latin1").on("data", (text) => { peer.got += text; });
			peer.socket.end("last words");
		});
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const close = await ws.close();
		assert.deepEqual([close.code, String(close.data)], [1000, "last words"]);
		ws.send("one more thing");
		ws.bye(1000);
		const peer = await b.peer();
		await until("FIN at the backend", () => peer.eof);
		assert.equal(peer.got, "one more thing");
		await ws.gone();
		assert.equal(peer.error, null);
	});

	test("a client that ended its TCP direction is told nothing more, and that is no error", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		ws.bye(1000);
		ws.end();
		assert.equal((await ws.close()).code, 1000);
		await ws.gone();
		assert.equal((await server.event("session ended")).layer, "ws");
	});

	test("what the backend says after the client's Close is read and dropped", async (t) => {
		const b = await backend(t, () => {});
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const peer = await b.peer();
		ws.bye(1000);
		assert.equal((await ws.close()).code, 1000);
		await until("FIN at the backend", () => peer.eof);
		await pour(peer.socket, new Pattern(1), BIG / 4); /* would never end if nobody read it */
		peer.socket.end();
		await until("all of it went somewhere", () => peer.closed);
		assert.equal(peer.error, null);
		await ws.gone();
		assert.equal(ws.have, 0);
	});
});

describe("ends that are not in order have a code and a reason", { concurrency: 4 }, () => {
	test("backend reset: Close 1011 with the reason, after what it had sent", async (t) => {
		const b = await backend(t, () => {});
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const peer = await b.peer();
		peer.socket.write("before the fall");
		assert.equal((await ws.data(15)).toString(), "before the fall");
		peer.socket.resetAndDestroy();
		const close = await ws.close();
		assert.equal(close.code, 1011);
		assert.match(close.reason, /backend reset the connection/);
		ws.bye(1011);
		await ws.gone();
		const log = await server.event("session ended");
		assert.equal(log.layer, "tcp");
		assert.match(log.reason, /backend reset/);
	});

	test("backend reset while the client sends: Close 1011", async (t) => {
		const b = await silent(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const peer = await b.peer();
		const piece = frame(OP.BINARY, Buffer.alloc(65536), { mask: Buffer.alloc(4) });
		for (let i = 0; i < 256; i++)
			ws.write(piece);
		await until("the client is held up", () => ws.socket.writableLength > 0);
		peer.socket.resetAndDestroy();
		const close = await ws.close();
		assert.equal(close.code, 1011);
		assert.match(close.reason, /backend reset/);
		ws.destroy();
	});

	test("a backend that ends before the client has said anything: Close 1000", async (t) => {
		const b = await backend(t, (peer) => peer.socket.end());
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		assert.equal((await ws.close()).code, 1000);
		ws.bye();
		await ws.gone();
	});

	test("a client that never answers Close is cut when the deadline is over", async (t) => {
		const b = await backend(t, (peer) => peer.socket.end());
		const server = await start(t, ["--close-timeout=0.5", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await ws.close();
		await ws.ended();
		const since = Date.now();
		await server.event("session ended");
		assert.ok(Date.now() - since < 5000);
		/* its descriptors are free again, although this end never closed */
		await until("the server lets go", async () => {
			ws.write("x");
			return ws.closed;
		});
	});

	test("a client that goes on sending data instead of answering Close is cut as well", async (t) => {
		const b = await backend(t, (peer) => { peer.socket.resume(); peer.socket.end(); });
		const server = await start(t, ["--close-timeout=0.5", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await ws.close();
		await until("cut", () => {
			if (!ws.closed)
				ws.send("still here");
			return ws.closed;
		});
		await server.event("session ended");
	});

	test("a backend that ignores FIN is let go when the deadline is over", async (t) => {
		const b = await backend(t, () => {});
		const server = await start(t, ["--close-timeout=0.5", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const peer = await b.peer();
		ws.bye();
		await ws.close();
		await ws.gone();
		await until("FIN", () => peer.eof);
		await server.event("session ended");
		await until("RST at last", () => { peer.socket.write("x"); return peer.error || peer.closed; });
	});

	test("a violation in the middle of an upload: the backend keeps what was whole, then FIN", async (t) => {
		const b = await sink(t, 7);
		const server = await start(t, ["--close-timeout=2", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		ws.send(new Pattern(7).at(0, 200000));
		ws.write(frame(3, "reserved"));
		assert.equal((await ws.close()).code, 1002);
		const peer = await b.peer();
		await until("FIN at the backend", () => peer.eof);
		peer.got.exactly(200000);
		assert.equal((await server.event("session ended")).layer, "ws");
		await ws.ended();
	});
});

describe("a backend that cannot be reached", { concurrency: 4 }, () => {
	const told = async (t, args, { at, env }) => {
		const plain = await start(t, [...args, "127.0.0.1:0", ...at], { env });
		const ws = await RawWs.open(t, plain.port);
		const close = await ws.close();
		assert.equal(close.code, 1011);
		await ws.ended();
		const line = await plain.event("session refused");
		assert.equal(line.reason, close.reason);
		const http = await start(t, ["--http-errors", ...args, "127.0.0.1:0", ...at], { env });
		const wire = await Wire.connect(t, http.port);
		wire.write(handshake());
		const answer = await wire.answer();
		assert.equal(answer.body.trimEnd(), close.reason, "the same words");
		await wire.ended();
		return { reason: close.reason, status: answer.status };
	};

	test("refused: 1011 and a reason a person understands; 502 with --http-errors", async (t) => {
		const port = await deadPort();
		assert.deepEqual(await told(t, [], { at: [`127.0.0.1:${port}`] }),
			{ reason: `backend 127.0.0.1:${port} refused the connection`, status: 502 });
	});

	test("refused over IPv6", async (t) => {
		const port = await deadPort();
		assert.deepEqual(await told(t, [], { at: [`[::1]:${port}`] }),
			{ reason: `backend [::1]:${port} refused the connection`, status: 502 });
	});

	test("a name that does not exist", async (t) => {
		/* asked of no name server, which may be far or silent */
		const env = { ...sanitizer, LD_PRELOAD: tool("preload_names"), TEST_NAMES: "none.test=" };
		assert.deepEqual(await told(t, [], { at: ["none.test:1"], env }),
			{ reason: "backend none.test:1: host name not found", status: 502 });
	});

	test("a host that answers nothing: the dial deadline, 504", async (t) => {
		const port = await fullPort(t);
		assert.deepEqual(await told(t, ["--dial-timeout=0.7"], { at: [`127.0.0.1:${port}`] }),
			{ reason: `backend 127.0.0.1:${port} did not answer within 1 s`, status: 504 });
	});

	test("a unix socket that is not there, one nobody serves, a file", async (t) => {
		const dir = folder(t);
		const none = path.join(dir, "none");
		assert.deepEqual(await told(t, [], { at: [`--unix-target=${none}`] }),
			{ reason: `backend unix:${none}: no such socket`, status: 502 });
		const { writeFileSync } = await import("node:fs");
		writeFileSync(path.join(dir, "file"), "");
		const { reason } = await told(t, [], { at: [`--unix-target=${path.join(dir, "file")}`] });
		assert.match(reason, /refused the connection|not a socket/);
	});

	test("a browser's library learns code and reason", async (t) => {
		const port = await deadPort();
		const server = await start(t, ["127.0.0.1:0", `127.0.0.1:${port}`]);
		const ws = new WebSocket(`ws://127.0.0.1:${server.port}/`);
		const [code, reason] = await event(ws, "close");
		assert.deepEqual([code, String(reason)], [1011, `backend 127.0.0.1:${port} refused the connection`]);
	});

	test("a backend that comes up later is reached by the next session", async (t) => {
		const port = await deadPort();
		const server = await start(t, ["127.0.0.1:0", `127.0.0.1:${port}`]);
		const first = await RawWs.open(t, server.port);
		assert.equal((await first.close()).code, 1011);
		first.destroy();
		await echo(t, { port });
		const second = await RawWs.open(t, server.port);
		second.send("hello");
		assert.equal((await second.data(5)).toString(), "hello");
	});

	test("a client that leaves while the backend is being dialled leaves nothing behind", async (t) => {
		const port = await fullPort(t);
		const server = await start(t, ["--dial-timeout=0.5", "127.0.0.1:0", `127.0.0.1:${port}`]);
		const before = server.fds();
		for (let i = 0; i < 10; i++) {
			const wire = await Wire.connect(t, server.port);
			wire.write(handshake());
			if (i % 2)
				wire.reset();
			else
				wire.destroy();
		}
		await server.letGo(before);
	});
});

describe("SIGTERM", { concurrency: 4 }, () => {
	for (const signal of ["SIGTERM", "SIGINT"])
		test(`${signal}: Close 1001 to everyone, exit 0`, async (t) => {
			const b = await echo(t);
			const server = await start(t, ["127.0.0.1:0", b.at]);
			const all = [];
			for (let i = 0; i < 20; i++) {
				const ws = await RawWs.open(t, server.port);
				ws.send(`hello ${i}`);
				await ws.data(`hello ${i}`.length);
				all.push(ws);
			}
			server.kill(signal);
			for (const ws of all) {
				const close = await ws.close();
				assert.equal(close.code, 1001);
				assert.match(close.reason, /shutting down/);
				ws.bye(1001);
				await ws.gone();
			}
			await server.ends(0);
			assert.equal(server.events("session ended").length, 20);
			for (const peer of b.all)
				await until("the backends are let go", () => peer.eof);
			assert.ok(b.all.every((peer) => !peer.error));
		});

	test("clients that never answer do not hold it up for longer than the deadline", async (t) => {
		const b = await backend(t, () => {});
		const server = await start(t, ["--close-timeout=30", "--drain-timeout=1", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const since = Date.now();
		server.kill();
		assert.equal((await ws.close()).code, 1001);
		await sooner("the end of what is to drain for 1 s", 5, server.ends(0));
		assert.ok(Date.now() - since >= 900, "it waited for them");
		assert.match(server.said, /did not end in time and are cut/);
	});

	test("a second one ends at once", async (t) => {
		const b = await backend(t, () => {});
		const server = await start(t, ["--close-timeout=600", "--drain-timeout=600", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		server.kill();
		assert.equal((await ws.close()).code, 1001);
		server.kill();
		await server.ends(0);
		assert.match(server.said, /ending now/);
	});

	test("a stalled client does not hold it up for longer than the deadline", async (t) => {
		const b = await source(t, { bytes: 1e12 });
		const server = await start(t, ["--drain-timeout=0.5", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		ws.socket.pause();
		const peer = await b.peer();
		await until("the client stalls", () => peer.socket.writableLength > 0);
		server.kill();
		await server.ends(0);
	});

	test("in the middle of a download: what is queued arrives, then Close 1001", async (t) => {
		const b = await source(t, { bytes: 1e12, hold: true });
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const pattern = new Pattern(1);
		await until("data comes", () => ws.have > MIB);
		server.kill();
		const close = await ws.close();
		assert.equal(close.code, 1001);
		pattern.check(0, close.data);
		ws.bye(1001);
		await ws.gone();
		await server.ends(0);
	});

	test("during the HTTP phase and the dial: an answer or an end, never a hang", async (t) => {
		const port = await fullPort(t);
		const server = await start(t, ["127.0.0.1:0", `127.0.0.1:${port}`]);
		const quiet = await Wire.connect(t, server.port);
		const half = await Wire.connect(t, server.port);
		half.write("GET / HT");
		const dialling = await Wire.connect(t, server.port);
		dialling.write(handshake());
		const sum = await Wire.connect(t, server.port);
		sum.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		await sum.answer(); /* so all of them have been accepted */
		server.kill();
		for (const wire of [quiet, half, sum]) {
			await wire.gone();
			assert.equal(wire.have, 0);
		}
		await dialling.ended();
		if (dialling.have) {
			const answer = await dialling.answer();
			assert.equal(answer.status, 503);
			assert.match(answer.body, /shutting down/);
		}
		dialling.end();
		await server.ends(0);
	});

	test("with nobody connected it is gone at once, and new clients are refused", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		server.kill();
		await server.ends(0);
		await assert.rejects(Wire.connect(t, server.port), { code: "ECONNREFUSED" });
	});

	test("while it drains, new clients are refused", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		server.kill();
		await ws.close();
		await until("refused", () => Wire.connect(t, server.port).then((w) => { w.destroy(); return false; }, (e) => e.code === "ECONNREFUSED"));
		assert.equal(server.ended, false, "it still drains");
		ws.bye(1001);
		ws.end();
		await server.ends(0);
	});

});

test("everything that ended gave its descriptors back", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--close-timeout=0.3", "127.0.0.1:0", b.at]);
	const before = server.fds();
	for (let i = 0; i < scaled(200, 40); i++) {
		const ws = await RawWs.open(t, server.port);
		if (i % 5 === 0)
			ws.reset();
		else if (i % 5 === 1)
			ws.destroy();
		else if (i % 5 === 2)
			ws.bye();
		else if (i % 5 === 3)
			ws.write("nonsense that is no frame at all");
		else
			(await b.peer(i)).socket.resetAndDestroy();
		if (i % 5 > 1)
			ws.destroy();
	}
	await server.letGo(before);
	await until("each has its log line", () => server.events("session ended").length === b.all.length);
});
