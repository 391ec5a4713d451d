/* What README, the manual page, --help and certs/README.md tell people to type does what they say; a backend that
 * moves while the server runs.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { describe } from "node:test";
import { echo, folder } from "./lib/backends.mjs";
import * as certs from "./lib/certs.mjs";
import { RawWs } from "./lib/rawws.mjs";
import { shake } from "./lib/secure.mjs";
import { ROOT, run, start, tool } from "./lib/server.mjs";
import { wrap } from "./lib/wrapped.mjs";

const text = (name) => readFileSync(path.join(ROOT, name), "utf8");
const hello = async (ws) => {
	ws.send("hello");
	assert.equal((await ws.data(5)).toString(), "hello");
};

/* What is to be typed: the sh blocks of README, .EX to .EE in the manual page, the examples of --help. */
const blocks = (from, pattern) => [...from.matchAll(pattern)].map(([, block]) => block).join("\n");
const commands = (from) => from.replace(/ \\\n */g, " ").split("\n").map((line) => line.replace(/ #.*/, "").replaceAll("\\-", "-").trim())
	.filter((line) => /^(websplice|certs\/make-certs\.sh) /.test(line));

/* The name that certs/README.md has certificates made for. */
const NAME = "vnc.example";
certs.server("told", [NAME]);

describe("commands that people are told to type", { concurrency: 4 }, () => {
	for (const [where, least, read] of [
		["README.md", 4, async () => blocks(text("README.md"), /^```sh\n([^]*?)^```/gm)],
		["websplice(1)", 3, async () => blocks(text("docs/websplice.1"), /^\.EX\n([^]*?)^\.EE/gm)],
		["--help", 3, async () => blocks((await run(["--help"])).out, /^Examples:\n([^]*?)\n\n/gm)],
		["certs/README.md", 6, async () => blocks(text("certs/README.md"), /^```sh\n([^]*?)^```/gm)],
	])
		test(where, async (t) => {
			const found = commands(await read());
			assert.ok(found.length >= least, `${found.length} commands: ${found}`);
			const dir = place(t);
			for (const line of found)
				await obeyed(t, dir, line);
		});
});

/* The folder they are typed in, one after the other, and the files they speak of. */
function place(t) {
	const dir = folder(t), live = path.join(dir, "etc/letsencrypt/live", NAME);
	for (const name of ["novnc", "certs", ".local/state", live])
		mkdirSync(path.resolve(dir, name), { recursive: true });
	symlinkSync(path.join(ROOT, "web"), path.join(dir, "web"));
	symlinkSync(path.join(ROOT, "certs/make-certs.sh"), path.join(dir, "certs/make-certs.sh"));
	for (const where of [dir, live])
		for (const [name, real] of [["cert", "told"], ["fullchain", "told"], ["a", "told"], ["b", "told"],
			["key", "told-key"], ["privkey", "told-key"], ["a-key", "told-key"], ["b-key", "told-key"]])
			symlinkSync(certs.file(real), path.join(where, `${name}.pem`));
	return dir;
}

/* With a command behind it: an echo in its place, which listens where that would. The commands
 * themselves run in wrap_programs.test.mjs. */
async function obeyedWrapped(t, line) {
	const dir = folder(t), socket = path.join(dir, "s");
	const [options, command] = line.split(" -- ").map((words) => words.split(/ +/));
	assert.match(options.pop(), /^\d+$/, line);
	const at = options.some((word) => word.startsWith("--unix-target=")) ? `UNIX-LISTEN:${socket}`
		: command.some((word) => word.includes("{port}")) ? "TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr" : "TCP-LISTEN:{PORT},reuseaddr";
	const server = await wrap(t, options.slice(1).map((word) => word.replace(/(--unix-target=).*/, `$1${socket}`)),
		["socat", `${at},fork`, "EXEC:cat"]);
	const ws = await RawWs.open(t, server.port);
	await hello(ws);
	ws.destroy();
	await server.stop();
}

/* A client that trusts both authorities, this file's and the one that was made in the folder; what is made
 * for the occasion it knows by the fingerprint that is printed. Gives it in tls.connect's words. */
async function trusting(t, server, dir, words) {
	const own = (name) => path.join(dir, "certs", `${name}.pem`);
	const ca = [certs.bytes("ca"), ...existsSync(own("ca")) ? [readFileSync(own("ca"))] : []];
	if (words.includes("--self-signed")) {
		const { socket, error } = await shake(t, server, { rejectUnauthorized: false });
		assert.ifError(error);
		assert.ok(server.said.includes(socket.getPeerX509Certificate().fingerprint256), server.said);
		return { rejectUnauthorized: false };
	}
	if (!words.includes("--verify-client"))
		return { ca, servername: NAME };
	const { error } = await shake(t, server, { ca, servername: NAME });
	assert.ok(error, "a client without a certificate was let in");
	return { ca, servername: NAME, cert: readFileSync(own("client")), key: readFileSync(own("client-key")) };
}

/* The ways in that the words leave open: over TLS, without, or both. */
async function ways(t, server, dir, words) {
	const socket = words.find((word) => word.startsWith("--unix-listen="));
	const plain = socket ? { path: socket.replace(/.*=/, "") } : { port: server.port, host: "127.0.0.1" };
	if (!words.some((word) => /^--(cert|key|self-signed)\b/.test(word)))
		return [plain];
	const tls = { ...plain, tls: await trusting(t, server, dir, words) };
	return words.includes("--ssl-only") ? [tls] : [tls, plain];
}

/* Starts it as it stands, but on a port and in folders of the test's own, with a backend of its
 * own, and uses it. */
async function obeyed(t, dir, line) {
	if (line.startsWith("certs/")) {
		execFileSync("sh", ["-c", line], { cwd: dir, stdio: "pipe" });
		return;
	}
	if (line.includes(" -- ")) {
		await obeyedWrapped(t, line);
		return;
	}
	const tcp = await echo(t), unix = await echo(t, { unix: true });
	const words = line.split(/ +/).slice(1).map((word) => word
		.replace(/^((?:127\.0\.0\.1:)?)(?:6080|443)$/, "$10")
		.replace(/^(localhost|desktop\.example):(?:59\d\d|23)$/, tcp.at)
		.replace(/^~(?=\/)/, dir)
		.replace(/^(?=\/etc\/letsencrypt\/)/, dir)
		.replace(/(--unix-target=).*/, `$1${unix.path}`)
		.replace(/(--unix-listen=).*/, `$1${path.join(dir, "s")}`)
		.replace("/usr/share/novnc", path.join(dir, "novnc")));
	const server = await start(t, words, { cwd: dir });
	for (const way of await ways(t, server, dir, words)) {
		const ws = await RawWs.open(t, way);
		if (words.includes("--testcard"))
			assert.equal((await ws.data(12)).toString(), "RFB 003.008\n", line);
		else
			await hello(ws);
		ws.destroy();
	}
	await server.stop();
}

test("README: its two commands, its make targets and its files are there", async () => {
	const readme = text("README.md");
	assert.match(readme, /^\.\/scripts\/launch\.sh .*\nmake check /m);
	const targets = new Set([...readme.matchAll(/`make ([a-z_]+)/g)].map(([, name]) => name));
	assert.ok(targets.size >= 4);
	for (const name of targets)
		assert.match(text("Makefile"), new RegExp(`^(\\.PHONY:.*\\b${name}\\b|${name}\\b[^=\\n]*:|[a-z ]*\\b${name}\\b[a-z ]*:)`, "m"), `make ${name}`);
	for (const [, name] of [...readme.matchAll(/\]\((?!http)([^)#]+)\)/g), ...readme.matchAll(/`((?:tests|src|docs|include|web)\/[\w./-]+)`/g)])
		assert.ok(existsSync(path.join(ROOT, name)), name);
	assert.doesNotMatch(readme, /^[A-Z]{6,}$/m, "a placeholder");
});

test("the license is MIT's, and the style files are there", async () => {
	assert.match(text("LICENSE"), /^MIT License\n\nCopyright \(c\) \d{4} /);
	assert.match(text("README.md"), /^MIT license, see \[LICENSE\]\(LICENSE\)/m);
	for (const name of [".clang-format", ".editorconfig"])
		assert.ok(text(name).length > 100, name);
});

test("docs/architecture.md names every folder of src/", async () => {
	const told = text("docs/architecture.md");
	for (const name of execFileSync("ls", [path.join(ROOT, "src")], { encoding: "utf8" }).split("\n").filter(Boolean))
		assert.match(told, new RegExp(`^\\| \`${name}\` \\|`, "m"), name);
	for (const [, name] of told.matchAll(/`((?:tests|src|docs|include)\/[\w/]+)[\w.]*`/g))
		assert.ok(execFileSync("sh", ["-c", 'ls -d "$1"*', "sh", path.join(ROOT, name)]).length, name);
});

test("the backend's name is looked up for each session: one that moves is found", async (t) => {
	const dir = folder(t);
	const first = await echo(t), there = path.join(dir, "moved");
	const second = await echo(t, { host: "127.0.0.2", port: first.port });
	const server = await start(t, ["127.0.0.1:0", `moves.test:${first.port}`],
		{ env: { LD_PRELOAD: tool("preload_names"), TEST_NAMES: "moves.test=127.0.0.1", TEST_NAMES_MOVED: "moves.test=127.0.0.2", TEST_MOVED: there } });
	await hello(await RawWs.open(t, server.port));
	assert.deepEqual([first.all.length, second.all.length], [1, 0]);
	writeFileSync(there, "");
	await hello(await RawWs.open(t, server.port));
	assert.deepEqual([first.all.length, second.all.length], [1, 1]);
});
