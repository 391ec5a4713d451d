/* variants: asan tsan */
/* The command behind --: modes, waiting, what is said when it cannot work, and everything it is to
 * work together with. Real programs are in wrap_programs.test.mjs, the network in wrap_net.test.mjs.
 */

import assert from "node:assert/strict";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { deadPort, echo, folder } from "./lib/backends.mjs";
import { file, pair } from "./lib/certs.mjs";
import { proc, run as runProc } from "./lib/proc.mjs";
import { RawWs } from "./lib/rawws.mjs";
import { openSecure } from "./lib/secure.mjs";
import { BIN, ROOT, run, tool } from "./lib/server.mjs";
import { SHIM, sanitizer } from "./lib/shim.mjs";
import { SANITIZED, VARIANT, pause, until } from "./lib/wait.mjs";
import { daemon, endLater, gone, greeter, greeting, lives, session, wrap } from "./lib/wrapped.mjs";

const isRoot = process.getuid() === 0;
const sh = (script) => ["sh", "-c", script];
const HELLO = /^hello 127\.0\.0\.1 \d+\n$/;

/* A command line that is over at once: how it ended and what it said. */
async function refused(words, code, options = {}) {
	const server = await run(["127.0.0.1:0", ...words], { ...options, env: { ...sanitizer, ...options.env } });
	assert.equal(server.code, code, server.said);
	assert.match(server.said, /^websplice: [^\n]+\n$/);
	return server.said;
}

/* The same with a port that the command is to bind. */
async function refusedMoved(options, command, code = 1, more = {}) {
	const server = await run([...options, `127.0.0.1:${await deadPort()}`, "--", ...command], { ...more, env: { ...sanitizer, ...more.env } });
	assert.equal(server.code, code, server.said);
	assert.match(server.said, /^websplice: [^\n]+\n$/);
	return server.said;
}

describe("--wrap-mode=exit, the default", () => {
	for (const [script, code] of [["exit 0", 0], ["exit 7", 7], ["exit 255", 255], ["kill -KILL $$", 137], ["kill -TERM $$", 143]]) {
		test(`${script} is exit code ${code} of websplice`, async (t) => {
			const server = await wrap(t, [], sh(script));
			await server.ends(code);
			assert.equal(server.events("command started").length, 1);
		});
	}

	test("sessions end in good order first", async (t) => {
		const back = await echo(t, { unix: true });
		const server = await wrap(t, [`--unix-target=${back.path}`], sh("read line; exit 9"));
		const ws = await RawWs.open(t, server.port);
		ws.send("hello");
		assert.equal((await ws.data(5)).toString(), "hello");
		server.child.stdin.end("now\n");
		assert.equal((await ws.close()).code, 1001);
		ws.bye();
		await server.ends(9);
	});

	test("what it leaves behind in its group goes along", async (t) => {
		const server = await wrap(t, [], sh("sleep 300 & sleep 300 & echo started; read line; exit 4"));
		await server.says(/text=started/);
		const { pid } = await server.event("command started");
		assert.equal(session(Number(pid)).length, 3);
		server.child.stdin.end("now\n");
		await server.ends(4);
		assert.deepEqual(session(Number(pid)).filter(lives), []);
	});

	test("a daemon it leaves behind is named, and so is the mode for those", async (t) => {
		const server = await wrap(t, ["--wrap-mode=exit"], daemon("4"));
		const [, pid, address] = await server.says(/command left a process behind that holds its port; --wrap-mode=ignore.* process=rebind_server pid=(\d+) address=(\S+)/);
		endLater(t, Number(pid));
		assert.match(address, /^127\.0\.0\.1:\d+$/);
		await server.ends(0);
		assert.ok(lives(Number(pid)));
	});
});

test("without a mode, one that goes into the background goes on", async (t) => {
	const server = await wrap(t, [], daemon("4"));
	const [, pid] = await server.says(/command goes on in the background .*process=rebind_server pid=(\d+)/);
	endLater(t, Number(pid));
	for (let i = 0; i < 3; i++)
		assert.match(await greeting(t, server), HELLO);
	await server.stop();
	assert.ok(lives(Number(pid)));
});

