/* The telnet page: against a real telnetd, against services that do odd things, on a phone. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP,
	INSECURE_HOST,
	NO_TERMINALS,
	PASSWORD,
	PHONE,
	USER,
	countBells,
	freePort,
	inState,
	launch,
	newPage,
	startService,
	startTelnetd,
	startWebsplice,
	until,
} from "./lib.mjs";

const IAC = 255;
const [SB, SE, WILL, DO] = [250, 240, 251, 253];
const ECHO_AND_SGA = Buffer.from([IAC, WILL, 1, IAC, WILL, 3]);

/* What a terminal's keys are to the other side: those of the panel by their code or their label. */
const SENT = {
	"Ctrl+C": "\x03", "Ctrl+D": "\x04", "Ctrl+Z": "\x1a",
	"Ctrl+W": "\x17", "Ctrl+N": "\x0e", "Ctrl+T": "\x14",
	Escape: "\x1b", Tab: "\t", Backspace: "\x7f", Enter: "\r\0",
	Insert: "\x1b[2~", Delete: "\x1b[3~", Home: "\x1b[H", End: "\x1b[F",
	PageUp: "\x1b[5~", PageDown: "\x1b[6~",
	ArrowLeft: "\x1b[D", ArrowUp: "\x1b[A", ArrowDown: "\x1b[B", ArrowRight: "\x1b[C",
	F1: "\x1bOP", F2: "\x1bOQ", F3: "\x1bOR", F4: "\x1bOS",
	F5: "\x1b[15~", F6: "\x1b[17~", F7: "\x1b[18~", F8: "\x1b[19~",
	F9: "\x1b[20~", F10: "\x1b[21~", F11: "\x1b[23~", F12: "\x1b[24~",
};

let browser;

before(async () => {
	browser = await launch();
});
after(async () => {
	await browser?.close();
});

/* The page before a target; `rest` is what follows telnet.html. */
async function open(t, target, rest = "#autoconnect=true", options = DESKTOP) {
	const server = await startWebsplice({ target });
	const page = await newPage(browser, options);
	t.after(async () => {
		await page.context().close();
		await server.stop();
	});
	await page.goto(`${server.url}telnet.html${rest}`);
	return { page, server };
}

async function telnetd(t, rest, options) {
	const daemon = await startTelnetd();
	t.after(() => daemon.stop());
	return { daemon, ...(await open(t, daemon.target, rest, options)) };
}

async function service(t, script, rest, options) {
	const peer = await startService(script);
	t.after(() => peer.stop());
	return { peer, ...(await open(t, peer.target, rest, options)) };
}

/* What the terminal shows, row by row. */
const rows = (page) =>
	page
		.locator(".xterm-rows > div")
		.evaluateAll((all) => all.map((row) => row.textContent.replace(/[\u00a0 ]+$/, "")));

async function shows(page, wanted) {
	let seen = [];
	try {
		await until("a text", async () => {
			seen = await rows(page);
			const text = seen.join("\n").trimEnd();
			return wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted);
		});
	} catch (error) {
		throw new Error(`no ${wanted} in:\n${seen.join("\n")}`, { cause: error });
	}
	return seen;
}

const type = (page, text) => page.keyboard.type(text);

async function enter(page, text) {
	await type(page, text);
	await page.keyboard.press("Enter");
}

async function logIn(page) {
	await inState(page, "running");
	await shows(page, /login:$/);
	await enter(page, USER);
	await shows(page, /Password:$/);
	await enter(page, PASSWORD);
	await shows(page, /Welcome, tester, on xterm-256color\n[^\n]*ready>$/);
}

const CLEAR = "rgba(0, 0, 0, 0)";

