/* What a connection costs: by arithmetic where there is a bound, by counting where there is a
 * price. Release only: a sanitizer's own memory is not ours.
 *
 * tests/tools/preload_heap counts allocations and live bytes of the server's own heap; the kernel
 * says what memory the process has to itself.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { backend, drained, echo, folder, silent } from "./lib/backends.mjs";
import { OP, RawWs, Wire, frame, handshake } from "./lib/rawws.mjs";
import { start, tool } from "./lib/server.mjs";
import { KIB, MIB, Pattern, pause, scaled, settled, until } from "./lib/wait.mjs";

/* include/base/link.h and include/base/buf.h */
const LINK_HIGH = 256 * KIB, READ_ROOM = 256 * KIB, CHUNK = 16 * KIB;

/* Starts a server whose heap is counted: heap() gives {calls, bytes}. */
async function startCounted(t, args) {
	const file = path.join(folder(t), "heap");
	const server = await start(t, args, { env: { LD_PRELOAD: tool("preload_heap"), TEST_HEAP: file } });
	server.heap = () => {
		const counts = readFileSync(file);
		return { calls: Number(counts.readBigInt64LE(0)), bytes: Number(counts.readBigInt64LE(8)) };
	};
	assert.ok(server.heap().calls > 10, "the counter counts");
	return server;
}

/* n connections, a few at a time. */
async function many(n, connect) {
	const all = [];
	while (all.length < n)
		all.push(...await Promise.all(Array.from({ length: Math.min(50, n - all.length) }, (_, i) => connect(all.length + i))));
	return all;
}

/* Descriptors for n sessions, in this process (two each) and in the server's. */
function enough(n) {
	const [, , hard] = /^Max open files\s+(\d+)\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"));
	assert.ok(hard === "unlimited" || Number(hard) >= 2 * n + 300, `ulimit -n ${hard} is too low for ${n} sessions`);
	return n;
}

test("1,000 stalled clients: at most LINK_HIGH and one read is kept for each direction", { timeout: 120000 }, async (t) => {
	const n = enough(scaled(1000, 100));
	/* even ones: the backend pours and the client does not read; odd ones the other way round */
	const pattern = new Pattern(1);
	let poured = 0;
	const keepPouring = async (socket, bytes) => {
		for (;;) {
			if (socket.destroyed)
				return;
			poured += bytes.length;
			if (!socket.write(bytes))
				await drained(socket);
		}
	};
	const piece = pattern.at(0, 65536);
	const b = await backend(t, (peer) => {
		peer.socket.once("data", (first) => {
			peer.socket.pause();
			if (first[0] === 0x64)
				keepPouring(peer.socket, piece);
		});
	});
	const server = await start(t, ["--write-timeout=600", "--drain-timeout=0.5", "127.0.0.1:0", b.at]);
	const before = server.memory();
	const masked = frame(OP.BINARY, piece, { mask: Buffer.alloc(4) });
	const all = await many(n, async (i) => {
		const ws = await RawWs.open(t, server.port);
		ws.socket.pause();
		ws.send(i % 2 ? "up" : "down");
		if (i % 2)
			keepPouring(ws.socket, masked);
		return ws;
	});
	assert.equal(all.length, n);
	await settled("the flood", () => poured, 1500, 60000);
	const grown = server.memory() - before;
	const each = grown / n;
	t.diagnostic(`${n} stalled sessions: ${Math.round(each / KIB)} KiB each`);
	assert.ok(each <= LINK_HIGH + READ_ROOM + CHUNK, `${each} bytes each`);
	assert.ok(each > LINK_HIGH / 2, `only ${each} bytes each: were they stalled?`);
	assert.ok(server.cpu() >= 0);
	const cpu = server.cpu();
	await pause(1000);
	assert.ok(server.cpu() - cpu <= 100, "and nothing spins meanwhile");
});

test("an idle session costs at most 4 KiB of our own heap, and as much memory", async (t) => {
	const n = enough(scaled(2000, 200));
	const b = await echo(t);
	const server = await startCounted(t, ["--workers=1", "127.0.0.1:0", b.at]);
	const fds = server.fds();
	const warm = await many(100, () => RawWs.open(t, server.port));
	const heap = server.heap().bytes, memory = server.memory();
	const all = await many(n, () => RawWs.open(t, server.port));
	const price = (server.heap().bytes - heap) / n, real = (server.memory() - memory) / n;
	t.diagnostic(`an idle session: ${Math.round(price)} bytes of heap, ${Math.round(real)} bytes of memory`);
	assert.ok(price > 500, `${price} bytes: this cannot be all`);
	assert.ok(price <= 4 * KIB, `${price} bytes of heap each`);
	assert.ok(real <= 4.5 * KIB, `${real} bytes of memory each`);
	for (const ws of [...warm, ...all])
		ws.reset();
	await server.letGo(fds);
	const left = server.heap().bytes - heap;
	assert.ok(left <= 256 * CHUNK, `${left} bytes stay behind`);
});

