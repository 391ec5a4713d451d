/* TLS towards clients, option by option. */
/* variants: asan tsan */

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import path from "node:path";
import net from "node:net";
import test, { describe } from "node:test";
import tls from "node:tls";
import WebSocket from "ws";
import { backend, deadPort, echo, folder } from "./lib/backends.mjs";
import { LONG_AGO, NOT_YET, bytes, client, file, make, nodePair, pair, server as makeServer } from "./lib/certs.mjs";
import { proc } from "./lib/proc.mjs";
import { OP, RawWs, Wire, closing, frame, handshake } from "./lib/rawws.mjs";
import { openSecure, secure, shake, wireSecure } from "./lib/secure.mjs";
import { run, start } from "./lib/server.mjs";
import { event, later, until } from "./lib/wait.mjs";

const AT = "127.0.0.1:0";

async function echoes(ws, text = "over TLS") {
	ws.send(text);
	assert.equal((await ws.data(text.length)).toString(), text);
}

describe("a certificate", () => {
	test("wss:// and ws:// on one port", async (t) => {
		const b = await echo(t);
		const server = await start(t, [...pair("server"), AT, b.at]);
		await echoes(await openSecure(t, server));
		await echoes(await RawWs.open(t, server.port), "plain");
		assert.match(server.said, /TLS is on url=https:\/\/127\.0\.0\.1:\d+\/ plain=accepted/);
		assert.match(server.said, /certificate for=clients file=\S*server\.pem .*sha256=([0-9A-F]{2}:){31}/);
	});

	test("Node's ws over wss", async (t) => {
		const b = await echo(t);
		const server = await start(t, [...pair("server"), AT, b.at]);
		const ws = new WebSocket(`wss://localhost:${server.port}/`, "binary", { ca: bytes("ca"), family: 4 });
		later(t, () => ws.terminate());
		await event(ws, "open");
		ws.send(Buffer.from("hello"));
		assert.equal(String((await event(ws, "message"))[0]), "hello");
		ws.close(1000);
		const [code] = await event(ws, "close");
		assert.equal(code, 1000);
	});

	test("key in the same file, and self.pem by itself", async (t) => {
		const b = await echo(t), cwd = folder(t);
		writeFileSync(path.join(cwd, "self.pem"), Buffer.concat([bytes("server"), bytes("server-key")]));
		const server = await start(t, [AT, b.at], { cwd });
		await echoes(await openSecure(t, server));
		const named = await start(t, ["--cert", path.join(cwd, "self.pem"), AT, b.at]);
		await echoes(await openSecure(t, named));
		const keyed = path.join(folder(t), "self.pem");
		copyFileSync(file("server"), keyed);
		await echoes(await openSecure(t, await start(t, ["--key", file("server-key"), AT, b.at], { cwd: path.dirname(keyed) })));
	});

	test("without one: a TLS hello is closed, and the log says so", async (t) => {
		const server = await start(t, [AT, `127.0.0.1:${await deadPort()}`], { cwd: folder(t) });
		const got = await shake(t, server);
		assert.equal(got.ready, false);
		await server.says(/TLS on a port that has no certificate/);
	});

	test("RSA and ECDSA side by side", async (t) => {
		const server = await start(t, [...pair("server"), ...pair("server-rsa"), AT, `127.0.0.1:${await deadPort()}`]);
		const kinds = await Promise.all([["ECDSA+SHA256", "ec"], ["RSA-PSS+SHA256:RSA+SHA256", "rsa"]].flatMap(([sigalgs, want]) =>
			["TLSv1.2", "TLSv1.3"].map(async (version) => {
				const { socket } = await shake(t, server, { sigalgs, minVersion: version, maxVersion: version });
				return [want, socket.getPeerX509Certificate().publicKey.asymmetricKeyType];
			})));
		for (const [want, got] of kinds)
			assert.equal(got, want);
	});

	test("several names: SNI decides, the first is for everybody else", async (t) => {
		makeServer("one", ["one.example"]);
		makeServer("any", ["*.two.example"]);
		const server = await start(t, [...pair("server"), ...pair("one"), ...pair("any"), AT, `127.0.0.1:${await deadPort()}`]);
		for (const [servername, cn] of [["localhost", null], ["one.example", "one.example"], ["x.two.example", "*.two.example"],
			["two.example", null], ["other.example", null], ["", null]]) {
			const { socket } = await shake(t, server, { servername, rejectUnauthorized: false });
			const got = socket.getPeerX509Certificate().subject;
			if (cn)
				assert.equal(got, `CN=${cn}`, servername);
			else
				assert.ok(!/example/.test(got), `${servername}: ${got}`);
		}
	});

	/* Node takes what is missing in a chain from its own authorities: these have no more than the root. */
	test("the full chain is sent", async (t) => {
		const dir = folder(t), at = `127.0.0.1:${await deadPort()}`, pem = (name) => path.join(dir, `${name}.pem`);
		writeFileSync(pem("config"), "[req]\ndistinguished_name = none\n[none]\n");
		const sign = (base, issuer, issuerKey, extension) => execFileSync("openssl", ["req", "-x509", "-config", pem("config"), "-newkey", "ec",
			"-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${base}`, "-addext", extension, "-days", "2",
			"-CA", issuer, "-CAkey", issuerKey, "-keyout", pem(`${base}-key`), "-out", pem(base)], { stdio: "ignore" });
		sign("between", file("ca"), file("ca-key"), "basicConstraints=critical,CA:TRUE");
		sign("leaf", pem("between"), pem("between-key"), "subjectAltName=DNS:localhost");
		writeFileSync(pem("chain"), Buffer.concat([readFileSync(pem("leaf")), readFileSync(pem("between"))]));
		const full = await start(t, ["--cert", pem("chain"), "--key", pem("leaf-key"), AT, at]);
		for (const version of ["TLSv1.2", "TLSv1.3"])
			assert.ok((await shake(t, full, { minVersion: version, maxVersion: version })).answered, version);
		const alone = await start(t, ["--cert", pem("leaf"), "--key", pem("leaf-key"), AT, at]);
		assert.equal((await shake(t, alone)).error?.code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
	});

	test("an encrypted key: password in a file, on the command line, missing, wrong", async (t) => {
		const dir = folder(t), key = path.join(dir, "key.pem"), password = path.join(dir, "password"), at = `127.0.0.1:${await deadPort()}`;
		execFileSync("openssl", ["pkey", "-in", file("server-key"), "-aes256", "-passout", "pass:sesame", "-out", key]);
		const words = ["--cert", file("server"), "--key", key];
		writeFileSync(password, "sesame\nnot this\n");
		const one = await start(t, [...words, "--key-password-file", password, AT, at]);
		assert.ok((await shake(t, one)).ready);
		const two = await start(t, [...words, "--key-password=sesame", AT, at]);
		assert.ok((await shake(t, two)).ready);
		assert.doesNotMatch(readFileSync(`/proc/${two.pid}/cmdline`, "latin1"), /sesame/);
		assert.doesNotMatch(two.said, /sesame/);
		const missing = await run([...words, AT, at]);
		assert.equal(missing.code, 1);
		assert.match(missing.said, /^websplice: .*key\.pem: the key is encrypted; give its password\n$/);
		writeFileSync(password, "wrong");
		const wrong = await run([...words, "--key-password-file", password, AT, at]);
		assert.equal(wrong.code, 1);
		assert.match(wrong.said, /^websplice: .*key\.pem: the password does not open the key\n$/);
	});

	test("what cannot be used: exit 1 and one line that names the file", async (t) => {
		const dir = folder(t), junk = path.join(dir, "junk.pem"), empty = path.join(dir, "empty.pem");
		writeFileSync(junk, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
		writeFileSync(empty, "");
		for (const [words, says] of [
			[["--cert", path.join(dir, "none.pem")], /none\.pem: no such file.*--cert/],
			[["--cert", file("server"), "--key", path.join(dir, "none.pem")], /none\.pem: no such file.*--key/],
			[["--cert", dir], /: is a directory|directory/],
			[["--cert", empty], /empty\.pem: empty/],
			[["--cert", junk], /junk\.pem: /],
			[["--cert", file("server")], /server\.pem: holds no private key/],
			[["--cert", file("server"), "--key", file("client-key")], /client-key\.pem: the key is not the one of the certificate in .*server\.pem/],
			[["--key", file("server-key")], /self\.pem: no such file.*--cert/],
			[[...pair("server"), "--verify-client", "--cafile", junk], /junk\.pem: /],
			[[...pair("server"), "--verify-client", "--cafile", file("ca"), "--crl-file", junk], /junk\.pem: /],
			[["--cert", file("server"), "--key", file("server-key"), "--key-password-file", empty], /empty\.pem: /],
		]) {
			const server = await run([...words, AT, "127.0.0.1:1"], { cwd: dir });
			assert.equal(server.code, 1, server.said);
			assert.match(server.said, /^websplice: [^\n]{10,}\n$/);
			assert.match(server.said, says);
		}
	});

	test("keys and passwords are not served, whatever they are called", async (t) => {
		const web = folder(t);
		for (const name of ["server", "server-key", "ca"])
			copyFileSync(file(name), path.join(web, `${name}.pem`));
		writeFileSync(path.join(web, "password"), "unused");
		writeFileSync(path.join(web, "both.pem"), Buffer.concat([bytes("server-rsa"), bytes("server-rsa-key")]));
		const server = await start(t, ["--web", web, "--cert", path.join(web, "server.pem"), "--key", path.join(web, "server-key.pem"),
			"--cert", path.join(web, "both.pem"), "--key-password-file", path.join(web, "password"), AT, `127.0.0.1:${await deadPort()}`]);
		const status = async (name) => {
			const wire = await wireSecure(t, server);
			wire.write(`GET /${name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
			return (await wire.head()).status;
		};
		for (const name of ["server-key.pem", "both.pem", "password"])
			assert.equal(await status(name), 404, name);
		assert.equal(await status("ca.pem"), 200);
	});
});

describe("--ssl-only", () => {
	test("plain HTTP and ws:// get 400 and the https:// address", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--ssl-only", ...pair("server"), AT, b.at]);
		await echoes(await openSecure(t, server));
		const wire = await Wire.connect(t, server.port);
		wire.write(`GET /vnc.html HTTP/1.1\r\nHost: desk.example:${server.port}\r\n\r\n`);
		const answer = await wire.answer();
		assert.equal(answer.status, 400);
		assert.match(answer.body, new RegExp(`https://desk\\.example:${server.port}`));
		await assert.rejects(RawWs.open(t, server.port), /400/);
		assert.match(server.said, /plain=refused/);
		assert.equal(b.all.length, 1);
	});

	test("without a certificate it is wrong usage", async (t) => {
		for (const option of ["--ssl-only", "--verify-client"]) {
			const server = await run([option, AT, "127.0.0.1:1"], { cwd: folder(t) });
			assert.equal(server.code, 2);
			assert.match(server.said, new RegExp(`^websplice: error: ${option} needs a certificate.*--cert=FILE.*--self-signed`));
		}
	});
});

describe("versions and ciphers", () => {
	const version = async (t, server, v) => (await shake(t, server, { minVersion: v, maxVersion: v })).socket.getProtocol?.();

	test("1.2 and 1.3; --ssl-version=tlsv1_3 leaves 1.3; tlsv1_1 is explained", async (t) => {
		const at = `127.0.0.1:${await deadPort()}`;
		const both = await start(t, [...pair("server"), AT, at]);
		assert.ok((await shake(t, both, { maxVersion: "TLSv1.2" })).ready);
		assert.ok((await shake(t, both, { minVersion: "TLSv1.3" })).ready);
		assert.equal(await version(t, both, "TLSv1.3"), "TLSv1.3");
		const new_ = await start(t, ["--ssl-version=tlsv1_3", ...pair("server"), AT, at]);
		assert.equal((await shake(t, new_, { maxVersion: "TLSv1.2" })).ready, false);
		assert.ok((await shake(t, new_)).ready);
		const old = await start(t, ["--ssl-version=tlsv1_1", ...pair("server"), AT, at]);
		assert.ok((await shake(t, old, { maxVersion: "TLSv1.2" })).ready);
		assert.match(old.said, /TLS 1\.1 is not built in/);
		assert.equal((await shake(t, old, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" })).ready, false);
	});

	test("by default: forward secrecy and AEAD", async (t) => {
		const server = await start(t, [...pair("server"), ...pair("server-rsa"), AT, `127.0.0.1:${await deadPort()}`]);
		assert.equal((await shake(t, server, { maxVersion: "TLSv1.2", ciphers: "ALL:!ECDHE+AESGCM:!ECDHE+CHACHA20:@SECLEVEL=0" })).ready, false);
	});

	/* With an RSA certificate: an ECDSA one alone would be reason enough to refuse who lacks its curve. */
	test("a client with old curves alone is refused", async (t) => {
		const server = await start(t, [...pair("server-rsa"), AT, `127.0.0.1:${await deadPort()}`]);
		const go = (ecdhCurve, v) => shake(t, server, { ecdhCurve, minVersion: v, maxVersion: v, ciphers: "DEFAULT@SECLEVEL=0" });
		for (const [curve, v] of [["secp224r1", "TLSv1.2"], ["secp256k1", "TLSv1.2"], ["brainpoolP256r1", "TLSv1.2"],
			["brainpoolP384r1", "TLSv1.2"], ["X448", "TLSv1.2"], ["X448", "TLSv1.3"]]) {
			const { ready, error } = await go(curve, v);
			assert.equal(ready, false, `${curve}, ${v}`);
			assert.match(String(error?.code), /ALERT_HANDSHAKE_FAILURE/, `${curve}, ${v}`);
		}
		for (const curve of ["X25519", "P-256", "P-384", "P-521"])
			for (const v of ["TLSv1.2", "TLSv1.3"])
				assert.ok((await go(curve, v)).answered, `${curve}, ${v}`);
	});

	test("--ssl-ciphers", async (t) => {
		const at = `127.0.0.1:${await deadPort()}`;
		const suite = async (list, options) => (await shake(t, await start(t, ["--workers=1", `--ssl-ciphers=${list}`, ...pair("server"), AT, at]), options))
			.socket.getCipher?.()?.standardName;
		assert.equal(await suite("ECDHE-ECDSA-CHACHA20-POLY1305", { maxVersion: "TLSv1.2" }), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
		assert.equal(await suite("AES256+AESGCM:!aRSA", { maxVersion: "TLSv1.2" }), "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
		assert.equal(await suite("TLS_CHACHA20_POLY1305_SHA256"), "TLS_CHACHA20_POLY1305_SHA256");
	});

	test("a list that matches nothing is wrong usage", async () => {
		const server = await run(["--ssl-ciphers=RC4-MD5", AT, "127.0.0.1:1"]);
		assert.equal(server.code, 2);
		assert.match(server.said, /^websplice: error: --ssl-ciphers: 'RC4-MD5' is no cipher there is here.*DEFAULT/);
	});

	test("ALPN: http/1.1 is agreed on", async (t) => {
		const server = await start(t, [...pair("server"), AT, `127.0.0.1:${await deadPort()}`]);
		assert.equal((await shake(t, server, { ALPNProtocols: ["h2", "http/1.1"] })).socket.alpnProtocol, "http/1.1");
		assert.equal((await shake(t, server)).socket.alpnProtocol, false);
	});

	for (const v of ["TLSv1.2", "TLSv1.3"])
		test(`resumption in ${v}, on whatever worker`, async (t) => {
			const server = await start(t, ["--workers=2", ...pair("server"), AT, `127.0.0.1:${await deadPort()}`]);
			const options = { minVersion: v, maxVersion: v };
			let session = null, resumed = 0;
			for (let i = 0; i < 8; i++) {
				const where = secure(server, { ...options, session });
				const socket = tls.connect({ ...where, ...where.tls });
				later(t, () => socket.destroy());
				socket.on("error", () => {});
				let next = null, answered = false;
				socket.on("session", (s) => { next = s; });
				socket.on("data", () => { answered = true; });
				await event(socket, "secureConnect");
				socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
				await until("an answer and a ticket", () => answered && (next || socket.isSessionReused()));
				if (socket.isSessionReused())
					resumed++;
				else
					assert.equal(i, 0, "every session but the first is resumed");
				session = next ?? session;
				socket.destroy();
			}
			assert.equal(resumed, 7);
		});
});

describe("client certificates", () => {
	client("alice");
	client("mallory");
	client("late", "late", ...LONG_AGO);
	client("early", "early", ...NOT_YET);
	make("revoke", "mallory");
	const foreign = file("foreign");
	execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=foreign authority", "-keyout", "/dev/null", "-out", foreign], { stdio: "ignore" });

	for (const v of ["TLSv1.2", "TLSv1.3"])
		test(`--verify-client, --cafile, --crl-file (${v})`, async (t) => {
			const words = [...pair("server"), "--verify-client", "--cafile", file("ca"), "--crl-file", file("crl"), AT];
			const server = await start(t, [...words, `127.0.0.1:${await deadPort()}`]);
			const go = async (base) => {
				const got = await shake(t, server, { minVersion: v, maxVersion: v, ...(base ? nodePair(base) : {}) });
				return got.answered;
			};
			assert.equal(await go("alice"), true);
			for (const [base, says] of [[null, /client certificate: none was given/], ["mallory", /client certificate: .*revoked/],
				["late", /client certificate: .*expired/], ["early", /client certificate: not valid before 2099/]]) {
				const from = server.said.length;
				assert.equal(await go(base), false, String(base));
				await until(() => `the log says ${says}: ${server.said.slice(from)}`, () => says.test(server.said.slice(from)));
			}
		});

	test("of another authority: refused; plain clients are let in unless --ssl-only", async (t) => {
		const b = await echo(t);
		const server = await start(t, [...pair("server"), "--verify-client", AT, b.at],
			{ env: { SSL_CERT_FILE: foreign } });
		const { answered } = await shake(t, server, nodePair("alice"));
		assert.equal(answered, false);
		await server.says(/client certificate: /);
		await echoes(await RawWs.open(t, server.port));
	});

	test("--cafile defaults to the system's, which SSL_CERT_FILE names", async (t) => {
		const server = await start(t, [...pair("server"), "--verify-client", AT, `127.0.0.1:${await deadPort()}`],
			{ env: { SSL_CERT_FILE: file("ca") } });
		assert.equal((await shake(t, server, nodePair("alice"))).answered, true);
	});
});

describe("handshakes that do not come to an end", () => {
	/* Whatever is sent, it is over when the deadline is. */
	test("dripping, cut short, silent after the hello", async (t) => {
		const server = await start(t, ["--tls-timeout=0.6", ...pair("server"), AT, `127.0.0.1:${await deadPort()}`]);
		const hello = await helloOf();
		const drip = await Wire.connect(t, server.port);
		drip.write(hello.subarray(0, 1));
		let sent = 1;
		const dripping = setInterval(() => {
			if (!drip.closed && sent < hello.length - 1)
				drip.write(hello.subarray(sent, ++sent));
		}, 20);
		later(t, () => clearInterval(dripping));
		const cut = await Wire.connect(t, server.port);
		cut.write(hello.subarray(0, hello.length - 5));
		const silent = await Wire.connect(t, server.port);
		silent.write(hello);
		for (const wire of [drip, cut, silent])
			await wire.gone();
		assert.ok(sent < hello.length - 1, "it was dripping still");
		await until("the log tells of all", () => server.count(/TLS failed.*within 0\.6 s/) >= 3);
	});

	test("garbage that begins like TLS", async (t) => {
		const server = await start(t, [...pair("server"), AT, `127.0.0.1:${await deadPort()}`]);
		for (const junk of ["160301000401000000", "1603010200ffffffff" + "00".repeat(600), "160301ffff" + "41".repeat(5000), "16"]) {
			const wire = await Wire.connect(t, server.port);
			wire.write(Buffer.from(junk, "hex"));
			wire.end();
			await wire.ended();
		}
		assert.ok((await shake(t, server)).answered, "others are served");
	});

	/* The first bytes Node sends. */
	async function helloOf() {
		let hello = Buffer.alloc(0);
		const b = await new Promise((resolve) => {
			const server = tls.createServer().listen(0, "127.0.0.1", () => resolve(server));
		});
		const raw = await import("node:net").then(({ default: net }) => new Promise((resolve) => {
			const server = net.createServer((socket) => {
				socket.on("data", (piece) => { hello = Buffer.concat([hello, piece]); });
				socket.on("error", () => {});
			}).listen(0, "127.0.0.1", () => resolve(server));
		}));
		const socket = tls.connect({ port: raw.address().port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
		socket.on("error", () => {});
		await until("a whole hello", () => hello.length > 5 && hello.length >= 5 + hello.readUInt16BE(3));
		socket.destroy();
		raw.close();
		b.close();
		return hello;
	}
});

describe("how a session ends", () => {
	test("what came before the end arrives", async (t) => {
		const b = await backend(t, ({ socket }) => { socket.end("the last words"); });
		const server = await start(t, [...pair("server"), AT, b.at]);
		const ws = await openSecure(t, server);
		const close = await ws.close();
		assert.equal(close.data.toString(), "the last words");
		assert.equal(close.code, 1000);
		ws.bye();
		await ws.ended();
	});

	/* To Node a FIN is an end like any other; openssl's client tells one without close_notify. */
	for (const version of ["-tls1_2", "-tls1_3"])
		test(`close_notify towards the client, ${version}`, async (t) => {
			const b = await backend(t, ({ socket }) => { socket.end("the last words"); });
			const server = await start(t, [...pair("server"), AT, b.at]);
			const peer = proc(t, ["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`, "-servername", "localhost",
				"-CAfile", file("ca"), "-verify_return_error", "-quiet", version]);
			peer.child.stdin.write(handshake());
			await peer.says(/the last words/);
			peer.child.stdin.write(frame(OP.CLOSE, closing(1000)));
			await until("it ends", () => peer.ended);
			assert.doesNotMatch(peer.err, /error|unexpected eof/i);
			assert.equal(peer.code, 0, peer.err);
		});

	test("an end without close_notify is told", async (t) => {
		const b = await echo(t);
		const server = await start(t, [...pair("server"), AT, b.at]);
		const raw = net.connect({ port: server.port, host: "127.0.0.1" });
		later(t, () => raw.destroy());
		const ws = await openSecure(t, server, { socket: raw });
		await echoes(ws);
		raw.end(); /* a FIN beneath TLS */
		const ended = await server.event("session ended");
		assert.match(ended.reason, /without close_notify/);
		assert.equal(ended.layer, "tls");
	});
});