test("without a mode, one that ends well and has not listened: exit code 0, and a hint", async (t) => {
	const server = await wrap(t, [], sh("exit 0"));
	await server.ends(0);
	assert.match(server.said, /command ended and has not listened .*--wrap-mode=ignore/);
	const told = await wrap(t, ["--wrap-mode=exit"], sh("exit 0"));
	await told.ends(0);
	assert.doesNotMatch(told.said, /has not listened/);
});

describe("--wrap-mode=ignore", () => {
	test("goes on when the command ends", async (t) => {
		const back = await echo(t, { unix: true });
		const server = await wrap(t, ["--wrap-mode=ignore", `--unix-target=${back.path}`], sh("exit 3"));
		await server.says(/command ended .*exit code 3/);
		const ws = await RawWs.open(t, server.port);
		ws.send("x");
		await ws.data(1);
		await server.stop();
	});

	test("serves a program that went into the background, names it, and leaves it there", async (t) => {
		const server = await wrap(t, ["--wrap-mode=ignore"], daemon("4", "6"));
		const { pid } = await server.event("command is ready");
		endLater(t, Number(pid));
		await server.says(/command ended .*exit code 0/);
		const found = await server.says(/command goes on in the background.* process=rebind_server pid=(\d+) address=127\.0\.0\.1:\d+/);
		assert.equal(found[1], pid);
		for (let i = 0; i < 3; i++)
			assert.match(await greeting(t, server), HELLO);
		await server.stop();
		assert.ok(lives(Number(pid)));
	});
});

describe("--wrap-mode=respawn", () => {
	test("starts it again, three times, then pauses and says so once", async (t) => {
		const server = await wrap(t, ["--wrap-mode=respawn"], sh("exit 1"));
		const [, ms] = await server.says(/command ends too soon: pausing .*ms=(\d+)/);
		assert.ok(Number(ms) <= 10000);
		assert.equal(server.count(/command started/), 3);
		await until(() => `a fourth start:\n${server.said}`, () => server.count(/command started/) >= 4);
		/* when exactly is the policy's own test; here, that it is asked */
		const order = [...server.said.matchAll(/command (started|ends too soon)/g)].map(([, what]) => what);
		assert.deepEqual(order.slice(0, 5), ["started", "started", "started", "ends too soon", "started"]);
		await server.stop();
	});

	test("clients of a program that is killed come back to the next one", async (t) => {
		/* without threads: none of them keeps the socket a moment longer than the process */
		const server = await wrap(t, ["--wrap-mode=respawn"], greeter("4"));
		const seen = new Set();
		for (let i = 1; i <= 3; i++) {
			const { pid } = await server.event("command is ready", i);
			seen.add(pid);
			assert.match(await greeting(t, server), HELLO);
			process.kill(Number(pid), "SIGKILL");
			await gone(Number(pid));
			if (i < 3)
				assert.match(await greeting(t, server), HELLO); /* who comes meanwhile waits */
		}
		assert.equal(seen.size, 3);
		await server.stop();
	});

	test("what is left of its group ends before the next start", async (t) => {
		const server = await wrap(t, ["--wrap-mode=respawn", "--wrap-stop-timeout=0.3"], sh("trap '' TERM; sleep 300 & echo $!; trap - TERM; exit 0"));
		const [, child] = await server.says(/command=sh text=(\d+)/);
		await server.event("command started", 2);
		assert.ok(!lives(Number(child)));
		await server.says(/command did not end in time and is killed/);
		await server.stop();
	});
});

