/* What others on the network see of a program that rebind.so moved: nothing. The program runs on one
 * host, somebody else knocks from another one; both are network namespaces (lib/netns.mjs). Each
 * program is first seen without the shim, so that what is refused later was open before.
 */

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folder } from "./lib/backends.mjs";
import { INSIDE, network } from "./lib/netns.mjs";
import { proc, run } from "./lib/proc.mjs";
import { BIN, ROOT, tool } from "./lib/server.mjs";
import { REBIND, SHIM, sanitizer, shim } from "./lib/shim.mjs";
import { later, pause, until } from "./lib/wait.mjs";

const OLD = 5901, NEW = 65023;
const ANYWHERE = [INSIDE.ipv4, INSIDE.ipv6];
const LOOPBACK = /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1) /;

/* Runs argv on a host with that environment. */
const start = (t, host, argv, env = {}) =>
	proc(t, host.argv(["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...argv]));

/* What a host gets at these ports of an address: ["5901 refused", …]. */
async function knock(host, address, ports, times = 1) {
	const { code, out, err } = await host.run([tool("knock"), String(times), address, ...ports.map(String)]);
	assert.equal(code, 0, err);
	return out.trim().split("\n");
}

/* From outside, nothing is open; and nothing listens where outside could reach it. */
async function hidden({ inside, outside }, ports) {
	for (const address of ANYWHERE)
		assert.deepEqual(await knock(outside, address, ports), ports.map((port) => `${port} refused`), address);
	for (const at of inside.listening())
		assert.match(at, LOOPBACK);
}

/* A program is to be open at `at` inside, and nowhere else. */
async function moved(net, at, port, greeting) {
	for (const address of at) {
		let said; /* a server may listen long before it greets, and a knock has little patience */
		await until(() => `a greeting at ${address}, not "${said}"`, async () => {
			[said] = await knock(net.inside, address, [port]);
			return greeting.test(said);
		});
	}
	for (const address of ["127.0.0.1", "::1"].filter((one) => !at.includes(one)))
		assert.deepEqual(await knock(net.inside, address, [port]), [`${port} refused`]);
	assert.ok(net.inside.listening().length >= at.length);
	await hidden(net, [OLD, port]);
}

const quiet = (host) => until(() => `nobody listens; but: ${host.listening()}`, () => host.listening().length === 0);

const servers = [
	["on IPv4", ["4"], ["127.0.0.1"]],
	["on IPv6", ["6"], ["::1"]],
	["on both with one socket", ["46"], ["127.0.0.1"]],
	["on both with two sockets", ["4", "6"], ["127.0.0.1", "::1"]],
	["on both, IPv6 first", ["6", "4"], ["127.0.0.1", "::1"]],
	["on an address of IPv4", [INSIDE.ipv4], ["127.0.0.1"]],
	["on an address of IPv6", [INSIDE.ipv6], ["::1"]],
	["on an IPv6 socket for IPv4", ["::ffff:0.0.0.0"], ["127.0.0.1"]],
	["with threads", ["threads", "4"], ["127.0.0.1"]],
	["that forks", ["forks", "4", "6"], ["127.0.0.1", "::1"]],
	["that becomes a daemon", ["daemon", "4", "6"], ["127.0.0.1", "::1"]],
	["with SO_REUSEPORT", ["reuseport", "4", "6"], ["127.0.0.1", "::1"]],
	["bound by 16 threads at once", ["reuseport", "x16", "4", "x16", "6"], ["127.0.0.1", "::1"]],
	["bound by 16 children", ["reuseport", "fork16", "4"], ["127.0.0.1"]],
	["bound again and again", ["4", "again=50", "6", "again=50"], ["127.0.0.1", "::1"]],
];

describe("a server is out of reach", () => {
	for (const [name, words, at] of servers) {
		test(name, async (t) => {
			const net = await network(t);
			if (!net)
				return;
			const run = async (env) => {
				const server = start(t, net.inside, [tool("rebind_server"), String(OLD), "hello", ...words], env);
				await server.says(/ready/);
				const [, port, pid] = /at \S+ (\d+) pid=(\d+)/.exec(server.out);
				const stop = async () => {
					if (words[0] === "daemon")
						process.kill(Number(pid), "SIGKILL");
					await server.stop();
					await quiet(net.inside);
				};
				if (words[0] === "daemon")
					later(t, () => { try { process.kill(Number(pid), "SIGKILL"); } catch { /* it is gone */ } });
				return { port: Number(port), stop };
			};

			const open = await run({});
			const seen = await Promise.all(ANYWHERE.map((address) => knock(net.outside, address, [OLD])));
			assert.ok(seen.flat().some((line) => line.startsWith(`${OLD} open hello `)), `without the shim: ${seen}`);
			await open.stop();

			const fixed = await run(shim(OLD, NEW));
			assert.equal(fixed.port, NEW);
			await moved(net, at, NEW, /^65023 open hello .*(127\.0\.0\.1|::1) 65023$/);
			await fixed.stop();

			/* the port is reserved: bound, but not listened on */
			const holder = start(t, net.inside, [tool("hold_port"), String(NEW)]);
			await holder.says(/held/);
			const beside = await run(shim(OLD, NEW, { REBIND_RESERVED: "1" }));
			assert.equal(beside.port, NEW);
			await moved(net, at, NEW, /open hello /);
			await beside.stop();
			await holder.stop();

			const any = await run(shim(OLD, 0));
			assert.notEqual(any.port, OLD);
			await moved(net, at, any.port, /open hello /);
			await any.stop();
		});
	}

	test("and its UDP socket is not", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const server = start(t, net.inside, [tool("rebind_server"), String(OLD), "hello", "udp4", "4", "udp6", "6"], shim(OLD, NEW));
		await server.says(/ready/);
		assert.deepEqual([...server.out.matchAll(/at (.*) pid/g)].map(([, where]) => where),
			[`0.0.0.0 ${OLD}`, `127.0.0.1 ${NEW}`, `:: ${OLD}`, `::1 ${NEW}`]);
		await moved(net, ["127.0.0.1", "::1"], NEW, /open hello/);
		for (const [type, address] of [["udp4", INSIDE.ipv4], ["udp6", INSIDE.ipv6]]) {
			const { out, err } = await net.outside.run(["node", "-e", `
				const socket = require("dgram").createSocket("${type}");
				socket.on("message", (bytes) => { console.log(String(bytes)); socket.close(); });
				socket.send("echo", ${OLD}, "${address}");`]);
			assert.equal(out, "echo\n", err);
		}
	});

	test("while it restarts, too", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		/* a new process every time, and somebody who never stops knocking */
		const restart = async (env, want) => {
			let runs = 0, open = 0, over = false;
			const visitor = (async () => {
				for (; !over && runs < 1000; await pause(0))
					open += (await knock(net.outside, INSIDE.ipv4, [OLD, NEW], 20)).filter((line) => / open/.test(line)).length;
			})();
			for (; runs < 15 || (want && !open && runs < 100); runs++) {
				const server = start(t, net.inside, [tool("rebind_server"), String(OLD), "hello", "reuseport", "4", "again=20"], env);
				await server.says(/ready/);
				await server.stop();
			}
			over = true;
			await visitor;
			return open;
		};
		assert.ok(await restart({}, true) > 0, "without the shim somebody gets in");
		assert.equal(await restart(shim(OLD, NEW), false), 0);
		assert.equal(await restart(shim(OLD, 0), false), 0);
	});

	test("with SO_REUSEPORT on both sides", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const words = ["reuseport", "4", "6"];
		const front = start(t, net.inside, [tool("rebind_server"), String(OLD), "front", ...words]);
		await front.says(/ready/);
		const greetings = async () => {
			const all = [];
			for (const address of ANYWHERE)
				all.push(...await knock(net.outside, address, [OLD], 100));
			return [...new Set(all.map((line) => line.split(" ")[2]))].sort();
		};
		const beside = start(t, net.inside, [tool("rebind_server"), String(OLD), "program", ...words]);
		await beside.says(/ready/);
		assert.deepEqual(await greetings(), ["front", "program"], "without the shim they share the port");
		await beside.stop();
		const program = start(t, net.inside, [tool("rebind_server"), String(OLD), "program", ...words], shim(OLD, NEW));
		await program.says(/ready/);
		assert.deepEqual(await greetings(), ["front"]);
		for (const address of ANYWHERE)
			assert.deepEqual(await knock(net.outside, address, [NEW]), [`${NEW} refused`]);
		assert.match((await knock(net.inside, "::1", [NEW]))[0], /open program/);
	});

	/* Why `rebind` looks first: a static program stays where everybody reaches it. */
	test("unless it is static", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const program = path.join(folder(t), "static");
		const made = await run(["gcc", "-static", "-pthread", "-D_GNU_SOURCE", "-o", program, path.join(ROOT, "tests/tools/rebind_server.c")]);
		assert.equal(made.code, 0, made.err);
		const server = start(t, net.inside, [program, String(OLD), "hello", "4"], shim(OLD, NEW));
		await server.says(/ready/);
		assert.deepEqual(await knock(net.outside, INSIDE.ipv4, [OLD]), [`${OLD} open hello ${INSIDE.ipv4} ${OLD}`]);
		const refused = await run(net.inside.argv(["env", `REBIND_SO=${SHIM}`, REBIND, String(OLD), String(NEW), program, String(OLD), "hello", "4"]));
		assert.equal(refused.code, 1);
		assert.match(refused.err, /statically linked/);
	});
});

