/* From parameters to a WebSocket address, and whose server that is. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddressError, resolveAddress } from "../../../../web/js/address.js";

const PAGE = "https://example.org/console/1/vnc.html?x=1#y";
const LOCAL = "http://127.0.0.1:6080/vnc.html";

/* where, page, WebSocket address, foreign */
const TABLE = [
	[{}, PAGE, "wss://example.org/console/1/websockify", false],
	[{}, LOCAL, "ws://127.0.0.1:6080/websockify", false],
	[{}, "http://[::1]:6080/sub/vnc.html", "ws://[::1]:6080/sub/websockify", false],
	[{ path: "other" }, PAGE, "wss://example.org/console/1/other", false],
	[{ path: "/abs/x" }, PAGE, "wss://example.org/abs/x", false],
	[{ path: "../2/ws" }, PAGE, "wss://example.org/console/2/ws", false],
	[
		{ path: "websockify?token=a b" },
		PAGE,
		"wss://example.org/console/1/websockify?token=a%20b",
		false,
	],
	[{ path: "ws#part" }, PAGE, "wss://example.org/console/1/ws", false],
	[{ token: "a&b" }, PAGE, "wss://example.org/console/1/websockify?token=a%26b", false],
	[{ path: "w?x=1", token: "t" }, PAGE, "wss://example.org/console/1/w?x=1&token=t", false],
	[{ path: "w?token=1", token: "t" }, PAGE, "wss://example.org/console/1/w?token=1", false],
	[{ encrypt: false }, PAGE, "ws://example.org/console/1/websockify", true],
	[{ encrypt: true }, LOCAL, "wss://127.0.0.1:6080/websockify", false],
	[{ host: "example.org" }, PAGE, "wss://example.org/websockify", false],
	[{ host: "example.org", port: 443 }, PAGE, "wss://example.org/websockify", false],
	[{ host: "EXAMPLE.org" }, PAGE, "wss://example.org/websockify", false],
	[{ host: "other.example" }, PAGE, "wss://other.example/websockify", true],
	[{ host: "other.example", port: 6080 }, PAGE, "wss://other.example:6080/websockify", true],
	[{ host: "other.example:6080" }, PAGE, "wss://other.example:6080/websockify", true],
	[{ host: "::1", port: 6080 }, LOCAL, "ws://[::1]:6080/websockify", true],
	[{ host: "[fe80::1]" }, LOCAL, "ws://[fe80::1]/websockify", true],
	[{ port: 6081 }, LOCAL, "ws://127.0.0.1:6081/websockify", true],
	[{ port: 6080 }, LOCAL, "ws://127.0.0.1:6080/websockify", false],
	[{ host: "example.org.evil.example" }, PAGE, "wss://example.org.evil.example/websockify", true],
];

describe("where a session connects to", () => {
	for (const [where, page, url, foreign] of TABLE) {
		it(`${JSON.stringify(where)} on ${page.split("/")[2]}`, () => {
			const address = resolveAddress(where, page);
			assert.equal(address.url, url);
			assert.equal(address.foreign, foreign);
			assert.equal(address.secure, url.startsWith("wss:"));
		});
	}

	for (const path of [
		"//evil.example/x",
		"https://evil.example/x",
		"wss://evil.example/",
		"\\\\evil.example\\x",
		"http://evil.example",
		"javascript:alert(1)",
		"/\\evil.example/x",
		"https://user@example.org/x",
	]) {
		it(`does not let the path ${path} name a host`, () => {
			assert.throws(
				() => resolveAddress({ path }, PAGE),
				(error) => error instanceof AddressError && error.field === "path",
			);
		});
	}

	for (const host of [
		"a/b",
		"user@evil.example",
		"a b",
		"evil.example?x",
		"evil.example#x",
		"evil\\x",
		"[::1",
		"a:b:c:d:x",
	]) {
		it(`does not take ${host} for a host`, () => {
			assert.throws(
				() => resolveAddress({ host }, PAGE),
				(error) => error instanceof AddressError && error.field === "host",
			);
		});
	}

	for (const port of ["0", "65536", "99999", "abc", "80x", "5901/x", "-1", "1e3", "6080 1"]) {
		it(`does not take ${port} for a port`, () => {
			for (const where of [{ port }, { host: "other.example", port }]) {
				assert.throws(
					() => resolveAddress(where, PAGE),
					(error) => error instanceof AddressError && error.field === "port",
				);
			}
		});
	}

	it("asks for a host on a page from a file", () => {
		assert.throws(() => resolveAddress({}, "file:///x/vnc.html"), AddressError);
		assert.equal(resolveAddress({ host: "h.example" }, "file:///x/vnc.html").foreign, true);
	});

	it("knows what others on the network can read", () => {
		assert.equal(resolveAddress({}, PAGE).exposed, false);
		assert.equal(resolveAddress({}, LOCAL).exposed, false);
		assert.equal(resolveAddress({}, "http://localhost/vnc.html").exposed, false);
		assert.equal(resolveAddress({}, "http://192.0.2.1/vnc.html").exposed, true);
		assert.equal(resolveAddress({}, "http://127.0.0.1.example/vnc.html").exposed, true);
	});
});