describe("an end of websplice", () => {
	test("is SIGTERM for all of the group", async (t) => {
		const server = await wrap(t, [], sh("sleep 300 & trap 'echo got it; exit 0' TERM; echo up; wait"));
		await server.says(/text=up/);
		const { pid } = await server.event("command started");
		assert.equal(session(Number(pid)).length, 2);
		await server.stop();
		assert.match(server.said, /text="got it"/);
		assert.deepEqual(session(Number(pid)).filter(lives), []);
	});

	test("and SIGKILL for who does not listen", async (t) => {
		const server = await wrap(t, ["--wrap-stop-timeout=0.5"], sh("trap '' TERM; echo up; sleep 300; sleep 300; sleep 300"));
		await server.says(/text=up/);
		const { pid } = await server.event("command started");
		await server.stop();
		assert.match(server.said, /command did not end in time and is killed/);
		assert.deepEqual(session(Number(pid)).filter(lives), []);
	});

	/* systemctl stop: the command gets SIGTERM as we do, and is gone before our sessions are. */
	for (const mode of ["exit", "ignore", "respawn"]) {
		test(`leaves a command that is stopped together with us as it is: --wrap-mode=${mode}`, async (t) => {
			const back = await echo(t, { unix: true });
			const server = await wrap(t, [`--wrap-mode=${mode}`, "--close-timeout=60", "--drain-timeout=60", `--unix-target=${back.path}`], ["sleep", "300"]);
			const { pid } = await server.event("command started");
			const ws = await RawWs.open(t, server.port);
			ws.send("x");
			await ws.data(1);
			server.kill();
			await server.says(/shutting down/);
			process.kill(Number(pid), "SIGTERM");
			await server.event("command ended");
			assert.equal((await ws.close()).code, 1001);
			ws.bye();
			await server.ends(0);
			assert.equal(server.count(/command started/), 1);
		});
	}

	test("asked for twice is SIGKILL at once", async (t) => {
		const server = await wrap(t, ["--wrap-stop-timeout=600"], sh("trap '' TERM; echo up; sleep 300; sleep 300; sleep 300"));
		await server.says(/text=up/);
		const { pid } = await server.event("command started");
		server.kill();
		await server.says(/shutting down/);
		server.kill();
		await server.ends(0);
		assert.deepEqual(session(Number(pid)).filter(lives), []);
	});

	/* The drain that its own end began is none that anybody asked for. */
	test("asked for once while the end of the command has sessions end: they do so in good order", async (t) => {
		const back = await echo(t, { unix: true });
		const server = await wrap(t, ["--close-timeout=60", "--drain-timeout=60", `--unix-target=${back.path}`], sh("read line; kill -TERM $$"));
		const ws = await RawWs.open(t, server.port);
		ws.send("x");
		await ws.data(1);
		server.child.stdin.end("now\n");
		assert.equal((await ws.close()).code, 1001);
		server.kill();
		await server.says(/shutting down/);
		ws.bye();
		await server.ends(0); /* and not 143: both were stopped */
		assert.match(server.said, /session ended/);
		assert.doesNotMatch(server.said, /ending now/);
	});

	test("is the same by --run-once, --timeout and --idle-timeout: exit code 0", async (t) => {
		const once = await wrap(t, ["--run-once"], greeter("4"));
		assert.match(await greeting(t, once), HELLO);
		await once.ends(0);
		for (const option of ["--timeout=1", "--idle-timeout=1"]) {
			const server = await wrap(t, [option], greeter("4"));
			await server.ends(0);
			assert.match(server.said, /command ended .*signal TERM/);
		}
	});
});