/* The relative luminance of "rgb(…)" (WCAG 2). */
function light(colour) {
	const [r, g, b] = colour
		.match(/\d+/g)
		.map((part) => part / 255)
		.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const words = (page) => page.locator("#card-ended").innerText();

describe("a real telnetd", { skip: NO_TERMINALS }, () => {
	it("lets the user in, runs commands, and shows what they say", async (t) => {
		const { page, daemon } = await telnetd(t);
		await logIn(page);
		await enter(page, "echo $((6 * 7)) grüße; printf '%s' 世界 | od -An -tx1");
		const seen = await shows(page, /\n42 grüße\n e4 b8 96 e7 95 8c\n/);
		assert.equal(seen.join("\n").includes(PASSWORD), false, "the password was shown");
		await enter(page, "printf 'kept' >note");
		await until("the file", async () =>
			(await readFile(join(daemon.folder, "note"), "utf8")).includes("kept"),
		);
		await enter(page, "exit");
		await inState(page, "ended");
		assert.match(await words(page), /The telnet server ended the connection/);
		assert.deepEqual(page.faults, []);
	});

	it("turns a wrong password away", async (t) => {
		const { page } = await telnetd(t);
		await inState(page, "running");
		await shows(page, /login:$/);
		await enter(page, USER);
		await shows(page, /Password:$/);
		await enter(page, "wrong");
		await shows(page, /\nLogin incorrect\nlogin:$/);
		await enter(page, USER);
		await inState(page, "ended");
	});

	it("stops a program with Ctrl+C", async (t) => {
		const { page } = await telnetd(t);
		await logIn(page);
		await enter(page, "echo waiting; sleep 600");
		await shows(page, /\nwaiting$/);
		await page.keyboard.press("Control+c");
		await shows(page, /\^C\n+ready>$/);
	});

	it("knows the window's size, also when it changes", async (t) => {
		const { page } = await telnetd(t);
		await logIn(page);
		const size = async (n) => {
			await enter(page, `echo size ${n}: $(stty size)`);
			const seen = await shows(page, new RegExp(`\nsize ${n}: \\d+ \\d+\n`));
			return seen
				.join("\n")
				.match(new RegExp(`\nsize ${n}: (\\d+) (\\d+)\n`))
				.slice(1)
				.map(Number);
		};
		const [tall, wide] = await size(1);
		assert.equal(tall, (await rows(page)).length);
		assert.ok(wide > 100, String(wide));
		await page.setViewportSize({ width: 600, height: 400 });
		await until("fewer rows", async () => (await rows(page)).length < tall);
		const [low, narrow] = await size(2);
		assert.equal(low, (await rows(page)).length);
		assert.ok(narrow < wide && narrow > 20, String(narrow));
		await page.getByRole("button", { name: "Larger text" }).click();
		await page.getByRole("button", { name: "Larger text" }).click();
		await until("fewer rows yet", async () => (await rows(page)).length < low);
		await page.locator(".xterm-helper-textarea").focus();
		const [lower, narrower] = await size(3);
		assert.equal(lower, (await rows(page)).length);
		assert.ok(narrower < narrow);
	});

	it("draws a full-screen program right, and again after a resize", async (t) => {
		const { page, daemon } = await telnetd(t);
		const lines = Array.from({ length: 5 }, (_, i) => `line ${i + 1} – ä✓`);
		await daemon.give("text", `${lines.join("\n")}\n`);
		await logIn(page);
		await enter(page, "vi -u NONE -n text");
		const full = (seen) =>
			lines.every((line, i) => seen[i] === line) &&
			seen.slice(lines.length, -1).every((row) => row === "~") &&
			/"text"|5 lines|5L/.test(seen.at(-1));
		await until("vi's screen", async () => full(await rows(page)));
		const before = (await rows(page)).length;
		await page.setViewportSize({ width: 900, height: 500 });
		await until("vi's smaller screen", async () => {
			const seen = await rows(page);
			return (
				seen.length < before &&
				lines.every((line, i) => seen[i] === line) &&
				seen.slice(lines.length, -1).every((row) => row === "~")
			);
		});
		await type(page, "G");
		await page.keyboard.press("ArrowUp");
		await page.keyboard.press("End");
		await type(page, "a, changed");
		await until("the change", async () => (await rows(page))[3] === `${lines[3]}, changed`);
		await page.keyboard.press("Escape");
		await enter(page, ":wq");
		await shows(page, /ready>$/);
		assert.match(
			await readFile(join(daemon.folder, "text"), "utf8"),
			/^line 4 – ä✓, changed$/m,
		);
	});

	it("comes back after the connection was lost, below what was there", async (t) => {
		const rest = "#autoconnect=true&reconnect=true&reconnect_delay=300";
		const { page, daemon } = await telnetd(t, rest);
		await logIn(page);
		await enter(page, "echo remembered");
		await shows(page, /\nremembered\nready>$/);
		await daemon.hangUp();
		await until("another connection", () => daemon.count === 2);
		await inState(page, "running");
		await shows(page, /\nremembered\nready>[\s\S]*\nlogin:$/);
		await enter(page, USER);
		await shows(page, /Password:$/);
	});
});

describe("what a server sends", () => {
	it("reaches the terminal and nothing else", async (t) => {
		const { page, peer } = await service(t, (socket) => {
			socket.write(ECHO_AND_SGA);
			socket.write("\x1b]0;evil title\x07\x1b]2;evil title\x07");
			socket.write("\x1b]8;;https://evil.example/\x07a link\x1b]8;;\x07");
			socket.write(`\x1b]52;c;${Buffer.from("evil clip").toString("base64")}\x07`);
			socket.write("\x1b]52;c;?\x07\x1b[21t\x1b[14t");
			socket.write("<img src=x onerror=alert(1)><b>text</b> done");
		});
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await inState(page, "running");
		await page.evaluate(() => navigator.clipboard.writeText("mine"));
		await shows(page, "a link<img src=x onerror=alert(1)><b>text</b> done");
		assert.match(await page.title(), /^127\.0\.0\.1:\d+ · websplice$/);
		assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "mine");
		const box = await page.locator(".xterm-rows").getByText("a link").boundingBox();
		await page.mouse.click(box.x + 4, box.y + box.height / 2);
		await enter(page, "x");
		await until("the Enter", () => peer.heard().includes("\r"));
		assert.doesNotMatch(peer.heard(), /\x1b/);
		assert.equal(await page.locator("#terminal img, #terminal b, #terminal a").count(), 0);
		assert.equal(page.context().pages().length, 1);
		assert.deepEqual(page.faults, []);
	});

	it("is drawn in its colours under the page's policy", async (t) => {
		const { page } = await service(t, (socket) =>
			socket.write("\x1b[38;2;10;200;30mtrue\x1b[0m \x1b[48;5;196mindexed\x1b[0m"),
		);
		await inState(page, "running");
		await shows(page, "true indexed");
		const style = (text, name) =>
			page
				.locator(".xterm-rows span", { hasText: new RegExp(`^${text}$`) })
				.evaluate((span, name) => getComputedStyle(span)[name], name);
		assert.equal(await style("indexed", "backgroundColor"), "rgb(255, 0, 0)");
		assert.notEqual(await style("true", "color"), await style("indexed", "color"));
		assert.deepEqual(page.faults, []);
	});

	for (const colorScheme of ["light", "dark"]) {
		it(`can be read whatever colours it combines, ${colorScheme}`, async (t) => {
			const { page } = await service(
				t,
				(socket) => socket.write("\x1b[37;44mone\x1b[0;30mtwo\x1b[0;97mthree\x1b[0;7mfour"),
				undefined,
				{ ...DESKTOP, colorScheme },
			);
			await inState(page, "running");
			await shows(page, "onetwothreefour");
			const back = colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(16, 23, 29)";
			for (const text of ["one", "two", "three", "four"]) {
				const pair = await page
					.locator(".xterm-rows span", { hasText: new RegExp(`^${text}$`) })
					.evaluate((span) => {
						const { color, backgroundColor } = getComputedStyle(span);
						return [color, backgroundColor];
					});
				const [a, b] = pair.map((colour) => light(colour === CLEAR ? back : colour));
				const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
				assert.ok(ratio >= 4.5, `${text}: ${pair} is ${ratio.toFixed(1)}`);
			}
		});
	}

	it("may come cut anywhere and all at once", async (t) => {
		const { page, peer } = await service(t, async (socket) => {
			socket.setNoDelay(true);
			const text = Buffer.concat([
				ECHO_AND_SGA,
				Buffer.from("grüße ✓ 世界 😀"),
				Buffer.from([IAC, DO, 24, IAC, SB, 24, 1, IAC, SE]),
				Buffer.from(" end"),
			]);
			for (const byte of text) {
				socket.write(Buffer.of(byte));
				await new Promise(setImmediate);
			}
		});
		await inState(page, "running");
		await shows(page, "grüße ✓ 世界 😀 end");
		await until("the terminal's type", () => peer.heard().includes("XTERM-256COLOR"));
	});

	it("may ring without end: that is one bell at a time", async (t) => {
		const { page, peer } = await service(t, (socket) => socket.write(ECHO_AND_SGA));
		await inState(page, "running");
		const rung = await countBells(page, "#bar");
		peer.sockets[0].write(`${"\x07".repeat(50_000)}the end`);
		await shows(page, "the end");
		const { lit, timers } = await rung();
		assert.ok(lit > 0);
		assert.ok(timers < 5000, `${timers} timers`);
	});

	it("may be more than can be shown: it is bounded, and keys still work", async (t) => {
		const flood = Buffer.from(`${"0123456789".repeat(20)}\r\n`.repeat(5000));
		const { page, peer } = await service(t, (socket) => {
			socket.write(ECHO_AND_SGA);
			let left = 16;
			const pour = () => {
				while (left > 0 && !socket.destroyed) {
					left--;
					if (!socket.write(flood)) {
						socket.once("drain", pour);
						return;
					}
				}
				socket.write("\r\nthe end\r\n");
			};
			pour();
		});
		await inState(page, "running");
		await page.keyboard.press("Control+c");
		await until("Ctrl+C", () => peer.heard().includes("\x03"), 60_000);
		await until(
			"all of it, or what was left out",
			async () => /the end|characters left out/.test((await rows(page)).join("\n")),
			60_000,
		);
		await inState(page, "running");
	});
});

