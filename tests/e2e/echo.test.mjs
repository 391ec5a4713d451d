/* variants: asan tsan */
/* The data path: byte-exact in both directions, however the bytes are cut and whoever is slow. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test, { describe } from "node:test";
import WebSocket from "ws";
import { backend, drained, echo, pour, sink, source } from "./lib/backends.mjs";
import { OP, RawWs, frame, maskBytes } from "./lib/rawws.mjs";
import { start, tool } from "./lib/server.mjs";
import { Checked, KIB, MIB, Pattern, SANITIZED, SCALE, event, later, pause, scaled, until } from "./lib/wait.mjs";

const open = async (t, server, protocols) => {
	const ws = new WebSocket(`ws://127.0.0.1:${server.port}/websockify`, protocols);
	later(t, () => ws.terminate());
	await event(ws, "open");
	return ws;
};

const bye = async (ws) => {
	ws.close(1000);
	const [code] = await event(ws, "close");
	assert.equal(code, 1000);
};

/* Sends `all` bytes of pattern `seed` in messages of `size` and checks that they come back. */
async function roundTrip(ws, seed, all, size) {
	const pattern = new Pattern(seed), got = new Checked(seed, `echo of ${size}`);
	ws.on("message", (data, binary) => { assert.ok(binary); got.take(data); });
	for (let at = 0; at < all; at += size) {
		ws.send(pattern.at(at, Math.min(size, all - at)));
		if (ws.bufferedAmount > MIB)
			await until("room to send", () => ws.bufferedAmount < MIB / 2);
	}
	await got.whole(all);
}

describe("byte-exact echo for messages of any size", { concurrency: 4 }, () => {
	for (const unix of [false, true])
		for (const size of [1, 2, 7, 125, 126, 127, 1000, 1448, 4096, 16383, 16384, 16385, 65535, 65536, 65537, 262143, 262144, 262145, 1 << 20])
			test(`${size} bytes${unix ? " over a unix socket" : ""}`, async (t) => {
				const b = await echo(t, { unix });
				const server = await start(t, ["127.0.0.1:0", ...b.args]);
				const ws = await open(t, server);
				await roundTrip(ws, size, size < 100 ? size * scaled(3000, 500) : Math.max(scaled(3 * MIB), 3 * size), size);
				await bye(ws);
			});
});

test("one backend read is one message, never several reads joined: pieces sent apart arrive apart", async (t) => {
	const b = await sink(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const ws = await RawWs.open(t, server.port);
	const peer = await b.peer();
	for (let i = 0; i < 50; i++) {
		peer.socket.write(`piece ${i}`);
		const f = await ws.frame();
		assert.deepEqual([f.opcode, f.fin, f.payload.toString()], [OP.BINARY, true, `piece ${i}`]);
	}
	ws.bye();
	await ws.close();
	await ws.gone();
});

describe("slow sides", { concurrency: 4 }, () => {
	const n = scaled(24 * MIB, 4 * MIB);

	test("a slow client: everything arrives, in order", async (t) => {
		const b = await source(t, { bytes: n, seed: 3 });
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await open(t, server);
		const got = new Checked(3, "client");
		ws.on("message", async (data) => {
			got.take(data);
			ws.pause();
			await pause(1);
			ws.resume();
		});
		const [code] = await event(ws, "close");
		assert.equal(code, 1000);
		got.exactly(n);
	});

	const slowly = (peer, seed) => {
		peer.got = new Checked(seed, "backend");
		peer.socket.on("data", async (piece) => {
			peer.got.take(piece);
			peer.socket.pause();
			await pause(1);
			peer.socket.resume();
		});
		peer.socket.on("end", () => peer.socket.end());
	};
	const pourUp = async (ws, pattern, all) => {
		for (let at = 0; at < all; at += 65536) {
			ws.send(pattern.at(at, Math.min(65536, all - at)), { mask: Buffer.alloc(4) });
			if (ws.socket.writableLength > MIB)
				await drained(ws.socket);
		}
	};

	test("a slow backend: everything arrives, in order", async (t) => {
		const b = await backend(t, (peer) => slowly(peer, 4));
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await pourUp(ws, new Pattern(4), n);
		ws.bye();
		await ws.close();
		const peer = await b.peer();
		await peer.got.whole(n);
		await ws.gone();
	});

	test("both at once", async (t) => {
		const b = await backend(t, (peer) => {
			slowly(peer, 5);
			pour(peer.socket, new Pattern(6), n);
		});
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const sent = pourUp(ws, new Pattern(5), n);
		const down = new Pattern(6);
		for (let at = 0; at < n;) {
			const f = await ws.frame();
			assert.equal(f.opcode, OP.BINARY);
			down.check(at, f.payload, "client");
			at += f.payload.length;
			await pause(1);
		}
		await sent;
		const peer = await b.peer();
		await peer.got.whole(n);
	});

	test("a byte at a time, header and payload, both ways", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const text = "the quick brown fox jumps over the lazy dog, and once more ".repeat(3);
		const all = Buffer.concat([frame(OP.BINARY, text.slice(0, 60)), frame(OP.BINARY, text.slice(60, 61)), frame(OP.BINARY, text.slice(61), { fin: false }), frame(OP.CONT, "")]);
		let got = "";
		for (const byte of all) {
			ws.write(Buffer.from([byte]));
			await new Promise(setImmediate);
		}
		while (got.length < text.length)
			got += (await ws.frame()).payload;
		assert.equal(got, text);
	});
});

