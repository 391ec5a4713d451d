/* New certificates without a restart: files that change, SIGHUP, and what goes wrong with it. */
/* variants: asan tsan */

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { execFileSync, spawn } from "node:child_process";
import { backend, deadPort, echo, folder } from "./lib/backends.mjs";
import { LONG_AGO, at, bytes, file, make, pair, server as makeServer } from "./lib/certs.mjs";
import { RawWs } from "./lib/rawws.mjs";
import { secure, shake } from "./lib/secure.mjs";
import { BIN, run, start } from "./lib/server.mjs";
import { Checked, KIB, Pattern, later, scaled, until } from "./lib/wait.mjs";

const AT = "127.0.0.1:0";

/* A certificate and key that can be replaced: {cert, key, words, put(base)}. */
function changing(t, base) {
	const dir = folder(t), cert = path.join(dir, "cert.pem"), key = path.join(dir, "key.pem");
	const put = (name) => {
		for (const [from, to] of [[file(name), cert], [file(`${name}-key`), key]]) {
			copyFileSync(from, `${to}.new`);
			renameSync(`${to}.new`, to);
		}
	};
	put(base);
	return { dir, cert, key, put, words: ["--cert", cert, "--key", key] };
}

const subject = async (t, server) =>
	(await shake(t, server, { rejectUnauthorized: false })).socket.getPeerX509Certificate().subject;

describe("changed files", () => {
	makeServer("first", ["first.example", "localhost"]);
	makeServer("second", ["second.example", "localhost"]);

	test("take effect for new connections by themselves", async (t) => {
		const files = changing(t, "first");
		const server = await start(t, [...files.words, AT, `127.0.0.1:${await deadPort()}`]);
		assert.equal(await subject(t, server), "CN=first.example");
		files.put("second");
		await server.says(/reloaded/);
		assert.equal(await subject(t, server), "CN=second.example");
		assert.equal(server.count(/reloaded/), 1);
		/* and once more */
		files.put("first");
		await until("it is seen again", async () => await subject(t, server) === "CN=first.example");
	});

	test("a certificate whose key comes a moment later is not an error", async (t) => {
		const files = changing(t, "first");
		const server = await start(t, [...files.words, AT, `127.0.0.1:${await deadPort()}`]);
		const since = Date.now();
		copyFileSync(file("second"), files.cert);
		copyFileSync(file("second-key"), files.key);
		const slow = Date.now() - since > 100; /* a machine that slept meanwhile proves nothing */
		await server.says(/reloaded/);
		assert.equal(await subject(t, server), "CN=second.example");
		assert.ok(slow || server.count(/reload failed/) === 0);
	});

	test("a broken one is told, the old one stays, the next good one counts", async (t) => {
		const files = changing(t, "first");
		const server = await start(t, [...files.words, AT, `127.0.0.1:${await deadPort()}`]);
		for (const [spoil, says] of [
			[() => writeFileSync(files.cert, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), /cert\.pem/],
			[() => copyFileSync(file("second"), files.cert), /the key is not the one/],
			[() => rmSync(files.cert), /cert\.pem: no such file/],
		]) {
			const from = server.said.length;
			spoil();
			await until(() => `it is told: ${server.said.slice(from)}`, () => /reload failed.*\n/.test(server.said.slice(from)));
			assert.match(server.said.slice(from), /error reload failed, the old settings stay/);
			assert.match(server.said.slice(from), says);
			assert.equal(await subject(t, server), "CN=first.example");
		}
		files.put("second");
		await server.says(/reloaded/);
		assert.equal(await subject(t, server), "CN=second.example");
	});

	test("CA and CRL files as well: what is revoked now is refused now", async (t) => {
		make("client", "bob", "bob");
		const dir = folder(t), crl = path.join(dir, "crl.pem");
		copyFileSync(file("crl"), crl);
		const server = await start(t, [...pair("server"), "--verify-client", "--cafile", file("ca"), "--crl-file", crl, AT, `127.0.0.1:${await deadPort()}`]);
		const bob = async () => (await shake(t, server, { cert: bytes("bob"), key: bytes("bob-key") })).answered;
		assert.equal(await bob(), true);
		make("revoke", "bob");
		copyFileSync(file("crl"), crl);
		await server.says(/reloaded/);
		assert.equal(await bob(), false);
	});
});