describe("a service that knows no telnet", () => {
	it("gets whole lines, which are shown as they are typed", async (t) => {
		const { page, peer } = await service(t, (socket) => socket.write("220 ready\n250 ok\n"));
		await inState(page, "running");
		const seen = await shows(page, /^220 ready\n250 ok$/);
		assert.equal(seen[2], "");
		await type(page, "HELX");
		await page.keyboard.press("Backspace");
		await type(page, "LO ä");
		await shows(page, /\nHELLO ä/);
		assert.equal(peer.heard(), "");
		await page.keyboard.press("ArrowUp");
		await page.keyboard.press("Enter");
		await until("the line", () => peer.heard() !== "");
		assert.equal(Buffer.from(peer.heard(), "latin1").toString(), "HELLO ä\r\n");
	});

	it("need not speak first", async (t) => {
		const { page, peer } = await service(t, () => {});
		await inState(page, "running");
		await enter(page, "GET / HTTP/1.0");
		await until("the line", () => peer.heard() === "GET / HTTP/1.0\r\n");
	});

	it("can hide a line, and go over to characters", async (t) => {
		const { page, peer } = await service(t, (socket) => {
			socket.write("secret: ");
			socket.write(Buffer.from([IAC, WILL, 1]));
		});
		await inState(page, "running");
		await until("DO ECHO", () => peer.heard() === "\xff\xfd\x01");
		await enter(page, "hidden");
		await until("the line", () => peer.heard().endsWith("hidden\r\n"));
		assert.equal((await rows(page)).join("").includes("hidden"), false);
		await type(page, "half");
		peer.sockets[0].write(Buffer.from([IAC, WILL, 3]));
		await until("what was begun", () => peer.heard().endsWith("\xff\xfd\x03half"));
		await type(page, "x");
		await until("a single character", () => peer.heard().endsWith("halfx"));
	});
});

