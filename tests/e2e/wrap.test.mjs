/* variants: asan tsan */
/* The command behind --: modes, ends, waiting, and everything it is to work together with. How it is
 * started is in wrap_start.test.mjs; real programs are in wrap_programs.test.mjs, the network in
 * wrap_net.test.mjs.
 */

import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { echo, folder } from "./lib/backends.mjs";
import { file, pair } from "./lib/certs.mjs";
import { RawWs } from "./lib/rawws.mjs";
import { openSecure } from "./lib/secure.mjs";
import { tool } from "./lib/server.mjs";
import { pause, until } from "./lib/wait.mjs";
import { daemon, endLater, gone, greeter, greeting, lives, session, wrap } from "./lib/wrapped.mjs";

const sh = (script) => ["sh", "-c", script];
const HELLO = /^hello 127\.0\.0\.1 \d+\n$/;

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

	/* One worker has nobody and is gone at once, the other one has a client that takes its time. */
	test("is none for the command until the last session has said goodbye", async (t) => {
		const back = await echo(t, { unix: true });
		const server = await wrap(t, ["--workers=2", "--close-timeout=60", "--drain-timeout=60", `--unix-target=${back.path}`], ["sleep", "300"]);
		const { pid } = await server.event("command started");
		const ws = await RawWs.open(t, server.port);
		ws.send("x");
		await ws.data(1);
		server.kill();
		assert.equal((await ws.close()).code, 1001);
		await pause(300); /* for whoever would end it too early */
		assert.ok(lives(Number(pid)));
		ws.bye();
		await server.ends(0);
		assert.match(server.said, /session ended[^]*command ended .*signal TERM/);
	});

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