describe("SIGHUP", () => {
	test("has the files read at once, changed or not; without TLS nothing happens", async (t) => {
		const files = changing(t, "first");
		const server = await start(t, [...files.words, AT, `127.0.0.1:${await deadPort()}`]);
		server.kill("SIGHUP");
		await server.says(/reloaded/);
		assert.equal(await subject(t, server), "CN=first.example");
		const plain = await start(t, [AT, `127.0.0.1:${await deadPort()}`], { cwd: folder(t) });
		plain.kill("SIGHUP");
		await plain.says(/reloaded/);
		assert.equal(plain.ended, false);
	});

	test("a terminal that is gone ends it in good order", async (t) => {
		/* script(1) gives it a terminal of its own; with script the terminal goes. */
		const dir = folder(t), log = path.join(dir, "log");
		const child = spawn("script", ["-qfc", `exec '${BIN}' --workers=1 --log-file='${log}' 127.0.0.1:0 127.0.0.1:${await deadPort()}`, "/dev/null"],
			{ stdio: ["pipe", "ignore", "ignore"] });
		later(t, () => child.kill("SIGKILL"));
		const said = () => {
			try {
				return readFileSync(log, "utf8");
			} catch {
				return "";
			}
		};
		await until("it listens", () => said().includes("listening"));
		child.kill("SIGKILL");
		await until(() => `it ends: ${said()}`, () => /shutting down signal=HUP/.test(said()));
	});
});

test("100 running sessions live through reloads, and not one byte is lost", async (t) => {
	const files = changing(t, "server");
	const sessions = scaled(100, 20), pieces = 30, size = 8 * KIB;
	const b = await echo(t);
	const server = await start(t, [...files.words, AT, b.at]);
	const all = await Promise.all(Array.from({ length: sessions }, async (_, i) => {
		const ws = await RawWs.open(t, secure(server));
		return { ws, pattern: new Pattern(i), got: new Checked(i, `session ${i}`) };
	}));
	let reloads = 0;
	for (let round = 0; round < pieces; round++) {
		if (round % 10 === 5) {
			/* files that change while they are read are refused, and it would be told */
			await until("the reload before is over", () => server.count(/reloaded/) >= reloads);
			files.put(round % 20 === 5 ? "server-rsa" : "server");
			server.kill("SIGHUP");
			reloads++;
		}
		for (const s of all)
			s.ws.send(s.pattern.at(round * size, size));
		await Promise.all(all.map(async (s) => s.got.take(await s.ws.data(size))));
	}
	await until(() => `three reloads:\n${server.said}`, () => server.count(/reloaded/) >= 3);
	for (const s of all) {
		s.got.exactly(pieces * size);
		s.ws.bye();
	}
	for (const s of all)
		assert.equal((await s.ws.close()).code, 1000);
	assert.equal(server.count(/reload failed/), 0);
});

test("a ticket of before does not outlive what a reload took back", async (t) => {
	const files = changing(t, "server");
	const server = await start(t, [...files.words, AT, `127.0.0.1:${await deadPort()}`]);
	let session = null;
	const { socket } = await shake(t, server, { maxVersion: "TLSv1.2" });
	session = socket.getSession();
	assert.equal((await shake(t, server, { maxVersion: "TLSv1.2", session })).socket.isSessionReused(), true);
	server.kill("SIGHUP");
	await server.says(/reloaded/);
	assert.equal((await shake(t, server, { maxVersion: "TLSv1.2", session })).socket.isSessionReused(), false);
});

describe("the end of a certificate", () => {
	test("within 14 days, passed, not yet begun: a warning at the start", async (t) => {
		makeServer("soon", ["localhost"], "--from", at(-1000), "--to", at(13 * 24 * 3600));
		makeServer("later", ["localhost"], "--from", at(-1000), "--to", at(15 * 24 * 3600));
		makeServer("over", ["localhost"], ...LONG_AGO);
		makeServer("young", ["localhost"], "--from", at(3600), "--to", at(90 * 24 * 3600));
		const to = `127.0.0.1:${await deadPort()}`;
		for (const [base, says] of [["soon", /warn +a certificate expires soon file=\S*soon\.pem/], ["over", /warn +a certificate has expired file=\S*over\.pem/],
			["young", /warn +a certificate is not good yet/], ["later", null], ["server", null]]) {
			const server = await start(t, [...pair(base), AT, to]);
			if (says)
				await server.says(says);
			else
				assert.doesNotMatch(server.said, / warn /);
			await server.stop();
		}
	});
});

