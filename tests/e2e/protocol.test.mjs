/* variants: asan tsan */
/* RFC 6455 as the server's side has to keep it: what breaks a rule gets the right Close code with a
 * reason and the end of the connection; what keeps the rules gets through, however it is cut.
 */

import assert from "node:assert/strict";
import test, { describe } from "node:test";
import WebSocket from "ws";
import { echo, sink } from "./lib/backends.mjs";
import { OP, RawWs, Wire, closing, frame, handshake } from "./lib/rawws.mjs";
import { start } from "./lib/server.mjs";
import { MIB, SANITIZED, event, later, scaled, until } from "./lib/wait.mjs";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const repeat = (n) => Buffer.alloc(n, 0x61);
const start1 = () => frame(OP.BINARY, "one", { fin: false });

/* What is sent after the handshake, the Close code it earns, and what the backend gets first. */
const violations = [
	["a frame that is not masked", frame(OP.BINARY, "x", { mask: null }), 1002],
	["an empty frame that is not masked", frame(OP.BINARY, "", { mask: null }), 1002],
	["a ping that is not masked", frame(OP.PING, "x", { mask: null }), 1002],
	["reserved bit 1 (permessage-deflate, never agreed)", frame(OP.BINARY, "x", { rsv: 4 }), 1002],
	["reserved bit 2", frame(OP.BINARY, "x", { rsv: 2 }), 1002],
	["reserved bit 3", frame(OP.BINARY, "x", { rsv: 1 }), 1002],
	["a reserved bit on a ping", frame(OP.PING, "x", { rsv: 4 }), 1002],
	["a reserved bit on a Close", frame(OP.CLOSE, closing(1000), { rsv: 1 }), 1002],
	...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((op) => [`reserved opcode ${op}`, frame(op, "x"), 1002]),
	["a fragmented ping", frame(OP.PING, "x", { fin: false }), 1002],
	["a fragmented pong", frame(OP.PONG, "x", { fin: false }), 1002],
	["a fragmented Close", frame(OP.CLOSE, closing(1000), { fin: false }), 1002],
	["a ping of 126 bytes", frame(OP.PING, repeat(126)), 1002],
	["a pong of 126 bytes", frame(OP.PONG, repeat(126)), 1002],
	["a Close of 126 bytes", frame(OP.CLOSE, closing(1000, repeat(124))), 1002],
	["a ping with a 64-bit length", frame(OP.PING, "x", { form: 64 }), 1002],
	["a continuation of nothing", frame(OP.CONT, "x"), 1002],
	["a continuation of nothing that goes on", frame(OP.CONT, "x", { fin: false }), 1002],
	["a continuation after a whole message", Buffer.concat([frame(OP.BINARY, "whole"), frame(OP.CONT, "x")]), 1002, "whole"],
	["a new message inside a fragmented one", Buffer.concat([start1(), frame(OP.BINARY, "x")]), 1002, "one"],
	["a text message inside a fragmented one", Buffer.concat([start1(), frame(OP.TEXT, "x")]), 1002, "one"],
	["125 bytes written in 16 bits", frame(OP.BINARY, repeat(125), { form: 16 }), 1002],
	["125 bytes written in 64 bits", frame(OP.BINARY, repeat(125), { form: 64 }), 1002],
	["65535 bytes written in 64 bits", frame(OP.BINARY, repeat(65535), { form: 64 }), 1002],
	["no bytes written in 64 bits", frame(OP.BINARY, "", { form: 64 }), 1002],
	["a length of 2^63", frame(OP.BINARY, "", { length: 1n << 63n }), 1002],
	["a length of 2^64 - 1", frame(OP.BINARY, "", { length: (1n << 64n) - 1n }), 1002],
	["a Close of one byte", frame(OP.CLOSE, "x"), 1002],
	...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]
		.map((code) => [`Close code ${code}`, frame(OP.CLOSE, closing(code)), 1002]),
	["a Close reason that is not UTF-8", frame(OP.CLOSE, closing(1000, Buffer.from([0xff, 0xfe]))), 1007],
	["a Close reason with an overlong slash", frame(OP.CLOSE, closing(1000, Buffer.from([0xc0, 0xaf]))), 1007],
	["a Close reason with a surrogate", frame(OP.CLOSE, closing(1000, Buffer.from([0xed, 0xa0, 0x80]))), 1007],
	["a Close reason cut in a character", frame(OP.CLOSE, closing(1000, Buffer.from([0xe2, 0x82]))), 1007],
	["a text message", frame(OP.TEXT, "hello"), 1003],
	["an empty text message", frame(OP.TEXT, ""), 1003],
	["a fragmented text message", frame(OP.TEXT, "hel", { fin: false }), 1003],
	["a text message after a binary one", Buffer.concat([frame(OP.BINARY, "fine"), frame(OP.TEXT, "no")]), 1003, "fine"],
];