test("a session that has moved data keeps nothing of it", async (t) => {
	const n = scaled(200, 50);
	const b = await echo(t);
	const server = await startCounted(t, ["--workers=1", "127.0.0.1:0", b.at]);
	const all = await many(n, () => RawWs.open(t, server.port));
	const heap = server.heap().bytes;
	const bytes = new Pattern(1).at(0, 100000);
	for (const ws of all) {
		ws.send(bytes);
		assert.deepEqual(await ws.data(bytes.length), bytes);
	}
	const kept = server.heap().bytes - heap;
	assert.ok(kept <= 256 * CHUNK, `${kept} bytes more than before`); /* the pool's spares, for all together */
	assert.ok(server.heap().bytes >= heap / 2);
});

test("a client that connects and says nothing costs a socket and a small struct", async (t) => {
	const n = enough(scaled(2000, 200));
	const b = await echo(t);
	const server = await startCounted(t, ["--workers=1", "--first-byte-timeout=600", "127.0.0.1:0", b.at]);
	const before = server.fds();
	const warm = await many(100, () => Wire.connect(t, server.port));
	await until("they are accepted", () => server.fds() >= before + 100);
	const heap = server.heap().bytes, fds = server.fds();
	const all = await many(n, () => Wire.connect(t, server.port));
	await until("they are accepted", () => server.fds() >= fds + n);
	const price = (server.heap().bytes - heap) / n;
	t.diagnostic(`a silent connection: ${Math.round(price)} bytes of heap`);
	assert.ok(price <= 2 * KIB, `${price} bytes of heap each`);
	assert.equal(warm.length + all.length, n + 100);
});

test("no allocation in steady state: echo, a flood of small messages, bulk up and down", async (t) => {
	const b = await echo(t);
	const server = await startCounted(t, ["--workers=1", "127.0.0.1:0", b.at]);
	const all = await many(10, () => RawWs.open(t, server.port));
	const rounds = async (count, size) => {
		const bytes = new Pattern(1).at(0, size);
		for (let i = 0; i < count; i++)
			for (const ws of all) {
				ws.send(bytes);
				assert.equal((await ws.data(size)).length, size);
			}
	};
	const flood = async (count) => {
		const [ws] = all;
		ws.write(Buffer.concat(Array.from({ length: count }, () => frame(OP.BINARY, "x"))));
		assert.equal((await ws.data(count)).length, count);
	};
	const steps = [["64-byte echo", () => rounds(50, 64)], ["100 KB echo", () => rounds(5, 100000)], ["small messages", () => flood(5000)],
		["2 MB echo", () => rounds(1, 2000000)]];
	for (const [, step] of steps)
		await step(); /* warm: the pool and libuv have what they need */
	/* how much of the pool is needed at once depends on who runs when: a new peak is no failure, but
	 * what allocates by itself does so each time */
	for (const [name, step] of steps) {
		let calls = 1;
		for (let tries = 0; calls && tries < 5; tries++) {
			const before = server.heap().calls;
			await step();
			calls = server.heap().calls - before;
		}
		assert.equal(calls, 0, `allocations during ${name}`);
	}
});

test("many sessions one after the other leave nothing behind", async (t) => {
	const b = await echo(t);
	const server = await startCounted(t, ["--workers=1", "127.0.0.1:0", b.at]);
	const some = async (count) => {
		for (let i = 0; i < count; i++) {
			const ws = await RawWs.open(t, server.port);
			ws.send("hello");
			await ws.data(5);
			ws.bye();
			await ws.close();
			await ws.gone();
			const wire = await Wire.connect(t, server.port);
			wire.write("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET");
			await wire.answer();
			wire.reset();
		}
		await settled("the heap", () => server.heap().bytes, 100);
	};
	await some(50);
	/* a pool that was never so busy before keeps a chunk more, once; what leaks does so each time */
	let grown = Infinity;
	for (let tries = 0; tries < 3 && Math.abs(grown) >= 4 * KIB; tries++) {
		const { bytes } = server.heap();
		await some(scaled(200, 50));
		grown = server.heap().bytes - bytes;
	}
	assert.ok(Math.abs(grown) < 4 * KIB, `${grown} bytes more`);
});

test("clients that stall in the middle of a head cost one chunk each", async (t) => {
	const n = scaled(500, 100);
	const b = await silent(t);
	const server = await startCounted(t, ["--workers=1", "--head-timeout=600", "127.0.0.1:0", b.at]);
	const heap = server.heap().bytes;
	const half = handshake("/", { X: "x".repeat(14000) }).slice(0, 12500);
	const all = await many(n, () => Wire.connect(t, server.port));
	for (const wire of all)
		wire.write(half);
	await until("all heads are there", () => server.heap().bytes - heap >= 12000 * n);
	const grown = await settled("the heap", () => server.heap().bytes - heap, 300);
	t.diagnostic(`a head of 12 KB that does not end: ${Math.round(grown / n)} bytes`);
	assert.ok(grown / n <= CHUNK + 2 * KIB, `${grown / n} bytes each`);
	assert.ok(server.memory() < 64 * MIB + n * CHUNK);
});
