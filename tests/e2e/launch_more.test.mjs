/* scripts/launch.sh, what the other file leaves open: that it builds, what it hands to websplice,
 * that it waits, that it opens nothing, where it looks for a VNC server, and Ctrl-C in a terminal.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { describe } from "node:test";
import { deadPort, folder } from "./lib/backends.mjs";
import { network } from "./lib/netns.mjs";
import { proc } from "./lib/proc.mjs";
import { BIN, ROOT } from "./lib/server.mjs";
import { later, until } from "./lib/wait.mjs";

const program = (file, text) => {
	writeFileSync(file, text);
	chmodSync(file, 0o755);
};

/* Starts a program; `said` is all it prints. It is asked to end, and waited for, with the test. */
function begin(t, words, { env = {}, stdin = "ignore" } = {}) {
	const child = spawn(words[0], words.slice(1), { env: { ...process.env, ...env }, stdio: [stdin, "pipe", "pipe"] });
	const run = { child, said: "", over: false, code: null };
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text) => { run.said += text; });
	const closed = once(child, "close").then(([code]) => { run.over = true; run.code = code; });
	later(t, async () => {
		child.kill("SIGTERM");
		await closed;
	});
	return run;
}

const launched = (run) => until(() => `the address is told; it said:\n${run.said}`, () => {
	const url = /^ +(http:\S+\/vnc\.html)/m.exec(run.said)?.[1];
	assert.ok(url || !run.over, `ended (${run.code}) before it told the address:\n${run.said}`);
	return url;
});

const ended = async (run) => {
	await until(() => `it ends; it said:\n${run.said}`, () => run.over);
	return run.code;
};

/* A tree with scripts and pages, as a clone has, but nothing built. */
function clone(t) {
	const root = path.join(folder(t), "a clone");
	mkdirSync(root);
	cpSync(path.join(ROOT, "scripts"), path.join(root, "scripts"), { recursive: true });
	for (const name of [".deps", "src", "web"].filter((name) => existsSync(path.join(ROOT, name))))
		symlinkSync(path.join(ROOT, name), path.join(root, name));
	return root;
}

test("builds what is not built, with make, and starts that", async (t) => {
	const root = clone(t);
	const bin = folder(t);
	/* make is asked to build the tree of the script, wherever it is called from */
	program(path.join(bin, "make"), `#!/bin/sh\n[ "$1 $2 $3" = "-s -C ${root}" ] && [ $# = 3 ] || exit 9\n`
		+ `mkdir -p "$3/build" && cp '${BIN}' "$3/build/websplice"\n`);
	const port = await deadPort();
	const run = begin(t, [path.join(root, "scripts/launch.sh"), "--testcard", "--listen", `127.0.0.1:${port}`],
		{ env: { WEBSPLICE: "", PATH: `${bin}:${process.env.PATH}` } });
	const url = await launched(run);
	assert.equal((await fetch(url)).status, 200);
	assert.ok(existsSync(path.join(root, "build/websplice")));
});

test("a build that fails is told, and nothing is started", async (t) => {
	const root = clone(t);
	const bin = folder(t);
	program(path.join(bin, "make"), "#!/bin/sh\necho 'no such luck' >&2\nexit 2\n");
	const run = begin(t, [path.join(root, "scripts/launch.sh"), "--testcard", "--listen", `127.0.0.1:${await deadPort()}`],
		{ env: { WEBSPLICE: "", PATH: `${bin}:${process.env.PATH}` } });
	assert.equal(await ended(run), 1);
	assert.match(run.said, /no such luck\nlaunch\.sh: the build failed\n$/);
});

test("a set-up that fails is told, and nothing is built", async (t) => {
	const root = clone(t);
	const bin = folder(t);
	program(path.join(root, "scripts/setup.sh"), "#!/bin/sh\necho 'setup: could not' >&2\n[ \"$*\" = run ] && exit 1\n");
	program(path.join(bin, "make"), `#!/bin/sh\n: >'${bin}/made'\n`);
	const run = begin(t, [path.join(root, "scripts/launch.sh"), "--testcard", "--listen", `127.0.0.1:${await deadPort()}`],
		{ env: { WEBSPLICE: "", PATH: `${bin}:${process.env.PATH}` } });
	assert.equal(await ended(run), 1);
	assert.equal(run.said, "setup: could not\n");
	assert.equal(existsSync(path.join(bin, "made")), false);
});

test("noVNC's options reach websplice as they were given, blanks and quotes too", async (t) => {
	const dir = folder(t);
	const web = path.join(dir, "it's my web");
	mkdirSync(web);
	writeFileSync(path.join(web, "vnc.html"), "");
	program(path.join(dir, "stand-in"), `#!/bin/sh\nprintf '%s\\n' "$@" >'${dir}/words'\nexit 7\n`);
	const odd = `a 'b' "c" $HOME \\d`;
	const port = await deadPort();
	const run = begin(t, [path.join(ROOT, "scripts/launch.sh"), "--listen", `127.0.0.1:${port}`, "--vnc", "desk.example:5901",
		"--cert", odd, "--key", "k", `--web=${web}`, "--ssl-only", "--file-only", "--record", "r", "--syslog", "s",
		"--heartbeat", "30", "--idle-timeout", "60", "--timeout", "90", "--web-auth", "--auth-plugin", "p",
		"--auth-source", `u:${odd}`], { env: { WEBSPLICE: path.join(dir, "stand-in") } });
	assert.equal(await ended(run), 1);
	assert.match(run.said, /websplice ended with exit code 7/);
	assert.deepEqual(readFileSync(path.join(dir, "words"), "utf8").trimEnd().split("\n"), ["--web", web, "--cert", odd, "--key", "k",
		"--ssl-only", "--file-only", "--record", "r", "--syslog", "s", "--heartbeat", "30", "--idle-timeout", "60",
		"--timeout", "90", "--web-auth", "--auth-plugin", "p", "--auth-source", `u:${odd}`, `127.0.0.1:${port}`, "desk.example:5901"]);
});

