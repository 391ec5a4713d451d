/* variants: asan tsan */
/* The HTTP side of the port, asked with raw bytes: every shape of request that two readers could
 * read differently is refused, and what is legal is answered in order.
 */

import assert from "node:assert/strict";
import test from "node:test";
import { backend, echo } from "./lib/backends.mjs";
import { Wire, handshake } from "./lib/rawws.mjs";
import { start } from "./lib/server.mjs";
import { MIB, SANITIZED, scaled, settled, until } from "./lib/wait.mjs";

const WEB = new URL("../..", import.meta.url).pathname;
const UP = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	+ "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const get = (fields = "", target = "/") => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const fill = (n, name = "X") => Array.from({ length: n }, (_, i) => `${name}${i}: v\r\n`).join("");

/* Every one of these gets this status once, and then the connection ends: whatever stands behind
 * it is never looked at. The smuggled request behind each would be answered 404 if it were. */
const refused = [
	["two Content-Lengths that differ", get("Content-Length: 0\r\nContent-Length: 5\r\n"), 400],
	["two Content-Lengths that agree", get("Content-Length: 5\r\nContent-Length: 5\r\n"), 400],
	["Content-Length and Transfer-Encoding", get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400],
	["Transfer-Encoding on GET", get("Transfer-Encoding: chunked\r\n"), 400],
	["Transfer-Encoding nobody knows", get("Transfer-Encoding: xchunked\r\n"), 400],
	["a Transfer-Encoding twice", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400],
	["a body on GET", get("Content-Length: 5\r\n"), 400],
	["a negative length", get("Content-Length: -1\r\n"), 400],
	["a length with a plus", get("Content-Length: +5\r\n"), 400],
	["a length in hexadecimal", get("Content-Length: 0x5\r\n"), 400],
	["a length list", get("Content-Length: 5, 5\r\n"), 400],
	["a length too big for 64 bits", get("Content-Length: 18446744073709551617\r\n"), 400],
	["a folded header", get("X: a\r\n b\r\n"), 400],
	["a header folded with a tab", get("X: a\r\n\tb\r\n"), 400],
	["a blank before the colon", get("Content-Length : 0\r\n"), 400],
	["a tab before the colon", get("Host\t: b\r\n"), 400],
	["a first header that begins with a blank", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400],
	["a header without a colon", get("Nothing\r\n"), 400],
	["a header without a name", get(": x\r\n"), 400],
	["a NUL in a value", get("X: a\0b\r\n"), 400],
	["a NUL in a name", get("X\0: a\r\n"), 400],
	["a control character in a value", get("X: a\x01b\r\n"), 400],
	["DEL in a value", get("X: a\x7fb\r\n"), 400],
	["a letter of Latin-1 in a name", get("X\xe4: a\r\n"), 400],
	["a bare LF after a header", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400],
	["bare LFs only", "GET / HTTP/1.1\nHost: a\n\n", 400],
	["a bare CR in a value", get("X: a\rb\r\n"), 400],
	["a bare CR before a header", get("X: a\r\rContent-Length: 5\r\n"), 400],
	["a bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400],
	["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
	["two Hosts", get("Host: b\r\n"), 400],
	["a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
	["a Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400],
	["a Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400],
	["two blanks in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
	["a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
	["a blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
	["a NUL in the target", get("", "/a\0b"), 400],
	["a letter of Latin-1 in the target", get("", "/\xe4"), 400],
	["a fragment in the target", get("", "/a#b"), 400],
	["an absolute target of another host", get("", "http://b/"), 400],
	["a target in no known form", get("", "nothing"), 400],
	["CONNECT's form on GET", get("", "a:80"), 400],
	["the asterisk on GET", get("", "*"), 400],
	["HTTP/0.9", "GET /\r\n\r\n", 505],
	["HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
	["HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505],
	["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
	["a version in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", 400],
	["a version that is none", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", 400],
	["a method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501],
	["a method nobody knows", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501],
	["a dozen empty lines", "\r\n".repeat(40), 400],
	["something else altogether", "\x00\x01\x02\x03 hello", 400],
	["101 headers", get(fill(100)), 431],
	["17 KiB of head", get(`X: ${"a".repeat(17 * 1024)}\r\n`), 431],
	["17 KiB of small headers", get(Array.from({ length: 90 }, (_, i) => `X${i}: ${"b".repeat(200)}\r\n`).join("")), 431],
	["a target of 9 KiB", get("", `/${"a".repeat(9 * 1024)}`), 414],
	["a request line of 17 KiB", get("", `/${"a".repeat(17 * 1024)}`), 414],
	["POST", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 405],
	["PUT without a body", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 405],
	["DELETE", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405],
	["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405],
	["TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405],
	["CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405],
	["POST with a chunked body", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 405],
	["an upgrade by POST", `POST / HTTP/1.1\r\nHost: a\r\n${UP}\r\n`, 405],
	["an upgrade with a body", get(`${UP}Content-Length: 4\r\n`), 400],
	["an upgrade with a chunked body", get(`${UP}Transfer-Encoding: chunked\r\n`), 400],
	["an upgrade with two keys", get(`${UP}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`), 400],
	["two Origins", get("Origin: http://a\r\nOrigin: http://b\r\n"), 400],
];

for (const cut of ["whole", "in pieces of 7 bytes"])
	test(`every doubtful request is refused once and ends its connection, sent ${cut}`, async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		for (const [name, bytes, status] of refused)
			await t.test(name, async (u) => {
				const wire = await Wire.connect(u, server.port);
				const all = Buffer.concat([Buffer.from(bytes, "latin1"), Buffer.from(get("", "/smuggled"))]);
				if (cut === "whole")
					wire.write(all);
				else
					for (let i = 0; i < all.length && !wire.over; i += all.length > 1000 ? 700 : 7)
						wire.write(all.subarray(i, i + (all.length > 1000 ? 700 : 7)));
				const answer = await wire.answer();
				assert.equal(answer.status, status);
				assert.equal(answer.fields.connection, "close");
				assert.match(answer.fields["content-type"], /^text\/plain/);
				assert.match(answer.body, /^[^\n]{8,200}\n/, "a body a person can read");
				assert.equal(answer.fields.allow, status === 405 ? "GET, HEAD" : undefined);
				await wire.ended();
				assert.equal(wire.have, 0, `nothing else is answered: ${wire.all().toString("latin1")}`);
			});
		assert.equal(b.all.length, 0, "nothing reached the backend");
	});

test("a TLS hello where there is no certificate gets no answer, and the log says why", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const wire = await Wire.connect(t, server.port);
	wire.write(Buffer.from("1603010200010001fc0303", "hex"));
	await wire.ended();
	assert.equal(wire.have, 0);
	wire.socket.destroy();
	assert.match((await server.event("TLS failed")).reason, /TLS on a port that has no certificate/);
	assert.equal(b.all.length, 0);
});

test("what is legal is answered, on one connection, in order", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const wire = await Wire.connect(t, server.port);
	for (const [name, bytes] of [
		["GET", get()],
		["no blank after the colon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n"],
		["blanks around values", get("X: \t a \t\r\n")],
		["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"],
		["a header in capitals", "GET / HTTP/1.1\r\nHOST: a\r\n\r\n"],
		["an empty line before", `\r\n${get()}`],
		["100 headers", get(fill(99))],
		["16 KiB less a little", get(`X: ${"a".repeat(15 * 1024)}\r\n`)],
		["a target of 8 KiB", get("", `/${"a".repeat(8000)}`)],
		["an absolute target", get("", "http://a/x")],
		["UTF-8 in a value", get("X: \xc3\xa4\r\n")],
		["a length of nothing", get("Content-Length: 0\r\n")],
	]) {
		wire.write(bytes);
		const answer = await wire.answer();
		assert.equal(answer.status, 404, name);
		assert.equal(answer.fields.connection, undefined, name);
	}
});

test("without --web a GET of anything is 404 and says in one line what this port is", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	for (const target of ["/", "/vnc.html", "/websockify", "/a/b?c=d"]) {
		const wire = await Wire.connect(t, server.port);
		wire.write(get("", target));
		const answer = await wire.answer();
		assert.equal(answer.status, 404);
		assert.match(answer.body, /^[^\n]*WebSocket[^\n]*\n$/);
		assert.equal(answer.fields["content-type"], "text/plain; charset=utf-8");
		assert.match(answer.fields.date, /^(Sun|Mon|Tue|Wed|Thu|Fri|Sat), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
	}
});

test("HEAD has the head of GET and no body", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const wire = await Wire.connect(t, server.port);
	wire.write(get() + get().replace("GET", "HEAD") + get());
	const one = await wire.answer(), two = await wire.answer("HEAD"), three = await wire.answer();
	assert.deepEqual([one.status, two.status, three.status], [404, 404, 404]);
	assert.equal(two.fields["content-length"], one.fields["content-length"]);
	assert.equal(three.body, one.body);
});

test("a thousand pipelined requests are answered in order, without piling up answers", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--web=web", "127.0.0.1:0", b.at], { cwd: WEB });
	const wire = await Wire.connect(t, server.port);
	const n = scaled(1000, 100), asked = [];
	for (let i = 0; i < n; i++)
		asked.push(i % 2 ? get("", "/index.html") : get("", `/none-${i}`));
	wire.write(asked.join(""));
	for (let i = 0; i < n; i++)
		assert.equal((await wire.answer()).status, i % 2 ? 200 : 404, `answer ${i}`);
	wire.write(get("Connection: close\r\n"));
	const last = await wire.answer();
	assert.equal(last.fields.connection, "close");
	await wire.gone();
});

test("a client that asks and asks and never reads is not read on; later it gets every answer", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--workers=1", "--web=web", "127.0.0.1:0", b.at], { cwd: WEB });
	const wire = await Wire.connect(t, server.port);
	const before = server.memory(), pile = scaled(4000, 2000);
	wire.socket.pause();
	const one = get(`X: ${"x".repeat(8000)}\r\n`, "/index.html");
	let n = 0, left;
	do { /* how much the kernel takes for both ends is the kernel's business */
		wire.write(one.repeat(pile));
		n += pile;
		left = await settled("the pile of requests", () => wire.socket.bytesWritten - wire.socket.writableLength);
	} while (wire.socket.writableLength === 0 && n < 10 * pile);
	assert.ok(wire.socket.writableLength > 0, `all ${left} bytes of requests were taken`);
	const grown = server.memory() - before;
	assert.ok(grown < (SANITIZED ? 24 : 2) * MIB, `grew by ${grown} bytes`);
	let answers = 0, tail = "";
	wire.hook = (bytes) => {
		const text = tail + bytes.toString("latin1");
		answers += text.split("HTTP/1.1 200 OK\r\n").length - 1;
		tail = text.slice(-16);
	};
	wire.socket.resume();
	await until(() => `${n} answers (${answers})`, () => answers >= n);
	assert.equal(answers, n);
});

test("pipelined GETs in front of an upgrade, frames behind it", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const { RawWs, frame, OP } = await import("./lib/rawws.mjs");
	const ws = await RawWs.connect(t, server.port);
	ws.write(Buffer.concat([Buffer.from(get() + get() + handshake()), frame(OP.BINARY, "at once")]));
	assert.equal((await ws.answer()).status, 404);
	assert.equal((await ws.answer()).status, 404);
	assert.equal((await ws.head()).status, 101);
	assert.equal((await ws.data(7)).toString(), "at once");
});

test("HTTP/1.0 ends its connection; an upgrade in it is none", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["127.0.0.1:0", b.at]);
	for (const fields of ["", UP]) {
		const wire = await Wire.connect(t, server.port);
		wire.write(`GET / HTTP/1.0\r\n${fields}\r\n`);
		const answer = await wire.answer();
		assert.equal(answer.status, 404);
		assert.match(answer.body, /^[^\n]*proxy_http_version 1\.1[^\n]*\n$/);
		await wire.gone();
	}
	assert.equal(b.all.length, 0);
});

test("a client that ends its direction after the request still gets the answer", async (t) => {
	const b = await echo(t);
	const server = await start(t, ["--web=web", "127.0.0.1:0", b.at], { cwd: WEB });
	const wire = await Wire.connect(t, server.port);
	wire.write(get("", "/index.html"));
	wire.end();
	assert.equal((await wire.answer()).status, 200);
	await wire.ended();
});

test("a log line names client, method, path and reason, but never the query", async (t) => {
	const b = await backend(t, () => {});
	const server = await start(t, ["127.0.0.1:0", b.at]);
	const wire = await Wire.connect(t, server.port);
	wire.write(get("", "/some/path?token=SECRET"));
	await wire.answer();
	const line = await server.event("request refused");
	assert.equal(line.path, "/some/path");
	assert.equal(line.method, "GET");
	assert.equal(line.status, "404");
	assert.equal(line.client, `127.0.0.1:${wire.socket.localPort}`);
	const evil = await Wire.connect(t, server.port);
	evil.write("GET /x\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n");
	await evil.answer();
	await server.event("request refused", 2);
	assert.doesNotMatch(server.said, /SECRET|\x1b/);
});
