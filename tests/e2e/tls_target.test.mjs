/* TLS towards the backend: --ssl-target and its options, and what is said when it fails. */
/* variants: asan */

import assert from "node:assert/strict";
import net from "node:net";
import path from "node:path";
import test, { describe } from "node:test";
import tls from "node:tls";
import { folder } from "./lib/backends.mjs";
import { LONG_AGO, NOT_YET, bytes, client, file, make, nodePair, pair, server as makeServer } from "./lib/certs.mjs";
import { RawWs, handshake } from "./lib/rawws.mjs";
import { openSecure, secure } from "./lib/secure.mjs";
import { proc } from "./lib/proc.mjs";
import { start } from "./lib/server.mjs";
import { KIB, Pattern, later, until } from "./lib/wait.mjs";

const AT = "127.0.0.1:0";

/* An echo over TLS; b.peers: its connections, b.names: the SNI of each. */
async function secureEcho(t, base = "server", options = {}) {
	const b = { peers: [], errors: [] };
	const server = tls.createServer({ ...nodePair(base), allowHalfOpen: true, ...options }, (socket) => {
		b.peers.push(socket);
		socket.on("error", () => {});
		socket.pipe(socket);
	});
	server.on("tlsClientError", (e) => b.errors.push(e));
	later(t, () => {
		server.close();
		for (const socket of b.peers)
			socket.destroy();
	});
	await new Promise((resolve) => server.listen(options.path ?? { port: 0, host: "127.0.0.1" }, resolve));
	b.port = server.address().port;
	return b;
}

async function echoes(ws, text = "through both") {
	ws.send(text);
	assert.equal((await ws.data(text.length)).toString(), text);
}

const ssl = (b, ...more) => ["--ssl-target", "--ssl-target-cafile", file("ca"), ...more, AT, `localhost:${b.port}`];

describe("--ssl-target", () => {
	test("TLS to the backend, SNI and all", async (t) => {
		const b = await secureEcho(t);
		const server = await start(t, ssl(b));
		await echoes(await RawWs.open(t, server.port));
		assert.equal(b.peers[0].servername, "localhost");
		assert.match(b.peers[0].getProtocol(), /TLSv1\.[23]/);
	});

	test("on both sides, a lot, in both directions", async (t) => {
		const b = await secureEcho(t), pattern = new Pattern(7), n = 1500 * KIB;
		const server = await start(t, [...pair("server"), ...ssl(b)]);
		const ws = await openSecure(t, server);
		for (let at = 0; at < n; at += 50 * KIB)
			ws.send(pattern.at(at, 50 * KIB));
		pattern.check(0, await ws.data(n));
		ws.bye();
		assert.equal((await ws.close()).code, 1000);
	});

	test("the request comes with the last of the client's handshake: nobody sleeps on the backend's", async (t) => {
		const b = await secureEcho(t), waits = ["first-byte", "head", "tls", "dial"].map((name) => `--${name}-timeout=600`);
		const server = await start(t, [...pair("server"), ...waits, "--ssl-target", "--ssl-target-cafile", file("ca"),
			"--ssl-target-name=localhost", AT, `127.0.0.1:${b.port}`]);
		const where = secure(server), socket = tls.connect({ ...where, ...where.tls });
		let said = "";
		later(t, () => socket.destroy());
		socket.on("error", () => {});
		socket.on("data", (bytes) => { said += bytes; });
		socket.write(handshake()); /* kept until the handshake is over, and sent with its last message */
		await until("the answer is there", () => said.includes("\r\n\r\n"));
		assert.match(said, /^HTTP\/1\.1 101 /);
	});

	test("a backend of openssl's", async (t) => {
		const s = proc(t, ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", file("server"), "-key", file("server-key"), "-rev", "-naccept", "1"]);
		const [, port] = await s.says(/ACCEPT.*:(\d+)/);
		const server = await start(t, ssl({ port }));
		const ws = await RawWs.open(t, server.port);
		ws.send("stressed\n");
		assert.equal((await ws.data(9)).toString(), "desserts\n");
	});

	/* Node's server takes a FIN for an end; openssl's tells one without close_notify. */
	for (const version of ["-tls1_2", "-tls1_3"])
		test(`close_notify when the client is gone, ${version}`, async (t) => {
			const s = proc(t, ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", file("server"), "-key", file("server-key"),
				version, "-naccept", "1"]);
			const [, port] = await s.says(/ACCEPT.*:(\d+)/);
			const server = await start(t, ssl({ port }));
			const ws = await RawWs.open(t, server.port);
			ws.send("the last words\n");
			await s.says(/the last words/);
			await ws.leave();
			await until("it ends", () => s.ended);
			assert.match(s.out, /DONE/);
			assert.doesNotMatch(s.out + s.err, /ERROR|unexpected eof/);
		});

	test("the system's authorities, which SSL_CERT_FILE names", async (t) => {
		const b = await secureEcho(t);
		const server = await start(t, ["--ssl-target", AT, `localhost:${b.port}`], { env: { SSL_CERT_FILE: file("ca") } });
		await echoes(await RawWs.open(t, server.port));
	});

	test("a client certificate for the backend", async (t) => {
		client("proxy");
		const b = await secureEcho(t, "server", { requestCert: true, rejectUnauthorized: true, ca: bytes("ca") });
		const server = await start(t, ssl(b, "--ssl-target-cert", file("proxy"), "--ssl-target-key", file("proxy-key")));
		await echoes(await RawWs.open(t, server.port));
		assert.equal(b.peers[0].getPeerCertificate().subject.CN, "proxy");
		const none = await start(t, ssl(b));
		const ws = await RawWs.open(t, none.port);
		const { code, reason } = await ws.close();
		assert.equal(code, 1011);
		assert.match(reason, /backend/);
	});

	test("a unix socket with a name for its certificate", async (t) => {
		const at = path.join(folder(t), "backend");
		const b = await secureEcho(t, "server", { path: at });
		const server = await start(t, ["--ssl-target", "--ssl-target-cafile", file("ca"), "--ssl-target-name=localhost", `--unix-target=${at}`, AT]);
		await echoes(await RawWs.open(t, server.port));
		assert.equal(b.peers[0].servername, "localhost");
	});
});

