/* What surrounds the telnet protocol: lines, keys, pasting, a bounded way out, words. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explain } from "../../../../web/js/telnet/ending.js";
import { sequenceOf, withHeld } from "../../../../web/js/telnet/keyseq.js";
import { LONGEST_LINE, Line, columnsOf } from "../../../../web/js/telnet/line.js";
import { FEW_PENDING, MOST_PENDING, Outlet } from "../../../../web/js/telnet/outlet.js";
import { cleanPaste, linesOf } from "../../../../web/js/telnet/pasting.js";

function line() {
	const seen = { lines: [], shown: "", signals: [] };
	const it = new Line({
		line: (text) => seen.lines.push(text),
		show: (text) => {
			seen.shown += text;
		},
		signal: (name) => seen.signals.push(name),
	});
	return { it, seen };
}

describe("a line that is typed here", () => {
	it("is shown as it is typed and sent with Enter", () => {
		const { it: editor, seen } = line();
		editor.type("hé");
		editor.type("llo");
		assert.equal(seen.shown, "héllo");
		assert.deepEqual(seen.lines, []);
		editor.type("\r");
		assert.equal(seen.shown, "héllo\r\n");
		assert.deepEqual(seen.lines, ["héllo"]);
	});

	it("is several when several were pasted", () => {
		const { it: editor, seen } = line();
		editor.type("\x1b[200~one\rtwo\r\x1b[201~thr");
		assert.deepEqual(seen.lines, ["one", "two"]);
		assert.equal(editor.take(), "thr");
		assert.equal(editor.take(), "");
	});

	it("is corrected with Backspace, Ctrl+W and Ctrl+U", () => {
		const { it: editor, seen } = line();
		editor.type("ab\x7f\x7f\x7fone two  \x17th\bree\r");
		editor.type("all gone\x15rest\r");
		assert.deepEqual(seen.lines, ["one tree", "rest"]);
	});

	it("takes back as many columns as there were", () => {
		const erased = (text) => {
			const { it: editor, seen } = line();
			editor.type(text);
			seen.shown = "";
			editor.type("\x7f");
			return (seen.shown.match(/\x08 \x08/g) ?? []).length;
		};
		assert.equal(erased("a"), 1);
		assert.equal(erased("ä"), 1);
		assert.equal(erased("世"), 2);
		assert.equal(erased("😀"), 2);
		assert.equal(erased(""), 0);
		assert.equal(columnsOf("\u0301"), 0);
	});

	it("leaves keys out that have no character", () => {
		const { it: editor, seen } = line();
		editor.type("\x1b[A\x1b[1;5C\x1bOP\x1b[3~\x1bx\x1b\x01a\x1b[24;80R\r");
		assert.deepEqual(seen.lines, ["a"]);
	});

	it("leaves out what the terminal answers by itself", () => {
		const { it: editor, seen } = line();
		editor.type("a");
		editor.type("\x1bP1$r0m\x1b\\");
		editor.type("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
		editor.type("\x1b]4;1;rgb:0000/ffff/ffff\x07");
		editor.type("\x1b[?1;2c");
		/* Alt with the characters that such answers begin with. */
		editor.type("\x1bP");
		editor.type("\x1b]");
		editor.type("b\r");
		assert.deepEqual(seen.lines, ["ab"]);
		assert.equal(seen.shown, "ab\r\n");
	});

	it("hands signals on, and forgets the line", () => {
		const { it: editor, seen } = line();
		editor.type("abc\x03\x04\x1a\x1c");
		assert.deepEqual(seen.signals, ["interrupt", "eof", "suspend", "abort"]);
		editor.type("abc\x04");
		assert.equal(seen.signals.length, 4);
		assert.equal(editor.take(), "abc");
	});

	it("has an end", () => {
		const { it: editor, seen } = line();
		editor.type("x".repeat(LONGEST_LINE + 10));
		assert.ok(seen.shown.endsWith("\x07"));
		editor.type("\r");
		assert.equal(seen.lines[0].length, LONGEST_LINE);
	});
});

describe("keys without a character", () => {
	it("send what xterm sends", () => {
		for (const [code, held, application, sequence] of [
			["ArrowUp", {}, false, "\x1b[A"],
			["ArrowUp", {}, true, "\x1bOA"],
			["ArrowLeft", { control: true }, true, "\x1b[1;5D"],
			["Home", {}, false, "\x1b[H"],
			["End", { shift: true }, false, "\x1b[1;2F"],
			["Delete", {}, false, "\x1b[3~"],
			["PageUp", { alt: true }, false, "\x1b[5;3~"],
			["F1", {}, false, "\x1bOP"],
			["F4", { shift: true }, false, "\x1b[1;2S"],
			["F5", {}, false, "\x1b[15~"],
			["F12", {}, false, "\x1b[24~"],
			["Escape", {}, false, "\x1b"],
			["Tab", {}, false, "\t"],
			["Tab", { shift: true }, false, "\x1b[Z"],
			["Enter", {}, false, "\r"],
			["Backspace", {}, false, "\x7f"],
			["KeyC", { control: true }, false, undefined],
		]) {
			assert.equal(sequenceOf(code, held, application), sequence, code);
		}
	});

	it("make control characters of letters, and Alt a prefix", () => {
		assert.equal(withHeld("c", { control: true }), "\x03");
		assert.equal(withHeld("C", { control: true }), "\x03");
		assert.equal(withHeld("[", { control: true }), "\x1b");
		assert.equal(withHeld(" ", { control: true }), "\0");
		assert.equal(withHeld("?", { control: true }), "\x7f");
		assert.equal(withHeld("é", { control: true }), "é");
		assert.equal(withHeld("x", { alt: true }), "\x1bx");
		assert.equal(withHeld("x", { alt: true, control: true }), "\x1b\x18");
		assert.equal(withHeld("x", {}), "x");
	});
});

