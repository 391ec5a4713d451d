/* Every way a session can end has words of its own. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explain } from "../../../../web/js/ending.js";
import { tidy } from "../../../../web/js/words.js";

const URL = "wss://example.org/websockify?token=secret";

/* what is known, what the words must contain, whether it is tried again, whether it is calm */
const TABLE = [
	[{ phase: "running", asked: true }, /You ended/, false, true],
	[{ phase: "opening", library: true }, /npm ci/, false, false],
	[{ phase: "opening", library: true, page: "down" }, /does not answer any more/, true, false],
	[{ phase: "opening", thrown: "SecurityError", failure: "x" }, /unencrypted/, false, false],
	[
		{ phase: "opening", thrown: "SyntaxError", failure: "The URL is invalid" },
		/URL is invalid/,
		false,
		false,
	],
	[{ phase: "greeting", refused: "key" }, /did not accept the identity/, false, true],
	[{ phase: "greeting", refused: "credentials" }, /cancelled/, false, true],
	[
		{ phase: "greeting", security: { status: 1, reason: "Authentication failure" } },
		/“Authentication failure”/,
		false,
		false,
	],
	[{ phase: "greeting", security: { status: 1 } }, /did not accept the password/, false, false],
	[
		{ phase: "greeting", security: { status: 1, reason: "Too many security failures" } },
		/Wait a while/,
		false,
		false,
	],
	[
		{ phase: "opening", timeout: "opening" },
		/did not accept the connection in time/,
		true,
		false,
	],
	[{ phase: "greeting", timeout: "greeting" }, /no VNC server spoke/, true, false],
	[
		{ phase: "greeting", failure: "Unsupported security types (types: 18)" },
		/security types/,
		false,
		false,
	],
	[
		{ phase: "greeting", failure: "Invalid server version HTTP/1." },
		/not a VNC server/,
		false,
		false,
	],
	[
		{ phase: "running", failure: "Unexpected server message (type 77)" },
		/not understood/,
		false,
		false,
	],
	[
		{ phase: "greeting", code: 1011, reason: "backend 127.0.0.1:5901 refused the connection" },
		/“backend 127\.0\.0\.1:5901 refused the connection”/,
		true,
		false,
	],
	[{ phase: "greeting", code: 1011, reason: "" }, /did not say why/, true, false],
	[
		{ phase: "running", code: 1011, reason: "backend reset the connection" },
		/broke.*backend reset/s,
		true,
		false,
	],
	[{ phase: "opening", code: 1006, page: "up" }, /reverse proxy/, true, false],
	[{ phase: "opening", code: 1006, page: "down" }, /does not answer any more/, true, false],
	[{ phase: "opening", code: 1006 }, /certificate/, true, false],
	[
		{ phase: "running", code: 1000, reason: "backend closed the connection" },
		/desktop ended.*“backend closed/s,
		true,
		true,
	],
	[{ phase: "greeting", code: 1000, reason: "" }, /hung up/, true, false],
	[{ phase: "running", code: 1001, reason: "" }, /shutting down/, true, true],
	[{ phase: "running", code: 1005, reason: "" }, /desktop ended/, true, true],
	[{ phase: "running", code: 1006, reason: "" }, /without a goodbye/, true, false],
	[
		{ phase: "greeting", code: 1008, reason: "no such token" },
		/does not allow.*“no such token”/s,
		false,
		false,
	],
	[{ phase: "running", code: 1012, reason: "" }, /restarting/, true, true],
	[{ phase: "running", code: 1013, reason: "" }, /busy/, true, false],
	[{ phase: "running", code: 1002, reason: "bad frame" }, /1002.*“bad frame”/s, false, false],
	[{ phase: "running", code: 1002, reason: "" }, /1002: .*rules of WebSockets/, false, false],
	[{ phase: "running", code: 1003, reason: "" }, /1003: .*kind/, false, false],
	[{ phase: "running", code: 1007, reason: "" }, /1007: .*no sense/, false, false],
	[{ phase: "running", code: 1009, reason: "" }, /1009: .*more at once/, false, false],
	[{ phase: "running", code: 1010, reason: "" }, /1010: .*extension/, false, false],
	[{ phase: "greeting", code: 1014, reason: "" }, /1014: .*behind it/, true, false],
	[{ phase: "running", code: 1011, reason: "" }, /broke\nThe server did not say why\.$/, true, false],
	[{ phase: "running", code: 4001, reason: "time is up" }, /4001.*“time is up”/s, true, false],
	[{ phase: "running" }, /closed/, true, false],
];

describe("why a session ended", () => {
	for (const [ending, words, retry, calm] of TABLE) {
		it(JSON.stringify(ending), () => {
			const said = explain({ url: URL, ...ending });
			assert.match([said.title, said.text, ...said.hints].join("\n"), words);
			assert.equal(said.retry, retry);
			assert.equal(said.calm, calm);
			assert.ok(said.title.length > 0 && said.title.length < 60);
		});
	}

	it("asks for the password anew only when it was refused", () => {
		for (const [ending] of TABLE) {
			assert.equal(explain({ url: URL, ...ending }).forget, ending.security !== undefined);
		}
	});

	it("gives the facts, but no token", () => {
		const { detail } = explain({ phase: "greeting", code: 1011, reason: "no route", url: URL });
		assert.match(detail, /close code 1011/);
		assert.match(detail, /no route/);
		assert.match(detail, /example\.org\/websockify/);
		assert.doesNotMatch(detail, /secret/);
	});
});

describe("text from the other side", () => {
	it("loses control and direction characters, and its end if too long", () => {
		assert.equal(tidy("a\u0000b\n\u202ec\u2066d"), "a b c d");
		assert.equal(tidy("x".repeat(20), 5), "xxxxx…");
		assert.equal(tidy("<b>bold</b>"), "<b>bold</b>");
	});
});