describe("a backend that is not to be believed", () => {
	/* The client is told, and so is the log, with who failed and why. */
	async function refused(t, args, says) {
		const server = await start(t, args);
		const ws = await RawWs.open(t, server.port);
		const { code, reason } = await ws.close();
		assert.equal(code, 1011);
		assert.match(reason, says);
		const told = await server.event("session refused");
		assert.match(told.reason, says);
		return server;
	}

	test("of an authority nobody knows, or of its own; --ssl-target-insecure takes it", async (t) => {
		const b = await secureEcho(t);
		makeServer("elsewhere", ["vnc1"]);
		const other = await secureEcho(t, "elsewhere");
		await refused(t, ["--ssl-target", "--ssl-target-cafile", file("client"), AT, `localhost:${other.port}`], /backend certificate: .*expected name localhost/);
		const server = await start(t, ["--ssl-target", "--ssl-target-insecure", AT, `localhost:${b.port}`]);
		await echoes(await RawWs.open(t, server.port));
		const wrong = await start(t, ["--ssl-target", "--ssl-target-insecure", AT, `localhost:${other.port}`]);
		await echoes(await RawWs.open(t, wrong.port));
	});

	test("for another name; --ssl-target-name says which is right", async (t) => {
		makeServer("vnc1", ["vnc1"]);
		const b = await secureEcho(t, "vnc1");
		await refused(t, ssl(b), /backend certificate: .*expected name localhost/);
		const server = await start(t, ssl(b, "--ssl-target-name=vnc1"));
		await echoes(await RawWs.open(t, server.port));
		assert.equal(b.peers[0].servername, "vnc1");
	});

	test("expired, and not valid yet", async (t) => {
		makeServer("old", ["localhost"], ...LONG_AGO);
		makeServer("young", ["localhost"], ...NOT_YET);
		await refused(t, ssl(await secureEcho(t, "old")), /backend certificate: .*expired/);
		await refused(t, ssl(await secureEcho(t, "young")), /backend certificate: not valid before 2099/);
	});

	test("revoked: --ssl-target-crl-file", async (t) => {
		makeServer("taken-back", ["localhost"]);
		make("revoke", "taken-back");
		const b = await secureEcho(t, "taken-back"), list = ["--ssl-target-crl-file", file("crl")];
		await refused(t, ssl(b, ...list), /backend certificate: .*revoked/);
		await echoes(await RawWs.open(t, (await start(t, ssl(b))).port));
		await echoes(await RawWs.open(t, (await start(t, ssl(await secureEcho(t), ...list))).port));
	});

	test("no TLS at all, and silence", async (t) => {
		const sockets = [];
		const listen = (greet) => new Promise((resolve) => {
			const server = net.createServer((socket) => {
				sockets.push(socket.on("error", () => {}));
				if (greet)
					socket.write(greet);
			}).listen(0, "127.0.0.1", () => resolve(server));
			later(t, () => {
				server.close();
				sockets.forEach((socket) => socket.destroy());
			});
		});
		const plain = await listen("RFB 003.008\n"), silent = await listen(null);
		await refused(t, ssl({ port: plain.address().port }), /backend does not speak TLS/);
		await refused(t, ["--tls-timeout=0.3", ...ssl({ port: silent.address().port })], /backend/);
	});

	test("with --http-errors it is status 502", async (t) => {
		makeServer("vnc1", ["vnc1"]);
		const b = await secureEcho(t, "vnc1");
		const server = await start(t, ["--http-errors", ...ssl(b)]);
		await assert.rejects(RawWs.open(t, server.port), /502/);
		await until("the log tells", () => /backend certificate/.test(server.said));
	});
});