describe("copying and pasting", () => {
	const echo = (socket) => {
		socket.write(ECHO_AND_SGA);
		socket.write("copy me please");
	};

	it("copies the selection by button and key, and pastes a line", async (t) => {
		const { page, peer } = await service(t, echo);
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await inState(page, "running");
		await shows(page, "copy me please");
		const clip = () => page.evaluate(() => navigator.clipboard.readText());
		await page.getByRole("button", { name: "Copy", exact: true }).click();
		await until("the whole screen", async () => (await clip()) === "copy me please");
		const row = await page.locator(".xterm-rows > div").first().boundingBox();
		await page.mouse.dblclick(row.x + 4, row.y + row.height / 2);
		await page.keyboard.press("Control+Shift+C");
		await until("the word", async () => (await clip()) === "copy");
		await page.evaluate(() => navigator.clipboard.writeText("grüße\x1b[31m"));
		await page.getByRole("button", { name: "Paste", exact: true }).click();
		await until("the paste", () =>
			Buffer.from(peer.heard(), "latin1").toString().endsWith("grüße[31m"),
		);
		await page.evaluate(() => navigator.clipboard.writeText("by key"));
		await page.locator(".xterm-helper-textarea").focus();
		await page.keyboard.press("Control+Shift+V");
		await until("the paste", () => peer.heard().endsWith("by key"));
	});

	it("leaves the clipboard alone when there is nothing to copy", async (t) => {
		const { page } = await service(t, (socket) => socket.write(ECHO_AND_SGA));
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await inState(page, "running");
		await page.evaluate(() => navigator.clipboard.writeText("what was there"));
		await page.getByRole("button", { name: "Copy", exact: true }).click();
		await page.getByText("There is nothing to copy.").waitFor();
		assert.equal(
			await page.evaluate(() => navigator.clipboard.readText()),
			"what was there",
		);
	});

	it("asks before it pastes lines that would be run, unless the program can tell", async (t) => {
		const { page, peer } = await service(t, echo);
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await inState(page, "running");
		await shows(page, "copy me please");
		await page.evaluate(() => navigator.clipboard.writeText("rm -r a\nrm -r b\n"));
		const paste = page.getByRole("button", { name: "Paste", exact: true });
		const dialog = page.getByRole("dialog", { name: "Paste 2 lines?" });
		await paste.click();
		await dialog.getByRole("button", { name: "Cancel" }).click();
		await paste.click();
		await dialog.getByRole("button", { name: "Paste" }).click();
		await until("the lines", () => peer.heard().includes("rm"));
		assert.equal(peer.heard().match(/rm -r a\r\0rm -r b\r\0/g).length, 1);
		peer.sockets[0].write("\x1b[?2004h now it can tell");
		await shows(page, "now it can tell");
		await paste.click();
		await until("the paste", () =>
			peer.heard().endsWith("\x1b[200~rm -r a\r\0rm -r b\r\0\x1b[201~"),
		);
	});

	it("does not paste more than a server can be expected to take", async (t) => {
		const { page, peer } = await service(t, echo);
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await inState(page, "running");
		await page.evaluate(() => navigator.clipboard.writeText("x".repeat(300_000)));
		await page.getByRole("button", { name: "Paste", exact: true }).click();
		await page.getByText("too much text to paste at once").waitFor();
		assert.equal(peer.heard().includes("x"), false);
	});

	it("has a field to paste into where the browser keeps its clipboard", async (t) => {
		const peer = await startService(echo);
		const server = await startWebsplice({ target: peer.target });
		const page = await newPage(browser);
		t.after(async () => {
			await page.context().close();
			await server.stop();
			await peer.stop();
		});
		await page.goto(`http://${INSECURE_HOST}:${server.port}/telnet.html`);
		await page.getByText("This page is not encrypted").waitFor();
		await page.getByRole("button", { name: "Connect", exact: true }).click();
		await inState(page, "running");
		await page.getByRole("button", { name: "Paste", exact: true }).click();
		await page.getByLabel("Text to paste").fill("by hand");
		await page.getByRole("button", { name: "Send to the terminal" }).click();
		await until("the paste", () => peer.heard().endsWith("by hand"));
	});
});