describe("real programs", () => {
	const rebound = (t, net, argv, env = {}) =>
		start(t, net.inside, [REBIND, String(OLD), String(NEW), ...argv], { ...sanitizer, REBIND_SO: SHIM, ...env });
	const up = (host, n) => until(() => `${n} sockets listen; there are: ${host.listening()}`,
		() => host.listening().filter((at) => at.endsWith(` ${NEW}`) || at.endsWith(` ${OLD}`)).length >= n);

	const hello = "require('net').createServer((s) => s.end('hello\\n'))";
	for (const [name, argv, at, greeting] of [
		["socat on IPv4", ["socat", `TCP4-LISTEN:${OLD},fork,reuseaddr`, "SYSTEM:echo hello"], ["127.0.0.1"], /open hello$/],
		["socat on both", ["socat", `TCP6-LISTEN:${OLD},fork,reuseaddr,ipv6only=0`, "SYSTEM:echo hello"], ["127.0.0.1"], /open hello$/],
		["socat on IPv6", ["socat", `TCP6-LISTEN:${OLD},fork,reuseport,ipv6only=1`, "SYSTEM:echo hello"], ["::1"], /open hello$/],
		["node on all addresses", ["node", "-e", `${hello}.listen(${OLD})`], ["127.0.0.1"], /open hello$/],
	]) {
		test(name, async (t) => {
			const net = await network(t);
			if (!net)
				return;
			rebound(t, net, argv);
			await up(net.inside, at.length);
			await moved(net, at, NEW, greeting);
		});
	}

	test("netcat", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const nc = rebound(t, net, ["nc.openbsd", "-l", "-N", String(OLD)]);
		await up(net.inside, 1);
		await hidden(net, [OLD, NEW]);
		nc.child.stdin.end("hello\n");
		assert.deepEqual(await knock(net.inside, "127.0.0.1", [NEW]), [`${NEW} open hello`]);
	});

	let display = 21900 + process.pid % 90;
	const vnc = (number, port) => ["Xtigervnc", `:${number}`, "-rfbport", String(port), "-SecurityTypes", "None",
		"-geometry", "320x240", "-depth", "24", "-nolisten", "tcp"];

	test("TigerVNC's Xvnc", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		rebound(t, net, vnc(display++, OLD));
		await up(net.inside, 2);
		await moved(net, ["127.0.0.1", "::1"], NEW, /open RFB 003\.008$/);
	});

	/* A script that binds the port to see whether it is free, starts Xvnc in the background and sees
	 * that it is up when the port is not free any more. */
	for (const reserved of ["", "1"]) {
		test(`TigerVNC's vncserver, the port ${reserved ? "" : "not "}reserved`, async (t) => {
			const net = await network(t);
			if (!net)
				return;
			const name = `websplice-vncserver-${process.pid}`, number = display++, home = folder(t);
			const reports = start(t, net.inside, [tool("rebind_reports"), name]);
			await reports.says(/ready/);
			if (reserved)
				await start(t, net.inside, [tool("hold_port"), String(NEW)]).says(/held/);
			writeFileSync(path.join(home, "session"), "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
			const script = rebound(t, net, ["tigervncserver", `:${number}`, "-rfbport", String(OLD), "-localhost", "no",
				"-SecurityTypes", "None", "--I-KNOW-THIS-IS-INSECURE", "-xstartup", path.join(home, "session")],
				{ HOME: home, REBIND_REPORT: `@${name}`, REBIND_RESERVED: reserved });
			later(t, () => {
				for (const [, pid] of reports.out.matchAll(/ listen .* pid=(\d+)/g))
					try { process.kill(Number(pid)); } catch { /* once is enough */ }
				return until("Xvnc has tidied up", () => !existsSync(`/tmp/.X11-unix/X${number}`));
			});
			await until(() => `vncserver is done; it said:\n${script.out}${script.err}`, () => script.code !== null || /New Xtigervnc server/.test(script.out + script.err));
			assert.match(script.out + script.err, new RegExp(`New Xtigervnc server .* on port ${OLD}`));
			await moved(net, ["127.0.0.1", "::1"], NEW, /open RFB 003\.008$/);
		});
	}

	test("x11vnc", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const number = display++;
		start(t, net.inside, ["Xvfb", `:${number}`, "-screen", "0", "320x240x24", "-nolisten", "tcp"]);
		await until("the display is there", () => existsSync(`/tmp/.X11-unix/X${number}`));
		rebound(t, net, ["x11vnc", "-display", `:${number}`, "-rfbport", String(OLD), "-rfbportv6", String(OLD),
			"-forever", "-nopw", "-norc"]);
		await up(net.inside, 2);
		await moved(net, ["127.0.0.1", "::1"], NEW, /open RFB 003\.008$/);
	});

	/* The proxy on the old port on all addresses, the program on the same port number behind it. */
	test("websplice in front", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const front = start(t, net.inside, [BIN, "--workers=2", String(OLD), `127.0.0.1:${NEW}`]);
		await until(() => `it listens; it said:\n${front.err}`, () => /listening/.test(front.err));
		rebound(t, net, vnc(display++, OLD));
		await until("Xvnc listens", () => net.inside.listening().some((at) => at === `127.0.0.1 ${NEW}`));
		const script = `
			const ws = new (require(${JSON.stringify(path.join(ROOT, "tests/e2e/node_modules/ws"))}))("ws://${INSIDE.ipv4}:${OLD}/", ["binary"]);
			ws.on("message", (bytes) => { process.stdout.write(bytes.toString()); ws.close(); });`;
		const { out, err } = await net.outside.run(["node", "-e", script]);
		assert.equal(out, "RFB 003.008\n", err);
		for (const address of ANYWHERE)
			assert.deepEqual(await knock(net.outside, address, [NEW]), [`${NEW} refused`]);
	});
});