describe("every broken rule: Close with the code and a reason, then the end of the connection", () => {
	for (const cut of ["whole", "byte by byte"])
		test(`${violations.length} violations, sent ${cut}`, async (t) => {
			const b = await sink(t);
			const server = await start(t, ["--close-timeout=2", "127.0.0.1:0", b.at]);
			let n = 0;
			for (const [name, bytes, code, before = ""] of violations)
				await t.test(name, async (u) => {
					if (cut !== "whole" && bytes.length > 1000)
						return; /* the header is what matters */
					const ws = await RawWs.open(u, server.port);
					const peer = await b.peer(n++);
					if (cut === "whole")
						ws.write(bytes);
					else
						for (const byte of bytes)
							ws.write(Buffer.from([byte]));
					const close = await ws.close();
					assert.equal(close.code, code);
					assert.match(close.reason, /^[a-z][^\n]{5,122}$/, "a reason in words");
					/* it ends even if this client never answers, and nothing comes after the Close */
					await ws.ended();
					assert.equal(ws.have, 0, "nothing after the Close frame");
					await until("the backend is let go", () => peer.eof || peer.closed);
					assert.equal(peer.bytes, before.length, "the backend got what was whole before, and no more");
				});
			assert.equal(b.all.length, n);
		});
});

test("a Close code that may be sent is echoed with its reason, then TCP ends", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	for (const [code, reason] of [[1000, ""], [1000, "bye"], [1001, "going"], [1002, ""], [1003, ""], [1007, ""],
		[1008, ""], [1009, ""], [1010, ""], [1011, "ä€😀"], [1012, ""], [1013, ""], [1014, ""], [3000, "x"], [3999, ""],
		[4000, ""], [4999, "y".repeat(123)], [0, ""]]) {
		const ws = await RawWs.open(t, server.port);
		ws.bye(code, reason);
		const close = await ws.close();
		assert.equal(close.code, code || 1005);
		assert.equal(close.reason, reason);
		await ws.gone();
		assert.equal(ws.have, 0);
	}
});

describe("what is legal gets through", () => {
	const cases = [
		["one frame", [frame(OP.BINARY, "hello")], "hello"],
		["fragments", [frame(OP.BINARY, "he", { fin: false }), frame(OP.CONT, "l", { fin: false }), frame(OP.CONT, "lo")], "hello"],
		["an empty first fragment", [frame(OP.BINARY, "", { fin: false }), frame(OP.CONT, "hello")], "hello"],
		["an empty last fragment", [frame(OP.BINARY, "hello", { fin: false }), frame(OP.CONT, "")], "hello"],
		["empty fragments only", [frame(OP.BINARY, "", { fin: false }), frame(OP.CONT, "", { fin: false }), frame(OP.CONT, ""), frame(OP.BINARY, "x")], "x"],
		["empty messages", [frame(OP.BINARY, ""), frame(OP.BINARY, ""), frame(OP.BINARY, "x")], "x"],
		["a mask of zeros", [frame(OP.BINARY, "hello", { mask: Buffer.alloc(4) })], "hello"],
		["125, 126, 65535 and 65536 bytes", [125, 126, 65535, 65536].map((n) => frame(OP.BINARY, repeat(n))), repeat(125 + 126 + 65535 + 65536).toString()],
		["a ping and a pong between fragments", [frame(OP.BINARY, "he", { fin: false }), frame(OP.PONG, "stray"), frame(OP.PING, ""), frame(OP.CONT, "llo")], "hello"],
	];
	for (const [name, frames, want] of cases)
		for (const cut of [0, 1, 3])
			test(`${name}, ${cut ? `in pieces of ${cut}` : "whole"}`, async (t) => {
				const b = await echo(t);
				const server = await start(t, ["127.0.0.1:0", b.at]);
				const ws = await RawWs.open(t, server.port);
				const bytes = Buffer.concat(frames);
				if (!cut || bytes.length > 1000)
					ws.write(bytes);
				else
					for (let i = 0; i < bytes.length; i += cut)
						ws.write(bytes.subarray(i, i + cut));
				let got = "";
				while (got.length < want.length) {
					const f = await ws.frame();
					assert.ok(f.fin);
					if (f.opcode === OP.BINARY)
						got += f.payload.toString();
					else
						assert.equal(f.opcode, OP.PONG);
				}
				assert.equal(got, want);
				ws.bye();
				assert.equal((await ws.close()).code, 1000);
				await ws.gone();
				assert.equal((await b.peer()).bytes, want.length);
			});
});

