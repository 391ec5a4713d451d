/* variants: asan tsan */
/* Static files from the real binary, asked for byte by byte: no client library tidies up the paths. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, chmod, copyFile, mkdir, mkdtemp, readdir, readlink, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import WebSocket from "ws";
import { OVERFULL } from "./lib/wait.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const WEBSPLICE = process.env.WEBSPLICE || path.join(ROOT, "build/release/websplice");
const NOVNC = process.env.NOVNC || "/usr/share/novnc";
const DEADLINE_MS = 30000;
const TIME = new Date("2024-02-29T12:00:00Z");
const TIME_TEXT = "Thu, 29 Feb 2024 12:00:00 GMT";
const MIB = 1 << 20;

let top, web;
let server;
const big = randomBytes(5 * MIB + 4321);
const sum = (bytes) => createHash("sha256").update(bytes).digest("hex");

/* ---- the server ---- */

/* Gives {port, child, said}; ends with the test that started it (t), or with stop. */
async function start(args, t, { program = WEBSPLICE, ...options } = {}) {
	const child = spawn(program, [...args, "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"], ...options });
	const run = { child, said: "", port: 0 };
	run.stop = async () => {
		if (child.exitCode === null && child.signalCode === null) {
			child.kill("SIGTERM");
			await once(child, "exit");
		}
	};
	child.stderr.on("data", (bytes) => { run.said += bytes; });
	t?.after(run.stop);
	await until("the server listens", () => {
		assert.equal(child.exitCode, null, run.said);
		run.port = Number(/listening address=127\.0\.0\.1:(\d+)/.exec(run.said)?.[1] ?? 0);
		return run.port > 0;
	});
	return run;
}

async function until(what, done) {
	const end = Date.now() + DEADLINE_MS;
	while (!await done()) {
		assert.ok(Date.now() < end, `never happened: ${what}`);
		await new Promise((wake) => setTimeout(wake, 10));
	}
}

/* ---- a client ---- */

/* A connection and the answers that came over it, in order. */
class Client {
	constructor(port) {
		this.socket = net.connect(port, "127.0.0.1");
		this.chunks = [];
		this.size = 0;
		this.ended = false;
		this.socket.on("data", (more) => {
			this.chunks.push(more);
			this.size += more.length;
		});
		this.socket.on("error", () => {});
		this.socket.on("close", () => { this.ended = true; });
	}

	send(text) {
		this.socket.write(text, "latin1");
	}

	/* What has arrived and was not taken yet. */
	get bytes() {
		if (this.chunks.length !== 1)
			this.chunks = [Buffer.concat(this.chunks)];
		return this.chunks[0];
	}

	async need(n) {
		await until(`${n} bytes`, () => this.size >= n || this.ended);
		assert.ok(this.size >= n, `the connection ended after ${this.size} of ${n} bytes`);
		const { bytes } = this;
		this.chunks = [bytes.subarray(n)];
		this.size -= n;
		return bytes.subarray(0, n);
	}

	async head() {
		await until("a head", () => this.bytes.includes("\r\n\r\n") || this.ended);
		const end = this.bytes.indexOf("\r\n\r\n");
		assert.ok(end > 0, `no head: ${JSON.stringify(this.bytes.toString("latin1"))}`);
		const lines = (await this.need(end + 4)).toString("latin1").trimEnd().split("\r\n");
		const status = /^HTTP\/1\.1 (\d{3}) \S/.exec(lines[0]);
		assert.ok(status, lines[0]);
		const fields = {};
		for (const line of lines.slice(1)) {
			const [, name, value] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? assert.fail(line);
			assert.ok(!(name.toLowerCase() in fields), `${name} twice`);
			fields[name.toLowerCase()] = value;
		}
		return { status: Number(status[1]), fields };
	}

	async answer(method = "GET") {
		const answer = await this.head();
		const bodiless = method === "HEAD" || answer.status === 304;
		const length = bodiless ? 0 : Number(answer.fields["content-length"]);
		assert.ok(Number.isInteger(length), "a length");
		answer.body = await this.need(length);
		return answer;
	}

	close() {
		this.socket.destroy();
	}
}

const request = (target, { method = "GET", fields = {}, version = "1.1" } = {}) =>
	`${method} ${target} HTTP/${version}\r\nHost: localhost\r\n` +
	Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("") + "\r\n";

async function ask(port, target, options = {}) {
	const client = new Client(port);
	try {
		client.send(request(target, options));
		return await client.answer(options.method);
	} finally {
		client.close();
	}
}