test("200 clients at once, each with its own bytes", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const n = 200;
	const all = await Promise.all(Array.from({ length: n }, () => open(t, server)));
	await Promise.all(all.map((ws, i) => roundTrip(ws, i + 1, scaled(200 * KIB, 20 * KIB) + i, 1 + (i * 977) % 30000)));
	await Promise.all(all.map(bye));
	await until("the log has them all", () => server.events("session ended").length === n);
	assert.equal(new Set(server.events("session started").map((line) => line.client)).size, n);
});

test("many short sessions, one after the other and side by side", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const n = scaled(400, 80);
	let next = 0;
	await Promise.all(Array.from({ length: 8 }, async () => {
		while (next < n) {
			const text = `session ${next++}`;
			const ws = await open(t, server);
			ws.send(Buffer.from(text));
			assert.equal(String((await event(ws, "message"))[0]), text);
			await bye(ws);
		}
	}));
	await until("the log has them all", () => server.events("session ended").length === n);
});

test("a frame of 64 MiB is streamed, not kept: the backend gets its bytes while it is on its way", async (t) => {
	const size = 64 * MIB;
	const b = await sink(t, 9);
	const server = await start(t, ["--workers=1", "127.0.0.1:0", b.at]);
	const ws = await RawWs.open(t, server.port);
	const pattern = new Pattern(9), mask = Buffer.from([1, 2, 3, 4]);
	const before = server.memory();
	let worst = 0;
	ws.write(frame(OP.BINARY, "", { length: size, mask }));
	for (let at = 0; at < size; at += 65536) {
		ws.write(maskBytes(pattern.at(at, 65536), mask));
		if (ws.socket.writableLength > MIB)
			await drained(ws.socket);
		if (at === size / 2)
			await until("half of it is there", async () => (await b.peer()).bytes > size / 2 - 40 * MIB);
		if (at % (4 * MIB) === 0)
			worst = Math.max(worst, server.memory() - before);
	}
	const peer = await b.peer();
	await peer.got.whole(size);
	assert.ok(worst < (SANITIZED ? 48 : 4) * MIB, `it grew by ${worst} bytes`);
	ws.write(frame(OP.BINARY, pattern.at(size, 10)));
	await peer.got.whole(size + 10);
});

test("base64 subprotocol: text frames, byte-exact both ways", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const ws = await open(t, server, ["base64"]);
	assert.equal(ws.protocol, "base64");
	const all = scaled(4 * MIB, MIB), pattern = new Pattern(11), got = new Checked(11, "base64 echo");
	ws.on("message", (data, binary) => {
		assert.equal(binary, false);
		got.take(Buffer.from(String(data), "base64"));
	});
	let size = 1;
	for (let at = 0; at < all; size = size * 3 % 40000 + 1) {
		const n = Math.min(size, all - at);
		ws.send(pattern.at(at, n).toString("base64"));
		at += n;
		if (ws.bufferedAmount > MIB)
			await until("room to send", () => ws.bufferedAmount < MIB / 2);
	}
	await got.whole(all);
	await bye(ws);
	assert.equal((await b.peer()).bytes, all);
});

test("10 GiB through one session, both ways at once, every byte checked", { timeout: 300000 }, async (t) => {
	const bytes = Math.round((SCALE < 1 ? 2 * SCALE : 5 * SCALE) * 1024) * MIB; /* each way, past 2^32 */
	const child = spawn(tool("bulk"), [String(bytes), String(bytes)], { stdio: ["pipe", "pipe", "pipe"] });
	later(t, () => child.kill("SIGKILL"));
	let said = "";
	for (const from of [child.stdout, child.stderr])
		from.on("data", (text) => { said += text; });
	const over = event(child, "close", 240000);
	const [, port] = await until("bulk listens", () => /port (\d+)/.exec(said));
	const server = await start(t, ["--workers=1", "127.0.0.1:0", `127.0.0.1:${port}`]);
	child.stdin.end(`${server.port}\n`);
	const [code] = await over;
	assert.equal(code, 0, said);
	assert.match(said, new RegExp(`ok up ${bytes} down ${bytes} `));
	const log = await server.event("session ended");
	assert.deepEqual([log.up, log.down], [String(bytes), String(bytes)]);
});
