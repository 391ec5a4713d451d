/* scripts/launch.sh with the real binary: what it takes, what it picks, how it ends. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { deadPort } from "./lib/backends.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const WEBSPLICE = process.env.WEBSPLICE || path.join(ROOT, "build/release/websplice");
const DEADLINE_MS = 30000;
const BANNER = "RFB 003.008\n";

/* Starts launch.sh; `said` grows with what it prints, `ended` is the promise of its exit. */
function launch(args, { root = ROOT, as = path.join(root, "scripts/launch.sh"), cwd = os.tmpdir(), t } = {}) {
	const child = spawn(as, args, {
		cwd, env: { ...process.env, WEBSPLICE }, stdio: ["ignore", "pipe", "pipe"],
	});
	const run = { child, said: "", ended: once(child, "close") };
	child.stdout.on("data", (bytes) => { run.said += bytes; });
	child.stderr.on("data", (bytes) => { run.said += bytes; });
	t.after(async () => {
		if (child.exitCode === null && child.signalCode === null)
			child.kill("SIGTERM");
		await run.ended;
	});
	return run;
}

/* Waits until `pattern` was said; fails when launch.sh ends before, or after the deadline. */
async function says(run, pattern) {
	const until = Date.now() + DEADLINE_MS;
	while (!pattern.test(run.said)) {
		assert.ok(run.child.exitCode === null && Date.now() < until,
			`never said ${pattern}:\n${run.said}`);
		await new Promise((done) => setTimeout(done, 20));
	}
	return run.said.match(pattern);
}

async function exitCode(run) {
	const [code] = await run.ended;
	return code;
}

const URL_LINE = /^ +(https?:\/\/\S+\/vnc\.html)\S*$/m;

/* Something that speaks like a VNC server, and names itself so that the test knows it again. */
async function rfbServer(t, port, host = "127.0.0.1") {
	const server = net.createServer((socket) => {
		socket.on("error", () => {});
		socket.end(`${BANNER}this is ${server.address().port}`);
	});
	server.listen(port, host);
	await once(server, "listening");
	t.after(() => server.close());
	return server.address().port;
}

/* All bytes a WebSocket client of the launched proxy gets until the end. */
async function readThrough(port) {
	const ws = new WebSocket(`ws://127.0.0.1:${port}/websockify`);
	const pieces = [];
	ws.on("message", (bytes) => pieces.push(bytes));
	await once(ws, "close");
	return Buffer.concat(pieces).toString();
}

async function refused(port) {
	const socket = net.connect(port, "127.0.0.1");
	const [error] = await once(socket, "error");
	return error.code === "ECONNREFUSED";
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]]) {
	test(`${signal} ends everything`, async (t) => {
		const port = await deadPort();
		const run = launch(["--testcard", "--listen", String(port)], { t });
		const [, url] = await says(run, URL_LINE);
		assert.equal(url, `http://localhost:${port}/vnc.html`);
		assert.equal((await fetch(url)).status, 200);
		run.child.kill(signal);
		assert.equal(await exitCode(run), code);
		assert.ok(await refused(port));
	});
}

test("--vnc names the backend", async (t) => {
	const backend = await rfbServer(t, 0);
	const port = await deadPort();
	const run = launch(["--vnc", `127.0.0.1:${backend}`, `--listen=127.0.0.1:${port}`], { t });
	const [, url] = await says(run, URL_LINE);
	assert.equal(url, `http://127.0.0.1:${port}/vnc.html`);
	assert.equal(await readThrough(port), `${BANNER}this is ${backend}`);
});

test("finds a VNC server on localhost:5900 to 5909, else shows the test card", async (t) => {
	let ours = 0;
	for (let port = 5909; port >= 5900 && !ours; port--)
		ours = await rfbServer(t, port).catch(() => 0);
	assert.ok(ours, "no free port from 5900 to 5909");
	const port = await deadPort();
	const run = launch(["--listen", String(port)], { t });
	await says(run, URL_LINE);
	const found = Number(run.said.match(/backend=(?:127\.0\.0\.1|\[::1\]):(\d+)/)?.[1]);
	assert.ok(found >= 5900 && found <= ours, run.said);
	if (found === ours)
		assert.equal(await readThrough(port), `${BANNER}this is ${ours}`);
});

