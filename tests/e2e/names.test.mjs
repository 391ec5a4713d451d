/* Names: all addresses of a backend are tried, IPv6 and IPv4 in turn and 250 ms apart; looking a
 * name up holds up nobody else; --prefer-ipv6. The names are made up by tests/tools/preload_names,
 * so that no file of the system needs to be touched.
 */

import assert from "node:assert/strict";
import net from "node:net";
import test, { describe } from "node:test";
import { backend, deadPort, echo, fullPort } from "./lib/backends.mjs";
import { RawWs, Wire, handshake } from "./lib/rawws.mjs";
import { start, tool } from "./lib/server.mjs";

const withNames = (names) => ({
	env: { LD_PRELOAD: tool("preload_names"), TEST_NAMES: Object.entries(names).map(([name, at]) => `${name}=${at}`).join(" ") },
});

const hello = async (ws, text = "hello") => {
	ws.send(text);
	assert.equal((await ws.data(text.length)).toString(), text);
};

/* A backend that says at which address it was reached. */
const herald = (t, host, port) => backend(t, ({ socket }) => {
	socket.write(host);
	socket.on("end", () => socket.end());
}, { host, port });

/* A port that swallows connects on ::1 and has a herald on 127.0.0.1, where somebody else may have
 * its number: then another one is tried. */
async function halfDead(t) {
	for (;;) {
		const port = await fullPort(t, "::1");
		try {
			await herald(t, "127.0.0.1", port);
			return port;
		} catch (e) {
			if (e.code !== "EADDRINUSE")
				throw e;
		}
	}
}

describe("the backend's addresses", { concurrency: 4 }, () => {
	test("dead IPv6 (refused), live IPv4: reached at once", async (t) => {
		const b = await herald(t, "127.0.0.1");
		const server = await start(t, ["127.0.0.1:0", `both.test:${b.port}`], withNames({ "both.test": "::1,127.0.0.1" }));
		const ws = await RawWs.open(t, server.port);
		assert.equal((await ws.data(9)).toString(), "127.0.0.1");
		assert.equal((await server.event("session started")).backend, `both.test:${b.port}`);
	});

	test("dead IPv6 (swallowed), live IPv4: reached after the stagger, well before any timeout", async (t) => {
		const port = await halfDead(t);
		const server = await start(t, ["--dial-timeout=60", "127.0.0.1:0", `both.test:${port}`], withNames({ "both.test": "::1,127.0.0.1" }));
		const since = Date.now();
		const ws = await RawWs.open(t, server.port);
		assert.equal((await ws.data(9)).toString(), "127.0.0.1");
		const took = Date.now() - since;
		assert.ok(took >= 200, `${took} ms: IPv6 was not tried`);
		assert.ok(took < 20000, `${took} ms`);
	});

	test("both alive: the resolver's first is taken", async (t) => {
		const six = await herald(t, "::1", await deadPort());
		await herald(t, "127.0.0.1", six.port);
		for (const [order, want] of [["::1,127.0.0.1", "::1"], ["127.0.0.1,::1", "127.0.0.1"]]) {
			const server = await start(t, ["127.0.0.1:0", `both.test:${six.port}`], withNames({ "both.test": order }));
			const ws = await RawWs.open(t, server.port);
			assert.equal((await ws.data(want.length)).toString(), want);
		}
	});

	test("families in turn: behind fifteen dead IPv6 addresses the IPv4 one is still reached in time", async (t) => {
		const port = await halfDead(t);
		/* one after the other its turn would come after 3.75 s, in turn after 250 ms */
		const server = await start(t, ["--dial-timeout=3.5", "127.0.0.1:0", `many.test:${port}`],
			withNames({ "many.test": `${"::1,".repeat(15)}127.0.0.1` }));
		const ws = await RawWs.open(t, server.port);
		assert.equal((await ws.data(9)).toString(), "127.0.0.1");
	});

	test("several dead ones, the last alive", async (t) => {
		const b = await herald(t, "127.0.0.9");
		const server = await start(t, ["127.0.0.1:0", `many.test:${b.port}`],
			withNames({ "many.test": "127.0.0.5,127.0.0.6,::1,127.0.0.7,127.0.0.8,127.0.0.9" }));
		const ws = await RawWs.open(t, server.port);
		assert.equal((await ws.data(9)).toString(), "127.0.0.9");
	});

	test("all dead: one reason, that names the backend as the user wrote it", async (t) => {
		const port = await deadPort();
		const server = await start(t, ["127.0.0.1:0", `both.test:${port}`], withNames({ "both.test": "::1,127.0.0.1,127.0.0.2" }));
		const ws = await RawWs.open(t, server.port);
		const close = await ws.close();
		assert.deepEqual([close.code, close.reason], [1011, `backend both.test:${port} refused the connection`]);
	});

	test("all swallowed: the dial deadline holds for all together", async (t) => {
		const port = await fullPort(t, "127.0.0.1");
		const server = await start(t, ["--dial-timeout=1", "127.0.0.1:0", `many.test:${port}`],
			withNames({ "many.test": Array(12).fill("127.0.0.1").join(",") }));
		const before = server.fds();
		const since = Date.now();
		const ws = await RawWs.open(t, server.port);
		const close = await ws.close();
		assert.match(close.reason, /did not answer within 1 s/);
		assert.ok(Date.now() - since >= 900);
		ws.destroy();
		await server.letGo(before);
	});

	test("each session looks the name up anew", async (t) => {
		const b = await herald(t, "127.0.0.1");
		const server = await start(t, ["127.0.0.1:0", `one.test:${b.port}`], withNames({ "one.test": "127.0.0.1/50" }));
		for (let i = 0; i < 3; i++) {
			const since = Date.now();
			const ws = await RawWs.open(t, server.port);
			await ws.data(9);
			assert.ok(Date.now() - since >= 45, "a look-up takes 50 ms here");
			ws.destroy();
		}
	});
});