describe("how it is born", () => {
	test("our working directory, environment and standard input; a session and a group of its own; no other descriptor", async (t) => {
		const dir = folder(t);
		const server = await wrap(t, ["--log-file=log", "--web=.", "--workers=3"],
			sh("pwd -P; cut -d' ' -f5,6 /proc/$$/stat; echo pid $$; ls -m /proc/self/fd; env | grep -E 'MARK|^REBIND|^LD_'; read line; echo \"$line\""),
			{ cwd: dir, env: { MARK: "of the caller", REBIND_PORT_NEW: "1" } });
		server.child.stdin.write("by hand\n");
		await server.says(/text="by hand"/);
		const said = server.events("command says").map(({ text }) => text);
		assert.equal(said[0], realpathSync(dir));
		const { pid } = await server.event("command started");
		assert.equal(said[1], `${pid} ${pid}`);
		assert.equal(said[2], `pid ${pid}`);
		assert.equal(said[3], "0, 1, 2, 3"); /* the folder is ls's own */
		assert.ok(said.includes("MARK=of the caller"));
		assert.ok(said.includes(`REBIND_OLD_PORT=${server.own}`));
		assert.ok(said.some((line) => /^REBIND_NEW_PORT=\d+$/.test(line)));
		assert.ok(said.includes("REBIND_RESERVED=1"));
		assert.ok(said.some((line) => /^REBIND_REPORT=@websplice-[0-9a-f]{32}$/.test(line)));
		assert.ok(said.some((line) => /^LD_PRELOAD=\/.*rebind\.so$/.test(line)));
		assert.ok(!said.some((line) => line.startsWith("REBIND_PORT_NEW")));
		await server.ends(0);
	});

	test("nothing that our own caller left open: a lock is not held", async (t) => {
		const lock = path.join(folder(t), "lock");
		const at = await deadPort();
		const { out, err } = await runProc(["sh", "-c", `exec 9>'${lock}'; flock 9; exec "$0" "$@" 9>&9`,
			BIN, `127.0.0.1:${at}`, "--", "sh", "-c", "ls -m /proc/self/fd; exit 3"], { env: sanitizer });
		assert.match(err, /command says command=sh text="0, 1, 2, 3"/, out);
	});

	test("whatever our own caller had blocked and ignored", async () => {
		const port = await deadPort();
		const { code, err } = await runProc(["env", "--block-signal=CHLD,TERM,USR1", "--ignore-signal=CHLD,HUP,INT",
			BIN, `127.0.0.1:${port}`, "--", "sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status; exit 6"], { env: sanitizer });
		assert.equal(code, 6, err);
		assert.match(err, /SigBlk:\\t0000000000000000/);
		const [, ignored] = /SigIgn:\\t([0-9a-f]{16})/.exec(err);
		assert.equal(BigInt(`0x${ignored}`) & ~0x180000000n, 0n); /* 32 and 33 are the C library's */
	});

	test("what others want preloaded stays", async (t) => {
		const server = await wrap(t, [], sh("echo $LD_PRELOAD"), { env: { LD_PRELOAD: "" } });
		await server.says(/text=\S+rebind\.so\n/);
		await server.ends(0);
		const other = await wrap(t, [], sh("echo $LD_PRELOAD"), { env: { LD_PRELOAD: tool("preload_names") } });
		await other.says(/text="?\S+rebind\.so:\S*preload_names/);
		await other.ends(0);
	});

	test("--wrap-output: into the log line by line, or as it is", async (t) => {
		const script = sh("echo one; echo two >&2; printf 'half a line'");
		const logged = await wrap(t, [], script);
		await logged.ends(0);
		assert.deepEqual(logged.events("command says").map(({ text }) => text), ["one", "two", "half a line"]);
		assert.equal(logged.out, "");
		const json = await wrap(t, ["--log-format=json"], script);
		await json.ends(0);
		assert.ok(json.said.split("\n").filter(Boolean).map((line) => JSON.parse(line)).some((line) => line.event === "command says" && line.text === "half a line"));
		const raw = await wrap(t, ["--wrap-output=inherit"], script);
		await raw.ends(0);
		assert.equal(raw.out, "one\nhalf a line");
		assert.match(raw.said, /^two$/m);
		assert.equal(raw.events("command says").length, 0);
	});

	test("to a file no line is lost, however short they are", async (t) => {
		const log = path.join(folder(t), "log");
		const port = await deadPort();
		const { code } = await runProc(["sh", "-c", `exec "$0" "$@" 2>'${log}'`, BIN, `127.0.0.1:${port}`, "--", "sh", "-c", "seq 1 10000; yes '' | head -n 1000; yes . | head -n 10000; exit 3"], { env: sanitizer });
		assert.equal(code, 3);
		const said = [...readFileSync(log, "utf8").matchAll(/command says command=sh text=(\S+)$/mg)].map(([, text]) => text);
		assert.equal(said.length, 20000);
		assert.deepEqual(said.slice(0, 10000), Array.from({ length: 10000 }, (_, i) => String(i + 1)));
	});

	test("to a terminal it speaks itself, unless told otherwise", async (t) => {
		const port = await deadPort();
		const line = (option) => ["script", "-qec", `'${BIN}' ${option} 127.0.0.1:${port} -- sh -c 'echo one; echo two >&2'`, "/dev/null"];
		const plain = await runProc(line(""), { env: sanitizer });
		assert.match(plain.out, /^one\r?$/m);
		assert.match(plain.out, /^two\r?$/m);
		assert.doesNotMatch(plain.out, /command says/);
		const logged = await runProc(line("--wrap-output=log"), { env: sanitizer });
		assert.match(logged.out, /command says command=sh text=one/);
		assert.match(logged.out, /command says command=sh text=two/);
	});

	test("arguments are not in the log", async (t) => {
		const server = await wrap(t, ["-v"], ["sleep", "0.0", "0.123456"]);
		await server.ends(0);
		assert.doesNotMatch(server.said, /0\.123456/);
	});
});

describe("clients", () => {
	test("who come too early wait until it is ready", async (t) => {
		const server = await wrap(t, [], sh(`read line; exec '${tool("rebind_server")}' {PORT} hello 4`));
		const early = await Promise.all([1, 2, 3].map(() => RawWs.connect(t, server.port)));
		const greetings = [1, 2, 3].map(() => greeting(t, server));
		await pause(300);
		assert.doesNotMatch(server.said, /command is ready|session started/);
		server.child.stdin.write("now\n");
		for (const text of await Promise.all(greetings))
			assert.match(text, HELLO);
		assert.equal(early.length, 3);
		assert.equal(server.events("command is ready").length, 1);
		await server.stop();
	});

	test("wait for --wrap-ready-timeout, and then are told, at once from then on", async (t) => {
		const server = await wrap(t, ["--wrap-ready-timeout=1"], sh(`read line; exec '${tool("rebind_server")}' {PORT} hello 4`));
		const ws = await RawWs.open(t, server.port);
		const { code, reason } = await ws.close();
		assert.equal(code, 1011);
		assert.match(reason, /^the wrapped command (takes no connections yet|does not take connections)/);
		const why = await server.event("command is not ready");
		assert.match(why.reason, new RegExp(`^it has not bound port ${server.own}:`));
		const next = await RawWs.open(t, server.port);
		assert.match((await next.close()).reason, /does not take connections; the log says why/);
		/* and when it is ready after all, it is */
		server.child.stdin.write("now\n");
		await server.event("command is ready");
		assert.match(await greeting(t, server), HELLO);
		await server.stop();
	});

	test("with --http-errors get a status instead", async (t) => {
		const server = await wrap(t, ["--wrap-ready-timeout=0.5", "--http-errors"], ["sleep", "300"]);
		const wire = await RawWs.connect(t, server.port);
		wire.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
		assert.ok([502, 504].includes((await wire.head()).status));
		await server.stop();
	});

	test("who wait when websplice ends are told that", async (t) => {
		const server = await wrap(t, ["--workers=1"], ["sleep", "300"]);
		const wire = await RawWs.connect(t, server.port);
		wire.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
		/* the worker that answers this one has the first one's words, too */
		const probe = await RawWs.connect(t, server.port);
		probe.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
		await probe.answer();
		server.kill();
		assert.equal((await wire.head()).status, 503);
		await server.ends();
	});

	test("many at once, on all workers", async (t) => {
		const server = await wrap(t, ["--workers=4"], greeter("threads", "4", "6"));
		/* no more than its backlog: the kernel forgets those beyond it */
		const all = await Promise.all(Array.from({ length: 12 }, () => greeting(t, server)));
		for (const text of all)
			assert.match(text, HELLO);
		await server.stop();
	});
});

describe("what it binds", () => {
	for (const [name, words, want] of [
		["IPv4", ["4"], HELLO],
		["IPv6", ["6"], /^hello ::1 \d+\n$/],
		["both with two sockets", ["4", "6"], HELLO],
		["both with one", ["46"], /^hello ::ffff:127\.0\.0\.1 \d+\n$/],
		["IPv4, with threads", ["threads", "4"], HELLO],
		["IPv4, with forks", ["forks", "4"], HELLO],
		["IPv4, in 16 children", ["reuseport", "fork16", "4"], HELLO],
		["both, by 16 threads at once", ["reuseport", "x16", "4", "x16", "6"], HELLO],
		["IPv4, with SO_REUSEPORT", ["reuseport", "4"], HELLO],
		["IPv4, again and again", ["4", "again=50"], HELLO],
	]) {
		test(name, async (t) => {
			const server = await wrap(t, [], greeter(...words));
			if (words.includes("again=50")) /* until then it resets whom it had in its backlog */
				await server.says(/command says.*\bready\b/);
			for (let i = 0; i < 3; i++)
				assert.match(await greeting(t, server), want);
			const { address } = await server.event("command is ready");
			assert.match(address, /^(127\.0\.0\.1|\[::1\]):\d+$/);
			await server.stop();
		});
	}
});

describe("together with", () => {
	test("--unix-listen and the port of the command", async (t) => {
		const socket = path.join(folder(t), "ws");
		const server = await wrap(t, [`--unix-listen=${socket}`], greeter("4"), { listens: ["{PORT}"] });
		assert.match(await greeting(t, server, { path: socket }), HELLO);
		await server.stop();
	});

	test("--unix-target: the command's own unix socket, which comes later", async (t) => {
		const socket = path.join(folder(t), "backend");
		const server = await wrap(t, [`--unix-target=${socket}`, "--wrap-mode=respawn"],
			["socat", `UNIX-LISTEN:${socket},fork,unlink-early`, "SYSTEM:sleep 0.1; echo hello"]);
		assert.equal(await greeting(t, server), "hello\n");
		assert.equal((await server.event("session started")).backend, `unix:${socket}`);
		await server.stop();
	});

	test("--unix-target and --unix-listen", async (t) => {
		const dir = folder(t), socket = path.join(dir, "backend"), listens = path.join(dir, "ws");
		const server = await wrap(t, [`--unix-target=${socket}`, `--unix-listen=${listens}`],
			sh(`read line; exec socat UNIX-LISTEN:${socket},fork 'SYSTEM:echo hello'`), { listens: [] });
		const waiting = greeting(t, server, { path: listens });
		await pause(100);
		server.child.stdin.write("now\n");
		assert.equal(await waiting, "hello\n");
		await server.stop();
	});

	test("{port}, which needs no library", async (t) => {
		const server = await wrap(t, [], [tool("rebind_server"), "{port}", "port:{port}", "127.0.0.1"], { listens: ["127.0.0.1:0"] });
		const [, port] = /^port:(\d+) 127\.0\.0\.1 \1\n$/.exec(await greeting(t, server));
		const ready = await server.event("command is ready");
		assert.equal(ready.address, `127.0.0.1:${port}`);
		assert.doesNotMatch(server.said, /LD_PRELOAD|REBIND/);
		await server.stop();
	});

	test("{port} and --unix-listen, on IPv6", async (t) => {
		const socket = path.join(folder(t), "ws");
		const server = await wrap(t, [`--unix-listen=${socket}`, "--wrap-mode=respawn"], [tool("rebind_server"), "{port}", "hello", "::1"], { listens: [] });
		assert.match(await greeting(t, server, { path: socket }), /^hello ::1 \d+\n$/);
		await server.stop();
	});

	test("{port}, when it is opened to others: the command is ended", async (t) => {
		const server = await wrap(t, ["--wrap-mode=respawn"], [tool("rebind_server"), "{port}", "hello", "4"], { listens: ["127.0.0.1:0"] });
		await server.ends(1);
		const [, pid] = /command listens where others reach it.* pid=(\d+) address=0\.0\.0\.0:\d+/.exec(server.said);
		assert.ok(!lives(Number(pid)));
		assert.equal(server.count(/command started/), 1);
	});
});

describe("what cannot work", () => {
	test("a command that does not exist: exit 127", async () => {
		for (const command of [["websplice-nonesuch"], ["/nonexistent/x", "y"], ["./websplice-nonesuch"]])
			assert.match(await refusedMoved([], command, 127), new RegExp(`there is no command '${command[0]}': `));
		assert.match(await refused(["--", "websplice-nonesuch", "{port}"], 127), /there is no command/);
	});

	test("one that may not be run: exit 126", async () => {
		for (const command of ["/etc/passwd", "/usr"])
			assert.match(await refusedMoved([], [command], 126), new RegExp(`the command '${command}' may not be run: `));
	});

	test("one that cannot be run after all: exit code of the exec, and what is wrong with the file", async (t) => {
		const file = path.join(folder(t), "bad");
		for (const [text, code, why] of [
			["#!/nonexistent/interpreter -x\n", 127, "its first line names the interpreter '/nonexistent/interpreter', and there is no such file"],
			["#! /etc/passwd\n", 126, "its first line names the interpreter '/etc/passwd', which may not be run"],
			["#!/bin/sh\r\nexit 0\r\n", 127, "its first line ends in a carriage return; save it with the line ends of Unix"],
		]) {
			writeFileSync(file, text, { mode: 0o755 });
			assert.equal(await refusedMoved([], [file], code), `websplice: the command '${file}' cannot be run: ${why}\n`);
		}
	});

	test("one that dies at once", async (t) => {
		const server = await wrap(t, [], greeter("not an address"));
		await server.ends(1);
		assert.match(server.said, /command says .*not an address/);
		assert.match(server.said, /command ended .*exit code 1/);
	});

	test("one that never binds, and one that binds another port", async (t) => {
		const never = await wrap(t, ["--wrap-ready-timeout=0.5"], ["sleep", "300"]);
		assert.match((await never.event("command is not ready")).reason, /^it has not bound port \d+: is that the port/);
		await never.stop();
		const other = await deadPort();
		/* what is seen is what there is when the time is over */
		const server = await wrap(t, ["--wrap-ready-timeout=3"], [tool("rebind_server"), String(other), "hello", "127.0.0.1"]);
		assert.equal((await server.event("command is not ready")).reason,
			`rebind_server listens on 127.0.0.1:${other}, not on port ${server.own}: give websplice the port that the command uses`);
		await server.stop();
	});

	test("one that starts programs without the library", async (t) => {
		const server = await wrap(t, ["--wrap-ready-timeout=3"], ["env", "-u", "LD_PRELOAD", "sleep", "300"]);
		assert.match((await server.event("command is not ready")).reason,
			/^sleep \(pid \d+\) was started without LD_PRELOAD, so its port cannot be moved: name its port as \{port\}/);
		await server.stop();
	});

	/* What the command starts is seen only when it is late. */
	test("a static program, at once or when a script starts it", { skip: VARIANT === "tsan" }, async (t) => {
		const file = path.join(folder(t), "static_server");
		const made = await runProc(["gcc", "-static", "-pthread", "-D_GNU_SOURCE", "-o", file, path.join(ROOT, "tests/tools/rebind_server.c")]);
		assert.equal(made.code, 0, made.err);
		const said = await refusedMoved([], [file, "1", "hello", "4"]);
		assert.match(said, /static_server is statically linked, so its port cannot be moved: write \{port\} .*--unix-target=FILE/);
		const script = await wrap(t, ["--wrap-ready-timeout=3"], sh(`'${file}' {PORT} hello 127.0.0.9 <&0`));
		const { reason } = await script.event("command is not ready");
		assert.match(reason, /^static_server \(pid \d+\) is statically linked, so its port cannot be moved: name its port as \{port\}/);
		await script.stop();
		/* it cannot take our port, and what websplice advises works */
		const taken = await wrap(t, [], sh(`'${file}' {PORT} hello reuseport 4`));
		await taken.ends(1);
		assert.match(taken.said, /Address already in use/);
		const placed = await wrap(t, [], [file, "{port}", "hello", "127.0.0.1"], { listens: ["127.0.0.1:0"] });
		assert.match(await greeting(t, placed), HELLO);
		await placed.stop();
	});

	test("a set-user-ID program", async (t) => {
		let file = "/usr/bin/su";
		if (isRoot) {
			file = path.join(folder(t), "setuid");
			copyFileSync(tool("rebind_server"), file);
			chownSync(file, 65534, 65534);
			chmodSync(file, 0o4755);
		}
		assert.match(await refusedMoved([], [file, "1", "hello", "4"]), /is set-user-ID or set-group-ID, so its port cannot be moved: /);
	});

	test("a program with file capabilities", { skip: (!isRoot || SANITIZED) && "only root can give them away" }, async (t) => {
		const dir = folder(t);
		chmodSync(dir, 0o755);
		for (const [from, name] of [[BIN, "websplice"], [SHIM, "rebind.so"], [tool("rebind_server"), "capable"]])
			copyFileSync(from, path.join(dir, name));
		const set = await runProc(["/usr/sbin/setcap", "cap_net_bind_service=ep", path.join(dir, "capable")]);
		assert.equal(set.code, 0, set.err);
		const { code, err } = await runProc(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
			path.join(dir, "websplice"), `127.0.0.1:${await deadPort()}`, "--", path.join(dir, "capable"), "1", "hello", "4"]);
		assert.equal(code, 1, err);
		assert.match(err, /capable has file capabilities, so its port cannot be moved: /);
	});

	test("no rebind.so, or one that cannot be preloaded; --wrap-library names another", async (t) => {
		const dir = folder(t), file = path.join(dir, "bin/websplice"), blank = path.join(dir, "a b");
		mkdirSync(path.dirname(file));
		mkdirSync(blank);
		copyFileSync(BIN, file);
		copyFileSync(SHIM, path.join(blank, "rebind.so"));
		const port = await deadPort();
		const at = (...options) => runProc([file, ...options, `127.0.0.1:${port}`, "--", "sh", "-c", "exit 5"], { env: sanitizer });
		if (!existsSync("/usr/local/lib/websplice/rebind.so"))
			assert.match((await at()).err, /^websplice: rebind\.so, which moves the command's port, is neither beside websplice nor in .*: name it with --wrap-library=FILE\n$/);
		const none = await at(`--wrap-library=${dir}/none.so`);
		assert.match(none.err, /--wrap-library: .*none\.so: /);
		assert.equal(none.code, 1); /* 127 is a command that is not there */
		assert.match((await at(`--wrap-library=${blank}/rebind.so`)).err, /a b\/rebind\.so cannot be preloaded, since LD_PRELOAD/);
		assert.equal((await at(`--wrap-library=${SHIM}`)).code, 5);
		mkdirSync(path.join(dir, "lib/websplice"), { recursive: true });
		copyFileSync(SHIM, path.join(dir, "lib/websplice/rebind.so"));
		assert.equal((await at()).code, 5); /* as it is installed */
	});

	test("a port that is taken", async (t) => {
		const port = await deadPort();
		const first = proc(t, [tool("rebind_server"), String(port), "taken", "127.0.0.1"], { env: sanitizer });
		await first.says(/ready/);
		const server = await run([`127.0.0.1:${port}`, "--", "sh", "-c", "echo started"], { env: sanitizer });
		assert.equal(server.code, 1);
		assert.match(server.said, /port \d+ is in use/);
		assert.doesNotMatch(server.said, /started/);
	});
});

/* Anybody on this machine can write to the socket that the reports come to. */
test("a forged report is none", async (t) => {
	const server = await wrap(t, [], sh(`echo $REBIND_REPORT; REBIND_REPORT_KEY=wrong '${tool("rebind_server")}' {PORT} forged 4 & sleep 1; echo later; read line`));
	await server.says(/text=later/);
	await pause(200);
	assert.doesNotMatch(server.said, /command is ready/);
	await server.stop();
});

describe("TLS", () => {
	test("to the clients, with and without", async (t) => {
		const server = await wrap(t, pair("server"), greeter("4"));
		const ws = await openSecure(t, server);
		assert.match((await ws.frame()).payload.toString(), HELLO);
		ws.bye();
		assert.match(await greeting(t, server), HELLO);
		await server.stop();
	});

	test("to the command", async (t) => {
		const server = await wrap(t, ["--ssl-target", "--ssl-target-cafile", file("ca"), "--ssl-target-name=localhost"],
			["socat", `OPENSSL-LISTEN:{PORT},fork,reuseaddr,verify=0,cert=${file("server")},key=${file("server-key")}`, "SYSTEM:echo hello"]);
		assert.equal(await greeting(t, server), "hello\n");
		await server.stop();
	});
});