test("a port that answers no RFB is no VNC server", async (t) => {
	const mute = net.createServer((socket) => socket.end("HTTP/1.1 400 no\r\n\r\n"));
	let at = 0;
	for (let port = 5909; port >= 5900 && !at; port--) {
		mute.listen(port, "127.0.0.1");
		at = await Promise.race([once(mute, "listening").then(() => port), once(mute, "error").then(() => 0)]);
	}
	t.after(() => mute.close());
	const run = launch(["--listen", String(await deadPort())], { t });
	await says(run, URL_LINE);
	assert.doesNotMatch(run.said, new RegExp(`backend=127\\.0\\.0\\.1:${at}`));
	if (!/backend=(127|\[)/.test(run.said))
		assert.match(run.said, /showing the test card[^]*backend=testcard/);
});

test("a port that browsers keep away from is told, and used", async (t) => {
	/* of the list in the Fetch standard, whichever is free here */
	for (const port of [6697, 6669, 6668, 6566, 5061]) {
		const run = launch(["--testcard", "--listen", `127.0.0.1:${port}`], { t });
		await says(run, /^Press|in use/m);
		if (/in use/.test(run.said))
			continue;
		assert.match(run.said, new RegExp(`^Browsers refuse port ${port}: try --listen PORT`, "m"));
		const other = launch(["--testcard", "--listen", "127.0.0.1:0"], { t });
		await says(other, URL_LINE);
		assert.doesNotMatch(other.said, /Browsers refuse/);
		return;
	}
	t.skip("all of them are in use");
});

test("a port in use is told, with what to do", async (t) => {
	const taken = net.createServer().listen(0);
	await once(taken, "listening");
	t.after(() => taken.close());
	const { port } = taken.address();
	const run = launch(["--testcard", "--listen", String(port)], { t });
	assert.equal(await exitCode(run), 1);
	assert.match(run.said, new RegExp(`Port ${port} in use\\. Try --listen PORT`));
});

const WRONG = [
	["--nonsense"], ["positional"], ["--listen"], ["--vnc", "no-port"], ["--listen", "host:"],
	["--vnc", "h:1", "--testcard"], ["--testcard=yes"],
];
for (const args of WRONG) {
	test(`wrong usage: ${args.join(" ")}`, async (t) => {
		const run = launch(args, { t });
		assert.equal(await exitCode(run), 2);
		assert.match(run.said, /^launch\.sh: .+\nUsage: launch\.sh/);
	});
}

for (const word of ["--help", "-h"]) {
	test(word, async (t) => {
		const run = launch([word], { t });
		assert.equal(await exitCode(run), 0);
		assert.match(run.said, /^Usage: launch\.sh/);
		for (const option of ["listen", "vnc", "testcard", "cert", "key", "self-signed", "web", "ssl-only", "file-only",
			"record", "syslog", "heartbeat", "idle-timeout", "timeout", "web-auth", "auth-plugin", "auth-source"])
			assert.match(run.said, new RegExp(`--${option}\\b`));
	});
}

test("a proxy that refuses to start is a failure", async (t) => {
	const run = launch(["--testcard", "--listen", String(await deadPort()), "--heartbeat", "often"], { t });
	assert.equal(await exitCode(run), 1);
	assert.match(run.said, /heartbeat/);
	assert.match(run.said, /websplice ended with exit code 2/);
});

test("a proxy that ends by itself ends the launcher", async (t) => {
	const run = launch(["--testcard", "--listen", String(await deadPort()), "--timeout", "6"], { t });
	await says(run, URL_LINE);
	assert.equal(await exitCode(run), 0);
});

test("a web root without vnc.html is refused", async (t) => {
	const run = launch(["--web", "/", "--listen", String(await deadPort())], { t });
	assert.equal(await exitCode(run), 1);
	assert.match(run.said, /no vnc\.html in \//);
});

test("blanks and quotes in every path", async (t) => {
	const odd = path.join(await mkdtemp(path.join(os.tmpdir(), "launch-")), "it's a \"folder\" $HOME");
	t.after(() => rm(path.dirname(odd), { recursive: true }));
	const web = path.join(odd, "my pages");
	await mkdir(web, { recursive: true });
	await cp(path.join(ROOT, "scripts"), path.join(odd, "scripts"), { recursive: true });
	for (const name of [".deps", "src", "web"])
		await symlink(path.join(ROOT, name), path.join(odd, name));
	await writeFile(path.join(web, "vnc.html"), "<p>these are my pages");
	const run = launch(["--testcard", "--listen", String(await deadPort()), "--web", web], { root: odd, t });
	const [, url] = await says(run, URL_LINE);
	assert.equal(await (await fetch(url)).text(), "<p>these are my pages");
});

test("its own pages are the default, from any folder, with blanks, by a link", async (t) => {
	const odd = path.join(await mkdtemp(path.join(os.tmpdir(), "launch-")), "a b");
	t.after(() => rm(path.dirname(odd), { recursive: true }));
	await cp(path.join(ROOT, "scripts"), path.join(odd, "scripts"), { recursive: true });
	for (const name of [".deps", "src", "web"])
		await symlink(path.join(ROOT, name), path.join(odd, name));
	const link = path.join(path.dirname(odd), "websplice");
	await symlink(path.join(odd, "scripts/launch.sh"), link);
	for (const as of [undefined, link]) {
		const run = launch(["--testcard", "--listen", String(await deadPort())], { root: odd, as, cwd: "/", t });
		const [, url] = await says(run, URL_LINE);
		assert.equal((await fetch(url)).status, 200);
	}
});
