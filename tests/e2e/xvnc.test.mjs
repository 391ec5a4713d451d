/* variants: asan */
/* Real VNC servers through the real proxy: TigerVNC's Xvnc over TCP and over a unix socket, x11vnc
 * in front of Xvfb, and the built-in test card. A small RFB client asks for the picture and looks
 * at the pixels of a window whose colour it knows; what it types arrives in that window.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { deadPort, folder } from "./lib/backends.mjs";
import { RawWs, Wire } from "./lib/rawws.mjs";
import { Payload, Rfb } from "./lib/rfb.mjs";
import { start } from "./lib/server.mjs";
import { later, until } from "./lib/wait.mjs";

const WIDTH = 320, HEIGHT = 240, COLOUR = 0x2468ac;

/* Starts a program that ends with the test; its output is kept for the day it fails. */
function program(t, name, args, env = {}, stdio = ["ignore", "pipe", "pipe"]) {
	const child = spawn(name, args, { env: { ...process.env, ...env }, stdio });
	const run = { child, said: "", over: false };
	for (const from of [child.stdout, child.stderr])
		from.on("data", (text) => { run.said += text; });
	const gone = once(child, "close").catch((e) => { run.said += String(e); }).then(() => { run.over = true; });
	later(t, async () => {
		child.kill("SIGTERM");
		const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
		await gone;
		clearTimeout(hard);
	});
	return run;
}

/* An X server that picks its own display; gives ":N". */
async function xServer(t, name, args) {
	const run = program(t, name, ["-displayfd", "3", "-nolisten", "tcp", ...args], {}, ["ignore", "pipe", "pipe", "pipe"]);
	let display = "";
	run.child.stdio[3].on("data", (text) => { display += text; });
	await until(() => `${name} is up:\n${run.said}`, () => display.endsWith("\n") || run.over);
	assert.ok(!run.over, `${name} ended:\n${run.said}`);
	return `:${display.trim()}`;
}

/* A window all over the screen in COLOUR, with a shell that writes what is typed to a file. */
function terminal(t, display) {
	const typed = path.join(folder(t), "typed");
	program(t, "xterm", ["-bg", `#${COLOUR.toString(16)}`, "-fg", "white", "-bw", "0", "+sb", "-geometry", "200x100+0+0",
		"-e", "sh", "-c", `head -n 1 >'${typed}'; sleep 600`], { DISPLAY: display });
	return typed;
}

/* The picture must have the window's colour where no text can be. */
async function seesWindow(rfb) {
	await until(() => `the window: #${rfb.pixel(WIDTH - 9, HEIGHT - 9).toString(16)}`, async () => {
		await rfb.update();
		return rfb.pixel(WIDTH - 9, HEIGHT - 9) === COLOUR && rfb.pixel(WIDTH >> 2, HEIGHT - 40) === COLOUR; /* the pointer is in the middle */
	});
}

async function connect(t, server, path) {
	const ws = await RawWs.open(t, server.port, { path });
	const rfb = new Rfb(new Payload(ws));
	await rfb.open();
	return { ws, rfb };
}

/* The whole story with one server. `direct` is where a client without proxy would connect. */
async function tell(t, args, direct, typed) {
	const server = await start(t, ["127.0.0.1:0", ...args]);
	const { ws, rfb } = await connect(t, server, "/websockify");
	assert.deepEqual([rfb.width, rfb.height], [WIDTH, HEIGHT]);
	await seesWindow(rfb);
	/* the same picture, with and without the proxy in between */
	const plain = new Rfb(await Wire.connect(t, direct));
	await plain.open();
	await plain.update();
	await rfb.update();
	assert.equal(plain.name, rfb.name);
	let same = 0;
	for (let at = 0; at < rfb.pixels.length; at += 4)
		same += rfb.pixels.readUIntLE(at, 3) === plain.pixels.readUIntLE(at, 3);
	assert.ok(same / (WIDTH * HEIGHT) > 0.99, `${same} of ${WIDTH * HEIGHT} pixels are the same`); /* less the cursor */
	/* what is typed arrives */
	rfb.pointer(WIDTH >> 1, HEIGHT >> 1);
	rfb.type("splice me 123\n");
	await until("what was typed", () => existsSync(typed) && readFileSync(typed, "utf8").endsWith("\n"));
	assert.equal(readFileSync(typed, "utf8"), "splice me 123\n");
	for (let i = 0; i < 10; i++)
		await rfb.update();
	ws.bye();
	await ws.gone();
	const log = await server.event("session ended");
	assert.ok(Number(log.down) > 10 * WIDTH * HEIGHT * 4);
	assert.equal(log.reason, "client closed the session (1000)");
}

