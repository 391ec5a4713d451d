/* Real programs behind --: TigerVNC's script and its Xvnc, x11vnc, two telnet servers, and what
 * else people run. Their displays and
 * ports are those of this machine; what its network sees of them is in wrap_net.test.mjs.
 */

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folder } from "./lib/backends.mjs";
import { proc, run } from "./lib/proc.mjs";
import { RawWs } from "./lib/rawws.mjs";
import { Payload, Rfb } from "./lib/rfb.mjs";
import { later, until } from "./lib/wait.mjs";
import { endLater, gone, lives, unpacked, wrap } from "./lib/wrapped.mjs";

const TELNETD_SSL = unpacked("telnetd-ssl", "/usr/sbin/in.telnetd");
const TELNETD = unpacked("inetutils-telnetd", "/usr/sbin/telnetd");

/* Display numbers that no other test file uses. */
let display = 21300 + process.pid % 500;

/* A display whose socket and lock are gone when the test is over. */
function nextDisplay(t) {
	const number = display++;
	later(t, () => until("the X server has tidied up", () => !existsSync(`/tmp/.X11-unix/X${number}`)));
	return number;
}

const xvnc = (number, ...more) => ["Xvnc", `:${number}`, "-SecurityTypes", "None", "-geometry", "320x240", "-depth", "24", "-nolisten", "tcp", ...more];

/* A viewer that has seen a picture. */
async function viewer(t, server) {
	const ws = await RawWs.open(t, server.port);
	const rfb = new Rfb(new Payload(ws));
	await rfb.open();
	assert.deepEqual([rfb.width, rfb.height], [320, 240]);
	await rfb.update();
	return ws;
}

const leave = (ws) => { ws.bye(); return ws.gone(); };

describe("TigerVNC", () => {
	test("Xvnc, started again when it is killed: the viewer reconnects", async (t) => {
		const server = await wrap(t, ["--wrap-mode=respawn"], xvnc(nextDisplay(t), "-rfbport", "{PORT}"));
		for (let i = 1; i <= 2; i++) {
			const ws = await viewer(t, server);
			const { pid, address } = await server.event("command is ready", i);
			assert.match(address, /^(127\.0\.0\.1|\[::1\]):\d+$/);
			process.kill(Number(pid), "SIGKILL");
			const { code, reason } = await ws.close();
			assert.ok([1000, 1011].includes(code));
			assert.match(reason, /^backend (closed|reset) the connection/);
		}
		await leave(await viewer(t, server));
		assert.equal(server.count(/command ended .*signal KILL/), 2);
		await server.stop();
	});

	test("vncserver, which goes into the background", async (t) => {
		const number = nextDisplay(t), home = folder(t);
		writeFileSync(path.join(home, "session"), "#!/bin/sh\nexec sleep 120\n", { mode: 0o755 });
		const server = await wrap(t, ["--wrap-mode=ignore"], ["tigervncserver", `:${number}`, "-rfbport", "{PORT}", "-localhost", "no",
			"-SecurityTypes", "None", "--I-KNOW-THIS-IS-INSECURE", "-geometry", "320x240", "-xstartup", path.join(home, "session")], { env: { HOME: home } });
		const { pid } = await server.event("command is ready");
		endLater(t, Number(pid));
		await leave(await viewer(t, server));
		await server.says(/command ended command=tigervncserver by="exit code 0"/);
		const found = await server.says(/command goes on in the background command=tigervncserver process=Xtigervnc pid=(\d+) address=127\.0\.0\.1:\d+/);
		assert.equal(found[1], pid);
		await leave(await viewer(t, server));
		await server.stop();
		assert.ok(lives(Number(pid)));
		process.kill(Number(pid), "SIGTERM");
		await gone(Number(pid));
	});

	test("Xvnc with {port} and on a unix socket, without the library", async (t) => {
		const placed = await wrap(t, [], xvnc(nextDisplay(t), "-rfbport", "{port}", "-localhost"), { listens: ["127.0.0.1:0"] });
		await leave(await viewer(t, placed));
		await placed.stop();
		const socket = path.join(folder(t), "vnc");
		const unix = await wrap(t, [`--unix-target=${socket}`], xvnc(nextDisplay(t), "-rfbunixpath", socket, "-rfbport", "-1"), { listens: ["127.0.0.1:0"] });
		await leave(await viewer(t, unix));
		await unix.stop();
	});

	test("Xvnc with {port} and open to others: it is ended", async (t) => {
		const server = await wrap(t, [], xvnc(nextDisplay(t), "-rfbport", "{port}"), { listens: ["127.0.0.1:0"] });
		await server.ends(1);
		assert.match(server.said, /command listens where others reach it, and is ended .*-localhost/);
	});
});