const get = (target, fields) => ask(server.port, target, { fields });

/* ---- the files ---- */

before(async () => {
	top = await mkdtemp(path.join(os.tmpdir(), "websplice-static-"));
	await chmod(top, 0o755);
	web = path.join(top, "root");
	await mkdir(path.join(web, "sub dir"), { recursive: true });
	await mkdir(path.join(web, "node_modules/@novnc/core"), { recursive: true });
	await mkdir(path.join(web, ".git"));
	await writeFile(path.join(top, "secret.txt"), "secret");
	await writeFile(path.join(web, ".git/config"), "secret");
	await writeFile(path.join(web, "a.txt"), "0123456789");
	await utimes(path.join(web, "a.txt"), TIME, TIME);
	await writeFile(path.join(web, "vnc.html"), "<p>viewer");
	await writeFile(path.join(web, "node_modules/@novnc/core/rfb.js"), "export default 1;");
	await writeFile(path.join(web, "sub dir/x.css"), "p {}");
	await writeFile(path.join(web, "big"), big);
	await writeFile(path.join(web, "packed.js"), "let plain = 1;".repeat(100));
	await writeFile(path.join(web, "packed.js.gz"), gzipSync("let plain = 1;".repeat(100)));
	await symlink("../secret.txt", path.join(web, "up"));
	await symlink(path.join(top, "secret.txt"), path.join(web, "out"));
	await symlink("a.txt", path.join(web, "in"));
	await symlink("/proc/self/root", path.join(web, "proc"));
	assert.equal(spawnSync("mkfifo", [path.join(web, "fifo")]).status, 0);
	server = await start(["--web", web, "--testcard"]);
});

after(async () => {
	await server.stop();
	assert.equal(server.child.exitCode, 0, server.said);
	await rm(top, { recursive: true });
});

/* ---- what is served, and what is not ---- */

test("paths: files by their name, nothing else by any other", async () => {
	const rows = [
		["/a.txt", 200], ["/a.txt?b=../../secret.txt", 200], ["/%61%2Etxt", 200], ["/./a.txt", 200],
		["/in", 200], ["/sub%20dir/x.css", 200], ["/node_modules/@novnc/core/rfb.js", 200],
		["/../secret.txt", 400], ["/%2e%2e/secret.txt", 400], ["/%2e%2e%2fsecret.txt", 400],
		["/..%2Fsecret.txt", 400], ["/sub%20dir/../../secret.txt", 400], ["/..", 400],
		["/%252e%252e/secret.txt", 404], ["/%252e%252e%252fsecret.txt", 404], ["/....//secret.txt", 404],
		["/..%5csecret.txt", 400], ["/..\\secret.txt", 400], ["/%c0%ae%c0%ae/secret.txt", 400],
		["/a.txt%00", 400], ["/a.txt%00.html", 400], ["/%0d%0aX-Bad:%201", 400], ["/%", 400], ["/%zz", 400],
		["//a.txt", 400], ["//evil.example/%2f..", 400], ["/up", 404], ["/out", 404],
		["/proc/etc/passwd", 404], ["/.git/config", 404], ["/%2egit/config", 404], ["/.git/", 404],
		["/fifo", 404], ["/missing", 404], ["/a.txt/", 404], ["/a.txt/b", 404],
		[`/${"n".repeat(300)}`, 404], [`/${"n/".repeat(2500)}`, 404],
	];
	for (const [target, status] of rows) {
		const answer = await get(target);
		assert.equal(answer.status, status, target);
		assert.ok(!answer.body.includes("secret"), target);
		assert.ok(!("x-bad" in answer.fields), target);
		assert.equal(answer.fields["x-content-type-options"], "nosniff", target);
	}
});

test("a FIFO holds up nobody, however often it is asked for", async () => {
	const waiting = await Promise.all(Array.from({ length: 32 }, () => get("/fifo")));
	assert.ok(waiting.every((answer) => answer.status === 404));
	assert.equal((await get("/a.txt")).status, 200);
});