describe("scrolling back", () => {
	it("reaches lines that have left the screen", async (t) => {
		const { page } = await service(t, (socket) => {
			for (let i = 0; i < 99; i++) {
				socket.write(`line ${i}\r\n`);
			}
		});
		await inState(page, "running");
		await shows(page, "line 98");
		const box = await page.locator("#terminal").boundingBox();
		await page.mouse.move(box.x + 100, box.y + 100);
		assert.notEqual((await rows(page))[0], "line 0");
		await until("the first line", async () => {
			await page.mouse.wheel(0, -3000); /* three lines */
			return (await rows(page))[0] === "line 0";
		});
	});
});

describe("a link's parameters", () => {
	it("say where to, also after the #, and another server is asked about", async (t) => {
		const query = "?port=1&host=ignored.example&font_size=20";
		const hash = "#host=other.example&port=4711&path=a%2Fb&encrypt=true&autoconnect=true";
		const { page, server } = await open(t, "127.0.0.1:9", query + hash);
		const dialog = page.getByRole("dialog", { name: "Connect to another server?" });
		assert.match(await dialog.innerText(), /other\.example:4711/);
		await dialog.getByRole("button", { name: "Cancel" }).click();
		assert.equal(await page.locator("#form-url").textContent(), "wss://other.example:4711/a/b");
		await page.locator("#options summary").click();
		assert.equal(await page.locator("#form-font").inputValue(), "20");
		await page.goto(`${server.url}telnet.html?path=token%3Ftoken%3Dx`);
		assert.equal(
			await page.locator("#form-url").textContent(),
			`ws://127.0.0.1:${server.port}/token?…`,
		);
		await inState(page, "form");
	});

	it("may hold a password, which is neither used nor left there", async (t) => {
		const { page } = await open(t, "127.0.0.1:9", "?password=a#password=b");
		await page.getByText("this page has no use for one").waitFor();
		assert.doesNotMatch(page.url(), /password/);
	});

	it("that make no sense are named", async (t) => {
		const { page } = await open(t, "127.0.0.1:9", "#port=0&font_size=999");
		await page.getByText("“port” in this link was ignored").waitFor();
		await page.getByText("“font_size” in this link was ignored").waitFor();
	});
});