test("TigerVNC's Xvnc over TCP", async (t) => {
	const port = await deadPort();
	const display = await xServer(t, "Xvnc", ["-rfbport", String(port), "-localhost", "-SecurityTypes", "None", "-geometry", `${WIDTH}x${HEIGHT}`, "-depth", "24"]);
	await tell(t, [`127.0.0.1:${port}`], port, terminal(t, display));
});

test("TigerVNC's Xvnc over a unix socket", async (t) => {
	const file = path.join(folder(t), "vnc");
	const display = await xServer(t, "Xvnc", ["-rfbunixpath", file, "-rfbport", "-1", "-SecurityTypes", "None", "-geometry", `${WIDTH}x${HEIGHT}`, "-depth", "24"]);
	await until("its socket", () => existsSync(file));
	await tell(t, [`--unix-target=${file}`], { path: file }, terminal(t, display));
});

test("x11vnc in front of Xvfb", async (t) => {
	const port = await deadPort();
	const display = await xServer(t, "Xvfb", ["-screen", "0", `${WIDTH}x${HEIGHT}x24`]);
	const typed = terminal(t, display);
	const run = program(t, "x11vnc", ["-display", display, "-rfbport", String(port), "-no6", "-localhost", "-forever", "-shared", "-nopw", "-noxdamage", "-nocursor"]);
	await until(() => `x11vnc listens:\n${run.said}`, () => /PORT=\d+/.test(run.said) || run.over);
	await tell(t, [`127.0.0.1:${port}`], port, typed);
});

test("an end of Xvnc is an end of the session: Close 1000 or 1011 with a reason", async (t) => {
	const port = await deadPort();
	const run = program(t, "Xvnc", ["-displayfd", "3", "-rfbport", String(port), "-localhost", "-SecurityTypes", "None", "-geometry", "64x64"], {}, ["ignore", "pipe", "pipe", "pipe"]);
	let up = "";
	run.child.stdio[3].on("data", (text) => { up += text; });
	await until(() => `Xvnc is up:\n${run.said}`, () => up.endsWith("\n") || run.over);
	const server = await start(t, ["127.0.0.1:0", `127.0.0.1:${port}`]);
	const { ws, rfb } = await connect(t, server);
	await rfb.update();
	run.child.kill("SIGTERM");
	const close = await ws.close();
	assert.ok([1000, 1011].includes(close.code));
	assert.match(close.reason, /backend (closed|reset) the connection/);
	ws.bye();
	await ws.gone();
});

test("the test card: a picture that moves, for several viewers at once, on any worker", async (t) => {
	const server = await start(t, ["--testcard", "127.0.0.1:0"]);
	const all = [];
	for (let i = 0; i < 4; i++)
		all.push(await connect(t, server));
	for (const { rfb } of all) {
		assert.ok(rfb.width >= 320 && rfb.height >= 240);
		await rfb.update();
		const colours = new Set();
		for (let at = 0; at < rfb.pixels.length; at += 4)
			colours.add(rfb.pixels.readUInt32LE(at) & 0xffffff);
		assert.ok(colours.size >= 6, `${colours.size} colours`);
		const first = Buffer.from(rfb.pixels);
		await until("it moves", async () => {
			await rfb.update(true);
			return !rfb.pixels.equals(first);
		});
	}
	assert.equal((await server.event("session started")).backend, "testcard");
	for (const { ws } of all) {
		ws.bye();
		await ws.close().catch(() => {});
	}
});