describe("what is pasted", () => {
	it("loses what is a command to a terminal, and keeps its lines", () => {
		assert.equal(cleanPaste("a\tb\r\nc\rd\n"), "a\tb\nc\nd\n");
		assert.equal(cleanPaste("x\x1b[201~\x03rm\x9b0m\x7f\0"), "x[201~rm0m");
		assert.equal(cleanPaste("grüße 😀"), "grüße 😀");
	});

	it("is counted in lines that would be run", () => {
		assert.equal(linesOf("one"), 1);
		assert.equal(linesOf("one\n"), 1);
		assert.equal(linesOf("one\n\ntwo\n"), 2);
		assert.equal(linesOf(" \n"), 0);
	});
});

describe("the way into the terminal", () => {
	/* A terminal that draws when it is told to. */
	function slow() {
		const waiting = [];
		const drawn = [];
		const outlet = new Outlet((text, done) => waiting.push({ text, done }));
		const draw = (count = waiting.length) =>
			waiting.splice(0, count).forEach(({ text, done }) => {
				drawn.push(text);
				done();
			});
		return { outlet, drawn, draw, waiting };
	}

	it("passes everything on in order while the terminal keeps up", () => {
		const { outlet, drawn, draw } = slow();
		for (let i = 0; i < 100; i++) {
			outlet.put(String(i));
			draw();
		}
		assert.deepEqual(drawn, Array.from({ length: 100 }, (_, i) => String(i)));
		assert.equal(outlet.pending, 0);
	});

	it("never lets more wait than its bound, and says what was left out", () => {
		const { outlet, drawn, draw, waiting } = slow();
		const piece = "x".repeat(1024 * 1024);
		for (let i = 0; i < 100; i++) {
			outlet.put(piece);
			assert.ok(outlet.pending <= MOST_PENDING);
		}
		const kept = MOST_PENDING / piece.length;
		assert.equal(waiting.length, kept);
		draw(kept - 1);
		outlet.put("y");
		assert.equal(drawn.includes("y"), false);
		draw();
		assert.ok(outlet.pending <= FEW_PENDING);
		outlet.put("z");
		draw();
		const [note, last] = drawn.slice(kept);
		const left = (100 - kept) * piece.length + 1;
		assert.ok(note.includes(left.toLocaleString("en")), note);
		assert.equal(last, "z");
	});
});

describe("why a connection to a telnet server ended", () => {
	const URL = "wss://example.org/websockify?token=secret";
	for (const [ending, words, retry, calm] of [
		[{ phase: "running", heard: true, asked: true }, /You ended/, false, true],
		[{ phase: "opening", library: true }, /terminal library.*npm ci/s, false, false],
		[{ phase: "opening", timeout: "opening" }, /in time/, true, false],
		[{ phase: "running", heard: true, stuck: true }, /stopped listening/, false, false],
		[
			{ phase: "greeting", heard: false, code: 1011, reason: "backend x refused" },
			/telnet server cannot be reached.*“backend x refused”/s,
			true,
			false,
		],
		[
			{ phase: "running", heard: false, code: 1011, reason: "backend x timed out" },
			/cannot be reached.*“backend x timed out”/s,
			true,
			false,
		],
		[
			{ phase: "running", heard: true, code: 1011, reason: "backend reset the connection" },
			/broke.*“backend reset/s,
			true,
			false,
		],
		[{ phase: "running", heard: true, code: 1000, reason: "bye" }, /ended.*“bye”/s, false, true],
		[{ phase: "running", heard: false, code: 1000 }, /without a word/, true, false],
		[{ phase: "greeting", heard: false, code: 1005 }, /hung up/, true, false],
		[{ phase: "running", heard: true, code: 1001 }, /shutting down/, true, true],
		[{ phase: "running", heard: true, code: 1006 }, /without a goodbye/, true, false],
		[
			{ phase: "running", heard: true, code: 1008, reason: "no token" },
			/does not allow.*“no token”/s,
			false,
			false,
		],
		[{ phase: "opening", heard: false, code: 1006, page: "up" }, /No WebSocket/, true, false],
	]) {
		it(JSON.stringify(ending), () => {
			const said = explain({ url: URL, ...ending });
			const all = [said.title, said.text, ...said.hints].join("\n");
			assert.match(all, words);
			assert.doesNotMatch(all, /VNC|desktop/);
			assert.equal(said.retry, retry);
			assert.equal(said.calm, calm);
			assert.doesNotMatch(said.detail, /secret/);
		});
	}

	it("is worth another try after a logout for who insists on it", () => {
		assert.equal(explain({ phase: "running", heard: true, code: 1000, url: URL }).again, true);
		assert.equal(explain({ phase: "running", asked: true, url: URL }).again, false);
	});
});