describe("when it does not work", () => {
	it("says what the server says", async (t) => {
		const target = `127.0.0.1:${await freePort()}`;
		const { page } = await open(t, target);
		await inState(page, "ended");
		assert.match(await words(page), /The telnet server cannot be reached/);
		assert.ok((await words(page)).includes(`“backend ${target} refused the connection”`));
		await page.getByText("Details").click();
		assert.match(await words(page), /close code 1011/);
	});

	it("says what is missing when the library is", async (t) => {
		const server = await startWebsplice({ target: "127.0.0.1:9" });
		const page = await newPage(browser);
		t.after(async () => {
			await page.context().close();
			await server.stop();
		});
		await page.route("**/xterm.mjs", (route) => route.fulfill({ status: 404 }));
		await page.goto(`${server.url}telnet.html#autoconnect=true`);
		await inState(page, "ended");
		assert.match(await words(page), /terminal is not complete.*npm ci/s);
		await page.getByRole("button", { name: "Copy", exact: true }).click();
		await page.getByText("There is nothing to copy.").waitFor();
		assert.deepEqual(page.faults, []);
	});

	it("tries again by itself, longer each time, and can be stopped", async (t) => {
		const { page, peer, server } = await service(
			t,
			(socket, count) => (count === 1 ? socket.write("hello") : socket.destroy()),
			"?n=1",
		);
		await page.addInitScript(() => {
			Math.random = () => 0;
		});
		await page.goto(`${server.url}telnet.html?n=2#autoconnect=true&reconnect_delay=8000`);
		await inState(page, "running");
		await shows(page, "hello");
		peer.sockets[0].resetAndDestroy();
		for (const [attempt, wait, before] of [
			[1, 8, 0],
			[2, 16, 8],
			[3, 30, 16],
		]) {
			await page.getByText(`Trying again by itself: ${attempt} of 20`).waitFor();
			const left = Number(await page.locator("#waiting-seconds").textContent());
			assert.ok(left > before && left <= wait, `${attempt}: ${left}`);
			if (attempt < 3) {
				await page.getByRole("button", { name: "Try now" }).click();
			}
		}
		await page.getByRole("button", { name: "Stop" }).click();
		await inState(page, "form");
	});

	it("ends when the server takes nothing any more", async (t) => {
		const { page, peer } = await service(t, (socket) => socket.write(ECHO_AND_SGA));
		await inState(page, "running");
		await type(page, "a");
		await until("the key", () => peer.heard().endsWith("a"));
		await page.evaluate(() =>
			Object.defineProperty(WebSocket.prototype, "bufferedAmount", { get: () => 1024 * 1024 }),
		);
		await type(page, "b");
		await inState(page, "ended");
		assert.match(await words(page), /The server has stopped listening/);
	});

	it("ends when the user says so, and the server sees it", async (t) => {
		const { page, peer } = await service(t, (socket) => {
			socket.write("hello");
			socket.on("end", () => {
				socket.over = true;
			});
		});
		await inState(page, "running");
		await page.getByRole("button", { name: "Disconnect" }).click();
		await inState(page, "ended");
		assert.match(await words(page), /You ended the connection/);
		await until("the service to see it", () => peer.sockets[0].over);
		await page.getByRole("button", { name: "Connect again" }).click();
		await inState(page, "running");
	});
});