describe("a name server that takes its time", { concurrency: 4 }, () => {
	test("holds up no other session: look-ups are off the loop", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--workers=1", "127.0.0.1:0", `slow.test:${b.port}`], withNames({ "slow.test": "127.0.0.1/1500" }));
		const first = await RawWs.open(t, server.port);
		await hello(first);
		/* while others look the name up, the open session answers and so does HTTP */
		const waiting = [];
		for (let i = 0; i < 3; i++) {
			const wire = await Wire.connect(t, server.port);
			wire.write(handshake());
			waiting.push(wire);
		}
		/* three look-ups on the loop would let a few through in between, however fast the machine is */
		let echoes = 0;
		for (; !waiting.every((wire) => wire.have); echoes++)
			await hello(first, "still quick");
		assert.ok(echoes >= 30, `${echoes} echoes meanwhile`);
		for (const wire of waiting)
			assert.equal((await wire.head()).status, 101);
	});

	test("is subject to the dial deadline", async (t) => {
		const server = await start(t, ["--dial-timeout=0.4", "127.0.0.1:0", "slow.test:1"], withNames({ "slow.test": "127.0.0.1/1500" }));
		const ws = await RawWs.open(t, server.port);
		const close = await ws.close(); /* refused, if it waited for the name server */
		assert.match(close.reason, /backend slow\.test:1 did not answer within 1 s/);
	});

	test("does not keep the server from ending, in order, within its deadlines", async (t) => {
		const server = await start(t, ["--drain-timeout=1", "127.0.0.1:0", "slow.test:1"], withNames({ "slow.test": "127.0.0.1/25000" }));
		const wire = await Wire.connect(t, server.port);
		wire.write(handshake());
		const probe = await Wire.connect(t, server.port);
		probe.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
		await probe.answer();
		server.kill();
		await server.ends(0, 15000);
	});
});

describe("where to listen, by name", () => {
	const answers = (host, port) => new Promise((resolve) => {
		const socket = net.connect(port, host);
		socket.on("connect", () => { socket.destroy(); resolve(true); });
		socket.on("error", () => resolve(false));
	});

	test("a name with both: IPv4, or IPv6 with --prefer-ipv6", async (t) => {
		const b = await echo(t);
		for (const [args, want] of [[[], "127.0.0.1"], [["--prefer-ipv6"], "[::1]"], [["-6"], "[::1]"]])
			for (const order of ["::1,127.0.0.1", "127.0.0.1,::1"]) {
				const server = await start(t, [...args, "both.test:0", b.at], withNames({ "both.test": order }));
				assert.equal(server.address, `${want}:${server.port}`);
				assert.equal(await answers(want.replace(/[[\]]/g, ""), server.port), true);
				assert.equal(await answers(want === "[::1]" ? "127.0.0.1" : "::1", server.port), false);
			}
	});

	test("--prefer-ipv6 without a host is all addresses as well", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--prefer-ipv6", "0", b.at]);
		assert.equal(await answers("127.0.0.1", server.port), true);
		assert.equal(await answers("::1", server.port), true);
	});

	test("a name whose first address is not this machine's: the next one", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["far.test:0", b.at], withNames({ "far.test": "192.0.2.1,127.0.0.1" }));
		assert.equal(server.address, `127.0.0.1:${server.port}`);
	});
});