test("a ping is answered with its payload; one of 125 bytes; one in the middle of a message", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const ws = await RawWs.open(t, server.port);
	for (const payload of ["", "x", repeat(125).toString()]) {
		ws.write(frame(OP.PING, payload));
		assert.deepEqual(await ws.frame(), { fin: true, opcode: OP.PONG, payload: Buffer.from(payload) });
	}
	ws.write(frame(OP.BINARY, "a", { fin: false }));
	assert.equal((await ws.frame()).payload.toString(), "a");
	ws.write(frame(OP.PING, "in between"));
	assert.deepEqual(await ws.frame(), { fin: true, opcode: OP.PONG, payload: Buffer.from("in between") });
	ws.write(frame(OP.CONT, "b"));
	assert.equal((await ws.frame()).payload.toString(), "b");
});

test("a flood of pings costs bounded work: what is read at once gets at most one pong, the newest", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const ws = await RawWs.open(t, server.port);
	const n = 20000, flood = [];
	for (let i = 0; i < n; i++)
		flood.push(frame(OP.PING, String(i), { mask: Buffer.alloc(4) }));
	ws.write(Buffer.concat([...flood, frame(OP.BINARY, "end")]));
	let pongs = 0, last = -1, data = "";
	while (!data || last < n - 1) {
		const f = await ws.frame();
		if (f.opcode === OP.BINARY) {
			data += f.payload;
			continue;
		}
		assert.equal(f.opcode, OP.PONG);
		assert.ok(Number(f.payload) > last, "in order");
		last = Number(f.payload);
		pongs++;
	}
	assert.equal(data, "end");
	assert.ok(pongs <= n / 10, `${pongs} pongs for ${n} pings in one go`);
});

test("a client that floods pings and reads nothing is read on, and nothing is kept for it", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--workers=1", "127.0.0.1:0", b.at]);
	const ws = await RawWs.open(t, server.port);
	ws.socket.pause();
	const before = server.memory();
	ws.write(Buffer.concat(Array.from({ length: scaled(160000) }, () => frame(OP.PING, repeat(125), { mask: Buffer.alloc(4) }))));
	await until("all pings are taken", () => ws.socket.writableLength === 0);
	const grown = server.memory() - before;
	assert.ok(grown < (SANITIZED ? 24 : 2) * MIB, `grew by ${grown} bytes`);
});

describe("bytes in the same packet as the request head are frames", () => {
	for (const [name, early, want] of [
		["a message", frame(OP.BINARY, "early"), "early"],
		["several", Buffer.concat([frame(OP.BINARY, "ea"), frame(OP.BINARY, "rly")]), "early"],
		["half a frame, the rest later", null, "early"],
		["more than a chunk", frame(OP.BINARY, repeat(60000)), repeat(60000).toString()],
	])
		test(name, async (t) => {
			const b = await echo(t);
			const server = await start(t, ["127.0.0.1:0", b.at]);
			const bytes = early ?? frame(OP.BINARY, "early");
			const cut = early ? bytes.length : 5;
			const ws = await RawWs.open(t, server.port, { early: bytes.subarray(0, cut) });
			ws.write(bytes.subarray(cut));
			assert.equal((await ws.data(want.length)).toString(), want);
		});

	test("a Close", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port, { early: frame(OP.CLOSE, closing(1001, "gone")) });
		const { code, reason } = await ws.close();
		assert.deepEqual([code, reason], [1001, "gone"]);
		await ws.gone();
	});
});