describe("--self-signed", () => {
	test("for the names and addresses of this host; its fingerprint is printed", async (t) => {
		const b = await backend(t, ({ socket }) => { socket.end("hello"); });
		const server = await start(t, ["--self-signed", AT, b.at]);
		const [, fingerprint] = await server.says(/certificate for=clients file=self-signed .*sha256=([0-9A-F:]{95})/);
		const { socket } = await shake(t, server, { rejectUnauthorized: false });
		const cert = socket.getPeerX509Certificate();
		assert.equal(cert.fingerprint256, fingerprint);
		assert.equal(cert.publicKey.asymmetricKeyDetails.namedCurve, "prime256v1");
		for (const name of ["localhost", os.hostname()])
			assert.ok(cert.checkHost(name), `${name} in ${cert.subjectAltName}`);
		for (const ip of ["127.0.0.1", "::1"])
			assert.ok(cert.checkIP(ip), `${ip} in ${cert.subjectAltName}`);
		const days = (Date.parse(cert.validTo) - Date.parse(cert.validFrom)) / 86400000;
		assert.ok(days > 390 && days <= 398, String(days));
		/* whoever believes that one certificate is content */
		const ws = await RawWs.open(t, secure(server, { ca: cert.toString() }));
		assert.equal((await ws.data(5)).toString(), "hello");
		/* a reload keeps it */
		server.kill("SIGHUP");
		await server.says(/reloaded/);
		assert.equal((await shake(t, server, { rejectUnauthorized: false })).socket.getPeerX509Certificate().fingerprint256, fingerprint);
		/* the next start has another */
		const other = await start(t, ["--self-signed", AT, b.at]);
		assert.doesNotMatch(other.said, new RegExp(fingerprint));
	});

	test("--state-dir keeps it; an old one is replaced; a key is its owner's alone", async (t) => {
		const dir = path.join(folder(t), "new account", "state"), to = `127.0.0.1:${await deadPort()}`, kept = path.join(dir, "self-signed.pem");
		const words = ["--self-signed", "--state-dir", dir, AT, to];
		const fingerprint = (server) => /sha256=([0-9A-F:]{95})/.exec(server.said)[1];
		const one = await start(t, words), two = await start(t, words);
		assert.equal(fingerprint(one), fingerprint(two));
		assert.equal(statSync(kept).mode & 0o777, 0o600);
		assert.equal(statSync(dir).mode & 0o777, 0o700);
		assert.equal(statSync(path.dirname(dir)).mode & 0o777, 0o700, "as what it had to make above");
		makeServer("soon", ["localhost"], "--from", at(-1000), "--to", at(13 * 24 * 3600));
		writeFileSync(kept, Buffer.concat([bytes("soon"), bytes("soon-key")]));
		const three = await start(t, words);
		assert.notEqual(fingerprint(three), fingerprint(one));
		assert.doesNotMatch(three.said, / warn /);
		assert.equal(fingerprint(await start(t, words)), fingerprint(three));
		assert.equal((await shake(t, three, { ca: readFileSync(kept) })).ready, true);
	});

	test("a state directory that cannot be used: exit 1", async (t) => {
		const dir = folder(t);
		writeFileSync(path.join(dir, "no"), "");
		const server = await run(["--self-signed", "--state-dir", path.join(dir, "no", "such"), AT, "127.0.0.1:1"]);
		assert.equal(server.code, 1);
		assert.match(server.said, /^websplice: state directory .*no\/such: not a directory; .*--state-dir\n$/);
		writeFileSync(path.join(dir, "self-signed.pem"), "nonsense");
		const broken = await run(["--self-signed", "--state-dir", dir, AT, "127.0.0.1:1"]);
		assert.equal(broken.code, 1);
		assert.match(broken.said, /^websplice: .*self-signed\.pem: /);
	});
});

test("a password from a pipe is read once and serves every reload", async (t) => {
	const dir = folder(t), key = path.join(dir, "key.pem"), pipe = path.join(dir, "password");
	execFileSync("openssl", ["pkey", "-in", file("server-key"), "-aes256", "-passout", "pass:sesame", "-out", key]);
	execFileSync("mkfifo", [pipe]);
	const writer = spawn("sh", ["-c", 'echo sesame >"$1"', "sh", pipe], { stdio: "ignore" });
	later(t, () => writer.kill("SIGKILL"));
	const server = await start(t, ["--cert", file("server"), "--key", key, "--key-password-file", pipe, AT, `127.0.0.1:${await deadPort()}`]);
	assert.ok((await shake(t, server)).ready);
	server.kill("SIGHUP");
	await server.says(/reloaded/);
	assert.ok((await shake(t, server)).ready);
	assert.equal(server.count(/reload failed/), 0);
});
