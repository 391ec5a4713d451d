/* What others on the network see of a wrapped command: websplice, and nothing else, whatever the
 * command binds, also while it restarts and when both would share a port. websplice and the command
 * run on one host, somebody else knocks from another one; both are network namespaces
 * (lib/netns.mjs), and where this user may not make any, the tests are skipped and say so.
 */

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folder } from "./lib/backends.mjs";
import { INSIDE, network } from "./lib/netns.mjs";
import { proc, run } from "./lib/proc.mjs";
import { BIN, ROOT, tool } from "./lib/server.mjs";
import { sanitizer } from "./lib/shim.mjs";
import { later, until } from "./lib/wait.mjs";
import { endLater, gone } from "./lib/wrapped.mjs";

const OLD = 5901;
const ANYWHERE = [INSIDE.ipv4, INSIDE.ipv6];

/* websplice on a host, with what follows the options. Its standard input stays open. */
function wrapped(t, host, options, command, env = {}) {
	const p = proc(t, host.argv(["env", ...Object.entries({ ...sanitizer, ...env }).map(([name, value]) => `${name}=${value}`),
		BIN, "--workers=2", "--close-timeout=0.5", ...options, "--", ...command]));
	p.until = (pattern) => until(() => `it says ${pattern}; it said:\n${p.err}`, () => {
		const match = pattern.exec(p.err);
		assert.ok(match || !p.ended, `ended (${p.code}) before it said ${pattern}:\n${p.err}`);
		return match;
	});
	return p;
}

async function knock(host, address, ports, times = 1) {
	const { code, out, err } = await host.run([tool("knock"), String(times), address, ...ports.map(String)]);
	assert.equal(code, 0, err);
	return out.trim().split("\n");
}

/* A WebSocket from that host: the first line it gets. */
async function line(host, address, port = OLD) {
	const script = `
		const ws = new (require(${JSON.stringify(path.join(ROOT, "tests/e2e/node_modules/ws"))}))("ws://${address.includes(":") ? `[${address}]` : address}:${port}/", ["binary"]);
		ws.on("message", (bytes) => { process.stdout.write(bytes.toString()); ws.close(); });
		ws.on("close", (code, reason) => console.log("closed", code, String(reason)));
		ws.on("error", (e) => console.log("error", e.message));`;
	const { out, err } = await host.run(["node", "-e", script]);
	assert.equal(err, "");
	return out.split("\n")[0];
}

/* From outside the new port is closed, and the old one speaks nothing but HTTP. */
async function hidden({ inside, outside }, port) {
	for (const address of ANYWHERE) {
		assert.deepEqual(await knock(outside, address, [port]), [`${port} refused`], address);
		const { out } = await outside.run(["sh", "-c", `printf 'GET /nothing HTTP/1.0\\r\\n\\r\\n' | nc.openbsd -w 10 ${address} ${OLD}`]);
		assert.match(out, /^HTTP\/1\.1 404 /, address);
	}
	for (const at of inside.listening())
		assert.match(at, /^((127\.0\.0\.1|::1|::ffff:127\.0\.0\.1) \d+|(0\.0\.0\.0|::) 5901)$/);
}

const server = (...words) => [tool("rebind_server"), String(OLD), "hello", ...words];