test("what cannot be read is not there", async (t) => {
	await mkdir(path.join(web, "locked"));
	await writeFile(path.join(web, "locked/a.txt"), "secret");
	await writeFile(path.join(web, "locked.txt"), "secret");
	await chmod(path.join(web, "locked.txt"), 0);
	await chmod(path.join(web, "locked"), 0);
	t.after(async () => {
		await chmod(path.join(web, "locked"), 0o755);
		await rm(path.join(web, "locked"), { recursive: true });
		await rm(path.join(web, "locked.txt"));
	});
	/* root may read everything: then somebody else must try, with a copy he can reach */
	const root = process.getuid() === 0;
	const program = path.join(top, "websplice");
	await copyFile(WEBSPLICE, program);
	await chmod(program, 0o755);
	/* nor may he read our tree, if that is below /root, say */
	const known = path.join(top, "tsan.supp");
	await copyFile(path.join(ROOT, "tests/tsan.supp"), known);
	const env = { ...process.env, TSAN_OPTIONS: (process.env.TSAN_OPTIONS ?? "").replace(/suppressions='[^']*'/, `suppressions='${known}'`) };
	const nobody = await start(["--web", web, "--dir-listing", "--testcard"], t,
		{ program, cwd: "/", env, ...(root ? { uid: 65534, gid: 65534 } : {}) });
	for (const target of ["/locked.txt", "/locked/a.txt", "/locked/"])
		assert.equal((await ask(nobody.port, target)).status, 404, target);
	assert.equal((await ask(nobody.port, "/a.txt")).status, 200);
});

test("fields of a file", async () => {
	const { status, fields, body } = await get("/a.txt");
	assert.equal(status, 200);
	assert.equal(body.toString(), "0123456789");
	assert.equal(fields["content-type"], "text/plain; charset=utf-8");
	assert.equal(fields["last-modified"], TIME_TEXT);
	assert.match(fields.etag, /^"[^"]+"$/);
	assert.equal(fields["cache-control"], "no-cache");
	assert.ok(Math.abs(Date.parse(fields.date) - Date.now()) < 60000);
	const script = await get("/node_modules/@novnc/core/rfb.js");
	assert.equal(script.fields["content-type"], "text/javascript; charset=utf-8");
	const page = await get("/vnc.html");
	assert.match(page.fields["content-security-policy"], /object-src 'none'/);
	assert.equal(page.fields["referrer-policy"], "no-referrer");
});

test("HEAD: the same fields, no body, and the connection goes on", async () => {
	const client = new Client(server.port);
	for (const target of ["/a.txt", "/missing", "/sub%20dir", "/"]) {
		client.send(request(target, { method: "HEAD" }));
		const head = await client.answer("HEAD");
		client.send(request(target));
		const full = await client.answer();
		delete head.fields.date;
		delete full.fields.date;
		assert.deepEqual([head.status, head.fields], [full.status, full.fields], target);
	}
	client.close();
});

test("other methods: 405 with what is allowed", async () => {
	for (const method of ["DELETE", "OPTIONS", "PROPFIND"]) {
		const answer = await ask(server.port, "/a.txt", { method });
		assert.equal(answer.status, 405, method);
		assert.match(answer.fields.allow, /GET/);
	}
});

test("conditions", async () => {
	const { etag } = (await get("/a.txt")).fields;
	const rows = [
		[{ "If-None-Match": etag }, 304], [{ "If-None-Match": `W/${etag}` }, 304],
		[{ "If-None-Match": `"x", ${etag}` }, 304], [{ "If-None-Match": "*" }, 304],
		[{ "If-None-Match": "\"x\"" }, 200], [{ "If-Modified-Since": TIME_TEXT }, 304],
		[{ "If-Modified-Since": "Thu, 29 Feb 2024 11:59:59 GMT" }, 200],
		[{ "If-None-Match": "\"x\"", "If-Modified-Since": TIME_TEXT }, 200],
	];
	for (const [fields, status] of rows) {
		const answer = await get("/a.txt", fields);
		assert.equal(answer.status, status, JSON.stringify(fields));
		assert.equal(answer.fields.etag, etag);
		assert.equal(answer.body.toString(), status === 304 ? "" : "0123456789");
	}
});

test("ranges", async () => {
	const { etag } = (await get("/a.txt")).fields;
	const rows = [
		[{ Range: "bytes=2-4" }, 206, "bytes 2-4/10", "234"],
		[{ Range: "bytes=7-" }, 206, "bytes 7-9/10", "789"],
		[{ Range: "bytes=-2" }, 206, "bytes 8-9/10", "89"],
		[{ Range: "bytes=2-4", "If-Range": etag }, 206, "bytes 2-4/10", "234"],
		[{ Range: "bytes=2-4", "If-Range": "\"x\"" }, 200, undefined, "0123456789"],
		[{ Range: "bytes=2-4", "If-Range": TIME_TEXT }, 206, "bytes 2-4/10", "234"],
		[{ Range: "bytes=0-1,3-4" }, 200, undefined, "0123456789"],
		[{ Range: "bytes=10-" }, 416, "bytes */10", undefined],
		[{ Range: "bytes=99999999999999999999999-" }, 416, "bytes */10", undefined],
	];
	for (const [fields, status, range, body] of rows) {
		const answer = await get("/a.txt", fields);
		assert.equal(answer.status, status, JSON.stringify(fields));
		assert.equal(answer.fields["content-range"], range);
		if (body !== undefined)
			assert.equal(answer.body.toString(), body);
	}
	const from = 3 * 65536 - 7, to = 5 * 65536 + 7;
	const part = await get("/big", { Range: `bytes=${from}-${to}` });
	assert.equal(sum(part.body), sum(big.subarray(from, to + 1)));
});

test("a compressed sibling, for those who take it", async () => {
	const plain = await get("/packed.js");
	for (const [accept, packed] of [["gzip", true], ["br, gzip;q=0.5", true], ["gzip;q=0", false],
		["identity", false]]) {
		const answer = await get("/packed.js", { "Accept-Encoding": accept });
		assert.equal(answer.fields["content-encoding"], packed ? "gzip" : undefined, accept);
		assert.equal(answer.fields.vary, "Accept-Encoding");
		assert.equal(answer.fields["content-type"], "text/javascript; charset=utf-8");
		assert.equal(answer.fields.etag === plain.fields.etag, !packed);
		assert.deepEqual(packed ? gunzipSync(answer.body) : answer.body, plain.body);
	}
	const part = await get("/packed.js", { "Accept-Encoding": "gzip", "Range": "bytes=0-8" });
	assert.equal(part.body.toString(), "let plain");
	assert.equal(part.fields["content-encoding"], undefined);
});

test("folders: redirects stay here, the root leads to the viewer", async () => {
	const rows = [
		["/sub%20dir", 301, "./sub%20dir/"], ["/sub%20dir?a=b&c", 301, "./sub%20dir/?a=b&c"],
		["/node_modules//@novnc", 301, "./%40novnc/"],
		["/node_modules?x=//evil.example", 301, "./node_modules/?x=//evil.example"],
		["/", 302, "vnc.html"], ["/?autoconnect=1", 302, "vnc.html?autoconnect=1"],
	];
	for (const [target, status, location] of rows) {
		const answer = await get(target);
		assert.equal(answer.status, status, target);
		assert.equal(answer.fields.location, location);
	}
	const folder = await get("/sub%20dir/");
	assert.equal(folder.status, 404);
	assert.ok(!folder.body.includes("x.css"));
});

test("--dir-listing", async (t) => {
	const listing = await start(["--web", web, "--dir-listing", "--testcard"], t);
	await writeFile(path.join(web, "sub dir/<b>&.txt"), "");
	t.after(() => rm(path.join(web, "sub dir/<b>&.txt")));
	const root = await ask(listing.port, "/");
	assert.equal(root.status, 200);
	assert.match(root.body.toString(), /href="sub%20dir\/">sub dir\//);
	assert.match(root.body.toString(), /href="a.txt">a.txt<\/a><span>10 B/);
	assert.ok(!/secret|fifo|"up"|"out"/.test(root.body));
	const inner = (await ask(listing.port, "/sub%20dir/")).body.toString();
	assert.match(inner, /href="%3Cb%3E%26.txt">&lt;b&gt;&amp;.txt</);
	assert.ok(!inner.includes("<b>"));
	const quiet = await start(["--web", web, "--file-only", "--testcard"], t);
	assert.equal((await ask(quiet.port, "/sub%20dir/")).status, 404);
});

test("several requests at once on one connection, in order", async () => {
	const client = new Client(server.port);
	const targets = ["/a.txt", "/big", "/missing", "/a.txt", "/packed.js", "/big", "/a.txt"];
	client.send(targets.map((target) => request(target)).join(""));
	for (const target of targets) {
		const answer = await client.answer();
		assert.equal(answer.status, target === "/missing" ? 404 : 200);
		if (target === "/big")
			assert.equal(sum(answer.body), sum(big));
	}
	client.send(request("/a.txt", { fields: { Connection: "close" } }));
	assert.equal((await client.answer()).fields.connection, "close");
	await until("the end", () => client.ended);
});

test("many downloads at once are exact", { timeout: 120000 }, async () => {
	const answers = await Promise.all(Array.from({ length: 20 }, () => get("/big")));
	for (const { body } of answers)
		assert.equal(sum(body), sum(big));
});

/* ---- files and clients that change their mind ---- */

/* A file of `size` bytes that goes with the test. */
async function changing(t, size) {
	const file = path.join(web, "changing");
	await writeFile(file, Buffer.alloc(size, "x"));
	t.after(() => rm(file));
	return file;
}

/* Asks for it and takes no more than arrives by itself. */
async function stalled(t, size) {
	const client = new Client(server.port);
	t.after(() => client.close());
	client.send(request("/changing"));
	const { fields } = await client.head();
	client.socket.pause();
	assert.equal(Number(fields["content-length"]), size);
	return client;
}

test("a file that is cut short ends the connection, not the truth", async (t) => {
	const size = OVERFULL + 32 * MIB; /* some arrives before the client stops reading */
	const file = await changing(t, size);
	const client = await stalled(t, size);
	await truncate(file, MIB);
	client.socket.resume();
	await until("the end", () => client.ended);
	assert.ok(client.size < size);
	assert.ok(client.bytes.every((byte) => byte === 0x78));
	assert.equal((await get("/a.txt")).status, 200);
});

test("of a file that grows, what was promised", async (t) => {
	const size = 8 * MIB;
	const file = await changing(t, size);
	const client = await stalled(t, size);
	await appendFile(file, "y".repeat(100000));
	client.socket.resume();
	const body = await client.need(size);
	assert.ok(body.every((byte) => byte === 0x78));
	client.send(request("/a.txt"));
	assert.equal((await client.answer()).body.toString(), "0123456789");
});

test("clients that leave in the middle leave nothing open", async (t) => {
	const size = OVERFULL + 32 * MIB;
	const file = await changing(t, size);
	const fds = `/proc/${server.child.pid}/fd`;
	const open = async () => {
		const names = await Promise.all((await readdir(fds)).map((fd) => readlink(path.join(fds, fd)).catch(() => "")));
		return names.filter((name) => name === file).length;
	};
	const clients = await Promise.all(Array.from({ length: 10 }, () => stalled(t, size)));
	assert.equal(await open(), 10);
	for (const client of clients)
		client.close();
	await until("all is closed again", async () => await open() === 0);
});

/* ---- beside the proxy ---- */

test("any path is an endpoint, even a file's", async () => {
	const ws = new WebSocket(`ws://127.0.0.1:${server.port}/a.txt`, ["binary"]);
	const [first] = await once(ws, "message");
	assert.equal(first.toString(), "RFB 003.008\n");
	ws.terminate();
});

test("without --web there are no files, and it says so", async (t) => {
	const plain = await start(["--testcard"], t);
	for (const target of ["/", "/a.txt", "/../secret.txt"]) {
		const answer = await ask(plain.port, target);
		assert.equal(answer.status, 404);
		assert.match(answer.body.toString(), /WebSocket/);
	}
});

test("a web root that is none ends the start with a reason", () => {
	for (const root of [path.join(top, "missing"), path.join(web, "a.txt")]) {
		const run = spawnSync(WEBSPLICE, ["--web", root, "--testcard", "127.0.0.1:0"],
			{ encoding: "utf8", timeout: DEADLINE_MS });
		assert.equal(run.status, 1);
		assert.ok(run.stderr.includes(root), run.stderr);
		assert.ok(!run.stderr.includes("listening"));
	}
});

test("Debian's noVNC", async (t) => {
	assert.ok(existsSync(`${NOVNC}/vnc.html`), "Debian's package novnc is missing: scripts/setup.sh test");
	const novnc = await start(["--web", NOVNC, "--testcard"], t);
	const root = await ask(novnc.port, "/");
	assert.equal(root.status, 302);
	const page = await ask(novnc.port, `/${root.fields.location}`);
	assert.equal(page.status, 200);
	const sources = [...page.body.toString().matchAll(/(?:src|href)="(app\/[^"]+)"/g)].map(([, name]) => name);
	assert.ok(sources.length > 3);
	for (const name of [...sources, "core/rfb.js", "vnc_lite.html", "vnc_auto.html"])
		assert.equal((await ask(novnc.port, `/${name}`)).status, 200, name);
	/* its pages begin with scripts of their own */
	assert.match(page.fields["content-security-policy"], /script-src 'self' 'unsafe-inline'/);
});