test("the address is told when it answers, not before, and no program is started to open it", async (t) => {
	const dir = folder(t);
	program(path.join(dir, "slow"), `#!/bin/sh\nwhile [ ! -e '${dir}/go' ]; do sleep 0.05; done\nexec '${BIN}' "$@"\n`);
	for (const name of ["xdg-open", "open", "sensible-browser", "x-www-browser", "firefox", "chromium", "google-chrome"])
		program(path.join(dir, name), `#!/bin/sh\n: >'${dir}/opened'\n`);
	const run = begin(t, [path.join(ROOT, "scripts/launch.sh"), "--testcard", "--listen", `127.0.0.1:${await deadPort()}`],
		{ env: { WEBSPLICE: path.join(dir, "slow"), PATH: `${dir}:${process.env.PATH}`, DISPLAY: ":0", BROWSER: "firefox" } });
	/* it waits: the prober is there, and in the meantime nothing is said */
	await until("it waits for an answer", () => waits(run.child.pid));
	assert.doesNotMatch(run.said, /http/);
	writeFileSync(path.join(dir, "go"), "");
	const url = await launched(run);
	assert.equal((await fetch(url)).status, 200);
	run.child.kill("SIGTERM");
	await ended(run);
	assert.equal(existsSync(path.join(dir, "opened")), false);
});

/* A child of the launcher is the prober that waits for the proxy. */
const waits = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean)
	.some((child) => {
		try {
			return readFileSync(`/proc/${child}/cmdline`, "utf8").includes("probe.mjs\0http\0");
		} catch {
			return false; /* just gone */
		}
	});

/* Greets as a VNC server does, at each [ADDRESS]:PORT it is given. */
const GREETERS = `
	const net = require("net");
	for (const at of process.argv.slice(1)) {
		const [, host, port] = /^\\[?(.*?)\\]?:(\\d+)$/.exec(at);
		net.createServer((socket) => socket.on("error", () => {}).end("RFB 003.008\\n")).listen(port, host, () => console.log("at " + at + ";"));
	}
	process.stdin.resume().on("end", () => process.exit());`;

/* What runs at the ports of a host where nothing else does, and which of it is the desktop. */
const SERVERS = [
	["the lowest port", ["127.0.0.1:5900"], "127.0.0.1:5900"],
	["the highest port", ["127.0.0.1:5909"], "127.0.0.1:5909"],
	["the lowest port of IPv6 alone", ["[::1]:5900"], "[::1]:5900"],
	["the highest port of IPv6 alone", ["[::1]:5909"], "[::1]:5909"],
	["the first of several", ["127.0.0.1:5907", "[::1]:5904", "127.0.0.1:5905"], "[::1]:5904"],
	["ports just beside", ["127.0.0.1:5899", "127.0.0.1:5910", "[::1]:5899", "[::1]:5910"], "testcard"],
];

describe("without --vnc it looks on localhost:5900 to 5909, on IPv4 and IPv6", () => {
	for (const [name, servers, found] of SERVERS)
		test(`${name}: ${servers.join(", ")}`, async (t) => {
			const net = await network(t);
			if (!net)
				return;
			const greeters = proc(t, net.inside.argv([process.execPath, "-e", GREETERS, ...servers]));
			for (const at of servers)
				await until(() => `a server at ${at}; ${greeters.err}`, () => greeters.out.includes(`at ${at};`));
			const run = begin(t, net.inside.argv([path.join(ROOT, "scripts/launch.sh"), "--listen", "127.0.0.1:6080"]),
				{ env: { WEBSPLICE: BIN } });
			await launched(run);
			assert.ok(run.said.includes(`backend=${found}`), run.said);
			assert.match(run.said, found === "testcard" ? /^No VNC server on localhost:5900 to 5909: showing the test card/m
				: /^Found a VNC server on /m);
		});
});

test("Ctrl-C in a terminal ends everything, and the proxy hears of it once", async (t) => {
	const dir = folder(t);
	const port = await deadPort();
	copyFileSync(BIN, path.join(dir, "websplice"));
	const run = begin(t, ["script", "-qec", `'${ROOT}/scripts/launch.sh' --testcard --listen 127.0.0.1:${port}`, path.join(dir, "typed")],
		{ env: { WEBSPLICE: path.join(dir, "websplice") }, stdin: "pipe" });
	await launched(run);
	run.child.stdin.write("\x03");
	assert.equal(await ended(run), 130);
	assert.match(run.said, /shutting down/);
	assert.doesNotMatch(run.said, /ending now/);
	await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
});