test("the library `ws`: everyday use, with permessage-deflate offered and never agreed to", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const ws = new WebSocket(`ws://127.0.0.1:${server.port}/any/path?x=1`, { perMessageDeflate: true });
	later(t, () => ws.terminate());
	await event(ws, "open");
	assert.equal(ws.extensions, "");
	assert.equal(ws.protocol, "");
	const got = [];
	ws.on("message", (bytes, binary) => { assert.ok(binary); got.push(bytes); });
	ws.send("frag", { binary: true, fin: false });
	ws.send("", { binary: true, fin: false });
	ws.send("mented", { binary: true, fin: true });
	await until("echo", () => Buffer.concat(got).toString() === "fragmented");
	ws.ping("are you there");
	assert.equal(String((await event(ws, "pong"))[0]), "are you there");
	ws.close(4321, "so long");
	const [code, reason] = await event(ws, "close");
	assert.deepEqual([code, String(reason)], [4321, "so long"]);
});

/* websockify.md 1.10 with the decided fixes: names may be surrounded by blanks, several header
 * lines are one list, `binary` wins, then `base64`, only unknown names are refused. */
const protocols = [
	[undefined, 101, undefined], ["", 101, undefined], ["binary", 101, "binary"], ["base64", 101, "base64"],
	["binary, base64", 101, "binary"], ["base64,binary", 101, "binary"], ["base64, binary", 101, "binary"],
	["base64\t ,\t binary", 101, "binary"], [["base64", "binary"], 101, "binary"], [["chat", "base64"], 101, "base64"],
	["chat, binary", 101, "binary"], ["chat,base64,", 101, "base64"], [",", 101, undefined],
	["chat", 400], ["BINARY", 400], ["Base64", 400], ["chat, superchat", 400], ["chat,", 400], [["chat", "v2"], 400],
];

test("subprotocols: the truth table", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	for (const [offered, status, chosen] of protocols) {
		const wire = await Wire.connect(t, server.port);
		wire.write(handshake("/", { "Sec-WebSocket-Protocol": offered }));
		const answer = await wire.answer();
		const what = JSON.stringify(offered);
		assert.equal(answer.status, status, what);
		assert.equal(answer.fields["sec-websocket-protocol"], chosen, what);
		if (status === 400)
			assert.match(answer.body, /subprotocol.*binary/);
		wire.destroy();
	}
});

test("base64: text frames both ways, decoded as a stream; wrong text ends with 1007", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const fields = { "Sec-WebSocket-Protocol": "base64" };
	const ws = await RawWs.open(t, server.port, { fields });
	const back = async (want) => {
		let got = "";
		while (got.length < want.length) {
			const f = await ws.frame();
			assert.equal(f.opcode, OP.TEXT);
			assert.match(f.payload.toString(), /^[A-Za-z0-9+/]+=*$/);
			assert.equal(f.payload.length % 4, 0, "each frame is padded on its own");
			got += Buffer.from(f.payload.toString(), "base64").toString("latin1");
		}
		assert.equal(got, want);
	};
	ws.write(frame(OP.TEXT, Buffer.from("hello").toString("base64")));
	await back("hello");
	ws.write(frame(OP.BINARY, Buffer.from("binary frames count, too").toString("base64")));
	await back("binary frames count, too");
	const text = Buffer.from("cut anywhere!").toString("base64");
	for (const c of text)
		ws.write(frame(OP.TEXT, c));
	await back("cut anywhere!");
	const all = Buffer.from(Array.from({ length: 70000 }, (_, i) => i % 256));
	ws.write(frame(OP.TEXT, all.toString("base64")));
	await back(all.toString("latin1"));
	ws.write(frame(OP.TEXT, "????"));
	assert.equal((await ws.close()).code, 1007);
	await ws.ended();
});