describe("a wrapped server is reached through websplice alone", () => {
	for (const [name, words] of [
		["on IPv4", ["4"]],
		["on IPv6", ["6"]],
		["on both with one socket", ["46"]],
		["on both with two sockets", ["4", "6"]],
		["on the address of a network", [INSIDE.ipv4]],
		["with SO_REUSEPORT", ["reuseport", "4", "6"]],
		["with threads", ["threads", "4", "6"]],
		["that forks", ["forks", "4"]],
	]) {
		test(name, async (t) => {
			const net = await network(t);
			if (!net)
				return;
			const front = wrapped(t, net.inside, [String(OLD)], server(...words));
			const [, port] = await front.until(/command is ready .*address=\S+:(\d+)/);
			for (const address of ANYWHERE)
				assert.match(await line(net.outside, address), /^hello (::ffff:)?(127\.0\.0\.1|::1) \d+$/);
			await hidden(net, port);
			await front.stop();
			assert.equal(front.code, 0, front.err);
		});
	}

	test("that goes into the background, also when websplice has ended", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const front = wrapped(t, net.inside, ["--wrap-mode=ignore", String(OLD)], server("daemon", "4", "6"));
		const [, port, pid] = await front.until(/command is ready .*address=\S+:(\d+) pid=(\d+)/);
		endLater(t, Number(pid));
		assert.match(await line(net.outside, INSIDE.ipv4), /^hello /);
		await hidden(net, port);
		await front.stop();
		for (const address of ANYWHERE)
			assert.deepEqual(await knock(net.outside, address, [OLD, port]), [`${OLD} refused`, `${port} refused`]);
		process.kill(Number(pid), "SIGKILL");
		await gone(Number(pid));
	});

	/* Somebody who never stops knocking, while it is killed again and again. */
	test("while it restarts", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const front = wrapped(t, net.inside, ["--wrap-mode=respawn", String(OLD)], server("reuseport", "4", "6", "again=20"));
		const [, port] = await front.until(/command is ready .*address=\S+:(\d+)/);
		let over = false, tries = 0;
		const open = [];
		const visitor = (async () => {
			for (; !over && tries < 500; tries++)
				for (const address of ANYWHERE)
					open.push(...(await knock(net.outside, address, [port], 20)).filter((said) => !/ refused$/.test(said)));
		})();
		for (let i = 1; i <= 4; i++) {
			const ready = await until(() => `start ${i}:\n${front.err}`, () => [...front.err.matchAll(/command is ready .* pid=(\d+)/g)][i - 1]);
			assert.match(ready.input.slice(ready.index), new RegExp(`^command is ready .*:${port} `)); /* the same port */
			process.kill(Number(ready[1]), "SIGKILL");
			await gone(Number(ready[1]));
		}
		await until(() => "a few tries", () => tries > 3);
		over = true;
		await visitor;
		assert.deepEqual(open, []);
		await front.stop();
	});

	/* A program that cannot be moved, started by a script so that this is not seen before: both
	 * set SO_REUSEPORT, and it is the one that must not get the port. */
	test("even a static one with SO_REUSEPORT that a script starts", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const program = path.join(folder(t), "static_server");
		const made = await run(["gcc", "-static", "-pthread", "-D_GNU_SOURCE", "-o", program, path.join(ROOT, "tests/tools/rebind_server.c")]);
		assert.equal(made.code, 0, made.err);
		const front = wrapped(t, net.inside, ["--wrap-mode=ignore", String(OLD)],
			["sh", "-c", `'${program}' ${OLD} stranger reuseport 4; '${program}' ${OLD} stranger reuseport 6; '${program}' ${OLD} stranger reuseport ${INSIDE.ipv4}; echo tried; sleep 300`]);
		await front.until(/text=tried/);
		assert.equal(front.err.match(/Address already in use/g).length, 3, front.err);
		const said = [];
		for (const address of ANYWHERE)
			said.push(...await knock(net.outside, address, [OLD], 3));
		for (const one of said)
			assert.doesNotMatch(one, /stranger/);
		await front.stop();
	});

	/* Where websplice does not listen itself, it cannot keep it from the port: it ends it. */
	test("and a static one on an address where websplice is not", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const program = path.join(folder(t), "static_server");
		const made = await run(["gcc", "-static", "-pthread", "-D_GNU_SOURCE", "-o", program, path.join(ROOT, "tests/tools/rebind_server.c")]);
		assert.equal(made.code, 0, made.err);
		const front = wrapped(t, net.inside, [`127.0.0.1:${OLD}`], ["sh", "-c", `'${program}' ${OLD} stranger ${INSIDE.ipv4} <&0`]);
		await until(() => `it ends; it said:\n${front.err}`, () => front.ended);
		assert.equal(front.code, 1, front.err);
		assert.match(front.err, /command listens where others reach it, and is ended .*process=static_server .*address=10\.219\.0\.1:5901 .*is statically linked, so its port cannot be moved: name its port as \{port\}/);
		assert.deepEqual(net.inside.listening(), []);
	});

	test("{port}: on loopback or not at all", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const good = wrapped(t, net.inside, [String(OLD)], [tool("rebind_server"), "{port}", "hello", "127.0.0.1"]);
		const [, port] = await good.until(/command is ready .*address=127\.0\.0\.1:(\d+)/);
		assert.match(await line(net.outside, INSIDE.ipv6), /^hello /);
		await hidden(net, port);
		await good.stop();
		const bad = wrapped(t, net.inside, [String(OLD)], [tool("rebind_server"), "{port}", "hello", "4"]);
		await until(() => `it ends; it said:\n${bad.err}`, () => bad.ended);
		assert.equal(bad.code, 1);
		assert.match(bad.err, /command listens where others reach it.*address=0\.0\.0\.0:\d+/);
		assert.deepEqual(net.inside.listening(), []);
	});
});

describe("TigerVNC as one types it", () => {
	/* 5900 and the display's number is its port. */
	const number = 20000 + process.pid % 500, port = 5900 + number;

	test("websplice PORT -- vncserver :N", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		const home = folder(t);
		writeFileSync(path.join(home, "session"), "#!/bin/sh\nexec sleep 120\n", { mode: 0o755 });
		later(t, () => until("Xvnc has tidied up", () => !existsSync(`/tmp/.X11-unix/X${number}`)));
		const front = wrapped(t, net.inside, ["--wrap-mode=ignore", String(port)], ["vncserver", `:${number}`, "-SecurityTypes", "None", "-xstartup", path.join(home, "session")], { HOME: home });
		const [, moved, pid] = await front.until(/command is ready .*address=\S+:(\d+) pid=(\d+)/);
		later(t, () => { try { process.kill(Number(pid)); } catch { /* once is enough */ } });
		assert.equal(await line(net.outside, INSIDE.ipv4, port), "RFB 003.008");
		await front.until(/command goes on in the background .*process=Xtigervnc/);
		for (const address of ANYWHERE)
			assert.deepEqual(await knock(net.outside, address, [moved]), [`${moved} refused`]);
		await front.stop();
	});

	test("websplice --wrap-mode=respawn PORT -- Xvnc :N", async (t) => {
		const net = await network(t);
		if (!net)
			return;
		later(t, () => until("Xvnc has tidied up", () => !existsSync(`/tmp/.X11-unix/X${number}`)));
		const front = wrapped(t, net.inside, ["--wrap-mode=respawn", String(port)], ["Xvnc", `:${number}`, "-SecurityTypes", "None"]);
		const [, moved, pid] = await front.until(/command is ready .*address=\S+:(\d+) pid=(\d+)/);
		assert.equal(await line(net.outside, INSIDE.ipv6, port), "RFB 003.008");
		process.kill(Number(pid), "SIGKILL");
		await until(() => `a second start:\n${front.err}`, () => front.err.match(/command is ready/g)?.length === 2);
		assert.equal(await line(net.outside, INSIDE.ipv4, port), "RFB 003.008");
		for (const address of ANYWHERE)
			assert.deepEqual(await knock(net.outside, address, [moved]), [`${moved} refused`]);
		await front.stop();
	});
});