test("x11vnc", async (t) => {
	const number = nextDisplay(t);
	proc(t, ["Xvfb", `:${number}`, "-screen", "0", "320x240x24", "-nolisten", "tcp"]);
	await until("the display is there", () => existsSync(`/tmp/.X11-unix/X${number}`));
	const server = await wrap(t, [], ["x11vnc", "-display", `:${number}`, "-rfbport", "{PORT}", "-rfbportv6", "{PORT}", "-forever", "-shared", "-nopw", "-norc", "-noxdamage"]);
	await leave(await viewer(t, server));
	await server.stop();
});

describe("telnet servers", () => {
	/* IAC DO or WILL something. */
	const negotiates = async (t, server) => {
		const ws = await RawWs.open(t, server.port);
		const { payload } = await ws.frame("a telnet server's first words");
		assert.equal(payload[0], 255);
		assert.ok([251, 253].includes(payload[1]), `${payload[1]}`);
		ws.bye();
		await ws.gone();
	};

	test("netkit's in.telnetd -debug, as in the announcement", async (t) => {
		const dir = folder(t), key = path.join(dir, "key.pem"), cert = path.join(dir, "cert.pem");
		const made = await run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=telnetd", "-days", "2"]);
		assert.equal(made.code, 0, made.err);
		/* installed, the package has a certificate of its own; it does not start without one */
		const server = await wrap(t, ["--wrap-mode=respawn"], [TELNETD_SSL, "-debug", "{PORT}", "-z", `cert=${cert}`, "-z", `key=${key}`]);
		await negotiates(t, server);
		await server.stop();
	});

	test("inetutils' telnetd, started by socat", async (t) => {
		const server = await wrap(t, [], ["socat", "TCP-LISTEN:{PORT},fork,reuseaddr", `EXEC:${TELNETD} --no-hostinfo --exec-login /bin/true`]);
		for (let i = 0; i < 3; i++)
			await negotiates(t, server);
		await server.stop();
	});
});

describe("servers of other kinds", () => {
	const says = async (t, server, want) => {
		const ws = await RawWs.open(t, server.port);
		assert.equal((await ws.data(want.length)).toString(), want);
		ws.bye();
	};

	for (const [name, command] of [
		["socat, which forks", ["socat", "TCP4-LISTEN:{PORT},fork,reuseaddr", "SYSTEM:echo hello"]],
		["socat on IPv6", ["socat", "TCP6-LISTEN:{PORT},fork,reuseaddr,ipv6only=1", "SYSTEM:echo hello"]],
		["socat, dual stack", ["socat", "TCP6-LISTEN:{PORT},fork,reuseaddr,ipv6only=0", "SYSTEM:echo hello"]],
		["node", ["node", "-e", "require('net').createServer((s) => s.end('hello\\n')).listen({PORT})"]],
	]) {
		test(name, async (t) => {
			const server = await wrap(t, [], command);
			for (let i = 0; i < 3; i++)
				await says(t, server, "hello\n");
			await server.stop();
		});
	}
});