test("any path is an endpoint, even that of an existing file", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--web=web", "127.0.0.1:0", b.at], { cwd: new URL("../..", import.meta.url).pathname });
	for (const path of ["/", "/websockify", "/vnc.html", "/index.html", "/no/such?token=x&y=%00", "/../../etc/passwd", "//", "/%2e%2e/"]) {
		const ws = await RawWs.open(t, server.port, { path });
		ws.send("x");
		assert.equal((await ws.data(1)).toString(), "x", path);
		ws.destroy();
	}
	const wire = await Wire.connect(t, server.port);
	wire.write("GET /vnc.html HTTP/1.1\r\nHost: a\r\n\r\n");
	assert.equal((await wire.head()).status, 200, "and the file is there without Upgrade");
});

test("Origin: its host must be Host's; --allow-origin names more", async (t) => {
	const b = await echo(t);
	const ask = async (server, Origin, Host = "desk.example:6080") => {
		const wire = await Wire.connect(t, server.port);
		wire.write(handshake("/", { Host, Origin }));
		const answer = await wire.answer();
		wire.destroy();
		return answer;
	};
	const strict = await start(t, ["127.0.0.1:0", b.at]);
	for (const [origin, status, host] of [
		[undefined, 101], ["http://desk.example", 101], ["https://desk.example:8443", 101], ["http://DESK.example:1", 101],
		["http://[::1]:80", 101, "[::1]:6080"], ["http://evil.example", 403], ["http://desk.example.evil", 403],
		["http://notdesk.example", 403], ["null", 403], ["", 403], ["desk.example", 403], ["http://desk.example@evil", 403],
	]) {
		const answer = await ask(strict, origin, host);
		assert.equal(answer.status, status, `${origin}`);
		if (status === 403)
			assert.match(answer.body, /--allow-origin/);
	}
	await strict.says(/request refused.*status=403.*--allow-origin/);
	const wide = await start(t, ["--allow-origin=good.example, *.wild.example", "--allow-origin=https://tls.example", "127.0.0.1:0", b.at]);
	for (const [origin, status] of [
		["http://good.example:99", 101], ["https://a.wild.example", 101], ["https://tls.example", 101],
		["http://tls.example", 403], ["http://wild.example", 403], ["http://bad.example", 403], ["http://desk.example", 101],
	])
		assert.equal((await ask(wide, origin)).status, status, origin);
	const any = await start(t, ["--allow-origin=any", "127.0.0.1:0", b.at]);
	for (const origin of ["http://evil.example", "null"])
		assert.equal((await ask(any, origin)).status, 101, origin);
});

test("handshakes that are not one: status and what to do", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const asked = async (fields, path) => {
		const wire = await Wire.connect(t, server.port);
		wire.write(handshake(path, fields));
		const answer = await wire.answer();
		if (answer.status !== 101) {
			assert.match(answer.fields["content-type"], /^text\/plain/);
			assert.match(answer.body, /^[^\n]{5,200}\n/);
		}
		wire.destroy();
		return answer;
	};
	for (const version of ["14", "12", "7", "8", "0", "013", "13,14", "x", ""]) {
		const answer = await asked({ "Sec-WebSocket-Version": version });
		assert.equal(answer.status, 426, `version ${version}`);
		assert.equal(answer.fields["sec-websocket-version"], "13");
	}
	for (const [what, fields, status] of [
		["no version", { "Sec-WebSocket-Version": undefined }, 400],
		["no key", { "Sec-WebSocket-Key": undefined }, 400],
		["a short key", { "Sec-WebSocket-Key": "AAAA" }, 400],
		["a key that is not base64", { "Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!==" }, 400],
		["two keys", { "Sec-WebSocket-Key": [KEY, KEY] }, 400],
		["two versions", { "Sec-WebSocket-Version": ["13", "13"] }, 400],
		["two Hosts", { Host: ["a", "b"] }, 400],
		["no Host", { Host: undefined }, 400],
		["a body", { "Content-Length": "5" }, 400],
		["a list in Upgrade", { Upgrade: "foo, WebSocket" }, 101],
		["a list in Connection", { Connection: "keep-alive, upgrade" }, 101],
		["no Connection: not an upgrade", { Connection: undefined }, 404],
		["Connection: close", { Connection: "close" }, 404],
		["another Upgrade", { Upgrade: "h2c" }, 404],
	])
		assert.equal((await asked(fields)).status, status, what);
	assert.equal(b.all.length, 2, "nothing else reached the backend");
});