describe("a keyboard", () => {
	/* One key as the system gives it to the browser. */
	async function press(page, { key, code, modifiers }) {
		const devtools = await page.context().newCDPSession(page);
		const what = { key, code, modifiers, windowsVirtualKeyCode: code.charCodeAt(3) };
		await devtools.send("Input.dispatchKeyEvent", { ...what, type: "keyDown", text: key });
		await devtools.send("Input.dispatchKeyEvent", { ...what, type: "keyUp" });
	}
	const [ALT, CONTROL] = [1, 2];

	/* platform: what the browser says it runs on */
	for (const [name, platform, modifiers] of [
		["a Mac's Option", "MacIntel", ALT],
		["Windows' AltGr", "Win32", ALT | CONTROL],
	]) {
		it(`has signs that need ${name}`, async (t) => {
			const { page, peer } = await service(t, (socket) => socket.write(ECHO_AND_SGA), "");
			await page.addInitScript((value) => {
				Object.defineProperty(Navigator.prototype, "platform", { get: () => value });
			}, platform);
			await page.reload();
			await page.getByRole("button", { name: "Connect", exact: true }).click();
			await inState(page, "running");
			await page.locator(".xterm-helper-textarea").focus();
			await until("an agreement", () => peer.heard().length >= 6);
			await press(page, { key: "@", code: "KeyL", modifiers });
			await page.keyboard.press("z");
			await until("both", () => peer.heard().endsWith("z"));
			assert.equal(peer.heard().slice(6), "@z");
		});
	}
});

describe("without a mouse", () => {
	it("leads out of the terminal and back", async (t) => {
		const { page, peer } = await service(t, (socket) => socket.write(ECHO_AND_SGA));
		await page.locator("#card-form").waitFor({ state: "hidden" });
		await inState(page, "running");
		const focused = () =>
			page.evaluate(
				() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.id,
			);
		await until("the terminal", async () => (await focused()) === "Terminal input");
		await page.keyboard.press("Tab");
		await until("the Tab", () => peer.heard().endsWith("\t"));
		assert.equal(await focused(), "Terminal input");
		await page.keyboard.press("Control+Alt+Shift");
		await until("the bar", async () => (await focused()) === "Row of keys");
		await page.keyboard.press("Tab");
		assert.equal(await focused(), "Keys");
		await page.keyboard.press("Enter");
		await page.locator("#panel-keys").waitFor();
		await page.keyboard.press("Escape");
		assert.equal(await focused(), "Keys");
		await page.keyboard.press("Escape");
		assert.equal(await focused(), "Terminal input");
	});

	it("can be read aloud", async (t) => {
		const { page, peer } = await service(t, (socket) => socket.write(ECHO_AND_SGA));
		await inState(page, "running");
		await page.getByRole("button", { name: "Session", exact: true }).click();
		const panel = page.locator("#panel-session");
		await panel.getByLabel(/Read aloud/).check();
		peer.sockets[0].write("said aloud");
		await until("the live region", async () =>
			(await page.locator(".live-region").textContent()).includes("said aloud"),
		);
		assert.deepEqual(page.faults, []);
	});

	it("has buttons for keys that the browser keeps, and for telnet's own", async (t) => {
		const { page, peer } = await service(t, (socket) => socket.write(ECHO_AND_SGA));
		await inState(page, "running");
		await page.getByRole("button", { name: "Keys", exact: true }).click();
		const panel = page.locator("#panel-keys");
		await panel.getByRole("button", { name: "Ctrl+W" }).click();
		await panel.getByRole("button", { name: "F5" }).click();
		await panel.getByRole("button", { name: "Break" }).click();
		await until("the keys", () => peer.heard().endsWith("\x17\x1b[15~\xff\xf3"));
	});

	it("has a button for every key, which sends what xterm sends", async (t) => {
		const { page, peer } = await service(t, (socket) => socket.write(ECHO_AND_SGA));
		await inState(page, "running");
		await page.getByRole("button", { name: "Keys", exact: true }).click();
		const panel = page.locator("#panel-keys");
		const names = await panel
			.locator("[data-key], [data-combination]")
			.evaluateAll((buttons) => buttons.map((button) => button.dataset.key ?? button.textContent));
		assert.deepEqual([...names].sort(), Object.keys(SENT).sort());
		const before = peer.heard().length;
		for (const button of await panel.locator("[data-key], [data-combination]").all()) {
			await button.click();
		}
		const all = names.map((name) => SENT[name]).join("");
		await until("all of them", () => peer.heard().length >= before + all.length);
		assert.equal(peer.heard().slice(before), all);
		for (const [name, number] of [["Shift", 2], ["Alt", 3], ["Control", 5]]) {
			await panel.getByRole("button", { name: `Hold ${name}` }).click();
			await panel.getByRole("button", { name: "Left arrow" }).click();
			await until(name, () => peer.heard().endsWith(`\x1b[1;${number}D`));
		}
	});
});

