/* What a new user does: launch.sh, then a browser. The built-in picture, a TigerVNC desktop, an
 * X11 screen shared by x11vnc, and Debian's own noVNC pages in place of ours. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Program, freePort, run } from "./lib/process.mjs";
import { within } from "./lib/wait.mjs";
import {
	focusDesktop,
	inState,
	launch,
	newPage,
	openViewer,
	pixelIs,
	startWebsplice,
	startXvnc,
	until,
} from "./lib.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const COLOUR = "#7a3b2e";
/* The middle of the card's colour bars, at its first size of 800 × 600. */
const BARS = [
	["grey", 230, 215, "#c0c0c0"],
	["yellow", 270, 215, "#c0c000"],
	["cyan", 335, 215, "#00c0c0"],
	["green", 400, 215, "#00c000"],
	["magenta", 465, 215, "#c000c0"],
	["red", 530, 215, "#c00000"],
	["blue", 570, 215, "#0000c0"],
];

let browser;

before(async () => {
	browser = await launch();
});
after(() => browser?.close());

/* Runs launch.sh until it has said where the viewer is; gives that address. */
async function startLaunch(t, args) {
	const port = await freePort();
	const script = new Program(join(ROOT, "scripts/launch.sh"), ["--listen", `127.0.0.1:${port}`, ...args], {
		env: { ...process.env, WEBSPLICE: process.env.WEBSPLICE_BIN || join(ROOT, "build/release/websplice") },
		stdio: ["ignore", "pipe", "pipe"],
	});
	t.after(() => script.stop());
	const address = /https?:\/\/\S+/;
	await until("launch.sh to name the address", () => address.test(script.output) || !script.running, 60_000);
	assert.ok(script.running, script.output);
	return { script, url: address.exec(script.output)[0] };
}

async function open(t, url) {
	const page = await newPage(browser);
	t.after(() => page.context().close());
	await page.goto(url);
	return page;
}

describe("launch.sh", () => {
	it("shows the test card", async (t) => {
		const { url } = await startLaunch(t, ["--testcard"]);
		const page = await open(t, `${url.split(/[?#]/)[0]}#autoconnect=true&resize=off`);
		await inState(page, "running");
		for (const [, x, y, colour] of BARS) {
			await pixelIs(page, x, y, colour, 3);
		}
	});

	it("shows a TigerVNC desktop that it was given", async (t) => {
		const xvnc = await startXvnc({ colour: COLOUR });
		t.after(() => xvnc.stop());
		const { url } = await startLaunch(t, ["--vnc", `localhost:${xvnc.port}`]);
		const page = await open(t, url.includes("autoconnect") ? url : `${url}#autoconnect=true`);
		await inState(page, "running");
		await pixelIs(page, 700, 500, COLOUR);
	});

	it("ends with everything it started", async (t) => {
		const { script, url } = await startLaunch(t, ["--testcard"]);
		await script.stop("SIGINT");
		assert.equal(script.running, false);
		await assert.rejects(fetch(url));
	});
});

/* An X server without VNC and x11vnc that shares it. */
async function startX11vnc(t) {
	const folder = await mkdtemp(join(tmpdir(), "x11vnc-"));
	const port = await freePort();
	const screen = new Program("Xvfb", ["-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"]);
	t.after(async () => {
		await screen.stop();
		await rm(folder, { recursive: true, force: true });
	});
	const [number] = await within("Xvfb's display", once(screen.report, "data"));
	const env = { ...process.env, DISPLAY: `:${String(number).trim()}`, HOME: folder };
	await run("xsetroot", ["-solid", COLOUR], { env });
	const vnc = new Program("x11vnc", [
		"-display", env.DISPLAY, "-rfbport", String(port), "-localhost", "-nopw", "-forever", "-shared", "-quiet",
	], { env });
	t.after(() => vnc.stop());
	await until("x11vnc to listen", () => /PORT=/.test(vnc.output) || !vnc.running, 20_000);
	assert.ok(vnc.running, vnc.output);
	return { target: `127.0.0.1:${port}`, env, folder };
}

describe("other parts", () => {
	it("x11vnc shows its screen and gets what is typed", async (t) => {
		const x11 = await startX11vnc(t);
		const server = await startWebsplice({ target: x11.target });
		t.after(() => server.stop());
		const page = await newPage(browser);
		t.after(() => page.context().close());
		await openViewer(page, server.url);
		await inState(page, "running");
		await pixelIs(page, 600, 440, COLOUR);
		const file = join(x11.folder, "typed");
		const xterm = new Program("xterm", ["-geometry", "40x5+10+10", "-e", `cat > '${file}'`], { env: x11.env });
		t.after(() => xterm.stop());
		await until("the terminal", () => run("test", ["-e", file]).then(() => true, () => false));
		await page.mouse.click(700, 400);
		await focusDesktop(page);
		await run("xdotool", ["search", "--sync", "--onlyvisible", "--class", "xterm", "windowfocus"], { env: x11.env });
		await page.keyboard.type("through x11vnc");
		await page.keyboard.press("Enter");
		await until("the text to arrive", async () => (await run("cat", [file])).includes("through x11vnc"));
	});

	it("Debian's noVNC pages work with --web", async (t) => {
		const server = await startWebsplice({ web: process.env.NOVNC || "/usr/share/novnc", target: "--testcard" });
		t.after(() => server.stop());
		const page = await open(t, `${server.url}vnc.html?autoconnect=true&resize=off`);
		const canvas = page.locator("#noVNC_container canvas");
		await canvas.waitFor();
		await until("the card's red", () => page.evaluate(() => {
			const canvas = document.querySelector("#noVNC_container canvas");
			const [red, green] = canvas.getContext("2d").getImageData(530, 215, 1, 1).data;
			return red > 150 && green < 30;
		}));
	});
});