describe("on a phone", () => {
	it("has a row of keys, and a finger scrolls", async (t) => {
		const { page, peer } = await service(
			t,
			(socket) => {
				socket.write(ECHO_AND_SGA);
				for (let i = 0; i < 300; i++) {
					socket.write(`line ${i}\r\n`);
				}
			},
			undefined,
			PHONE,
		);
		await inState(page, "running");
		await shows(page, "line 299");
		const row = page.locator("#touch-row");
		for (const button of await row.locator("[data-key]").all()) {
			await button.tap();
		}
		const keys = ["Escape", "Tab", "ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight", "Home", "End", "PageUp", "PageDown"];
		const all = keys.map((key) => SENT[key]).join("");
		await until("the keys", () => peer.heard().endsWith(all));
		await row.getByRole("button", { name: "Hold Alt" }).tap();
		await row.getByRole("button", { name: "Page Up", exact: true }).tap();
		await until("Alt and a key", () => peer.heard().endsWith("\x1b[5;3~"));
		await row.getByRole("button", { name: "Hold Control" }).tap();
		await page.locator(".xterm-helper-textarea").focus();
		await type(page, "cc");
		await until("Ctrl+C, then a c", () => peer.heard().endsWith("\x03c"));
		await page.keyboard.insertText("hé");
		await until("a word at once", () =>
			Buffer.from(peer.heard(), "latin1").toString().endsWith("\x03ch\u00e9"),
		);
		await row.getByRole("button", { name: "Hold Control" }).tap();
		await page.keyboard.insertText("d");
		await until("Ctrl+D", () => peer.heard().endsWith("\x04"));
		const terminal = await page.locator("#terminal").boundingBox();
		const { y } = await row.boundingBox();
		assert.ok(terminal.y + terminal.height <= y + 1, "the row covers the terminal");
		const first = async () => Number((await rows(page))[0].replace("line ", ""));
		const before = await first();
		const touch = await page.context().newCDPSession(page);
		const at = (y) => [{ x: 150, y }];
		await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(200) });
		for (let y = 220; y <= 500; y += 20) {
			await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(y) });
		}
		await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
		await until("earlier lines", async () => (await first()) < before);
		assert.deepEqual(page.faults, []);
	});

	it("fits, with nothing wider than the screen", async (t) => {
		const { page } = await service(t, (socket) => socket.write(ECHO_AND_SGA), undefined, PHONE);
		await inState(page, "running");
		const { scroll, inner } = await page.evaluate(() => ({
			scroll: document.documentElement.scrollWidth,
			inner: window.innerWidth,
		}));
		assert.ok(scroll <= inner, `${scroll} in ${inner}`);
		const out = await page.getByRole("button", { name: "Disconnect" }).boundingBox();
		assert.ok(out.x + out.width <= inner && out.width >= 28, JSON.stringify(out));
	});
});

describe("the start page", () => {
	it("leads to the terminal", async (t) => {
		const { page, server } = await open(t, "127.0.0.1:9", "");
		await page.goto(server.url);
		await page.getByRole("link", { name: /terminal/i }).first().click();
		await inState(page, "form");
		await page.getByRole("heading", { name: "Open the terminal" }).waitFor();
	});
});
