/* More of other people's TLS: which certificate they get by themselves, and what they may ask for
 * once they are connected; the password of the keys on both sides; and what is said of what cannot be.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { describe } from "node:test";
import tls from "node:tls";
import { deadPort, folder } from "./lib/backends.mjs";
import { bytes, client, file, nodePair, pair } from "./lib/certs.mjs";
import { proc } from "./lib/proc.mjs";
import { RawWs, Wire } from "./lib/rawws.mjs";
import { openSecure } from "./lib/secure.mjs";
import { run, start } from "./lib/server.mjs";
import { later, until } from "./lib/wait.mjs";

const AT = "127.0.0.1:0";

const served = async (t, ...words) => start(t, [...words, AT, `127.0.0.1:${await deadPort()}`]);
const gnutls = (server, ...words) =>
	["gnutls-cli", "--x509cafile", file("ca"), "--verify-hostname=localhost", "-p", String(server.port), ...words, "127.0.0.1"];
const openssl = (server, ...words) =>
	["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`, "-servername", "localhost", "-CAfile", file("ca"), ...words];

describe("certificates of both kinds, RSA first", () => {
	const both = [...pair("server-rsa"), ...pair("server")];

	for (const [what, words, want] of [
		["by default", [], /\(ECDSA-SECP256R1-SHA256\)/],
		["TLS 1.2", ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2"], /\(TLS1\.2.*\(ECDSA-/],
		["with RSA alone", ["--priority", "NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256"], /\(RSA-PSS-RSAE-SHA256\)/],
	])
		test(`gnutls-cli ${what}`, async (t) => {
			const peer = proc(t, gnutls(await served(t, ...both), ...words));
			await peer.says(/Description: .*/);
			assert.match(/Description: .*/.exec(peer.out)[0], want, peer.out + peer.err);
			assert.match(peer.out, /The certificate is trusted/);
		});

	test("an ECDSA certificate that is not for servers is nobody's", async (t) => {
		client("not-a-server", "localhost");
		const peer = proc(t, openssl(await served(t, ...pair("not-a-server"), ...both.slice(0, 4)), "-verify_return_error"));
		await peer.says(/Peer signature type: .*/);
		assert.match(peer.out, /Peer signature type: .*rsa.pss/i);
	});
});

describe("the password is for every encrypted key", () => {
	/* An echo that wants a certificate; who showed one. */
	async function strictEcho(t) {
		const b = { names: [] };
		const server = tls.createServer({ ...nodePair("server"), ca: bytes("ca"), requestCert: true, rejectUnauthorized: true }, (socket) => {
			b.names.push(socket.getPeerCertificate().subject.CN);
			socket.on("error", () => {});
			socket.pipe(socket);
			later(t, () => socket.destroy());
		});
		later(t, () => server.close());
		await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
		b.at = `localhost:${server.address().port}`;
		return b;
	}

	function locked(dir, base) {
		const key = path.join(dir, `${base}-locked.pem`);
		execFileSync("openssl", ["pkey", "-in", file(`${base}-key`), "-aes256", "-passout", "pass:sesame", "-out", key]);
		return key;
	}

	async function echoes(ws) {
		ws.send("open sesame");
		assert.equal((await ws.data(11)).toString(), "open sesame");
	}

	test("--ssl-target-key alone, beside another one, and beside one that is not encrypted", async (t) => {
		client("dave");
		const dir = folder(t), b = await strictEcho(t), password = path.join(dir, "password");
		const target = ["--ssl-target", "--ssl-target-cafile", file("ca"), "--ssl-target-cert", file("dave"), "--ssl-target-key", locked(dir, "dave"), AT, b.at];
		writeFileSync(password, "sesame\n");
		const alone = await start(t, ["--key-password-file", password, ...target]);
		await echoes(await RawWs.open(t, alone.port));
		const both = await start(t, ["--cert", file("server"), "--key", locked(dir, "server"), "--key-password=sesame", ...target]);
		await echoes(await openSecure(t, both));
		const one = await start(t, [...pair("server"), "--key-password-file", password, ...target]);
		await echoes(await openSecure(t, one));
		const self = await start(t, ["--self-signed", "--key-password-file", password, ...target]);
		await echoes(await RawWs.open(t, self.port));
		assert.deepEqual(b.names, ["dave", "dave", "dave", "dave"]);
		const wrong = await run(["--key-password=sesam", ...target]);
		assert.equal(wrong.code, 1);
		assert.match(wrong.said, /^websplice: .*dave-locked\.pem: the password does not open the key\n$/);
	});
});

/* openssl's commands: k: new keys for what I send; K: and I want some of yours. */
describe("new keys under way (TLS 1.3 KeyUpdate)", { skip: process.env.MBEDTLS === "system" && "not with the distribution's Mbed TLS" }, () => {
	const ciphers = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

	for (const cipher of ciphers)
		test(`openssl s_client, ${cipher}`, async (t) => {
			const web = folder(t), words = "<p>new keys\n";
			writeFileSync(path.join(web, "index.html"), words);
			const peer = proc(t, openssl(await served(t, "--web", web, ...pair("server")), "-tls1_3", "-msg", "-ciphersuites", cipher));
			await peer.says(/Verify return code: 0/);
			for (const [n, command] of ["k\n", "K\n", "K\n", "k\n"].entries()) {
				peer.child.stdin.write(command);
				await until(() => `${peer.err}\n${n}`, () => peer.err.match(/KEYUPDATE/g)?.length === n + 1 || peer.ended);
				peer.child.stdin.write("GET / HTTP/1.1\nHost: localhost\n\n".replaceAll("\n", "\r\n"));
				await until(() => `the page; it said:\n${peer.out.slice(-2000)}${peer.err}`, () => peer.out.split(words).length === n + 2 || peer.ended);
				assert.ok(!peer.ended, peer.out.slice(-2000) + peer.err);
			}
			assert.equal(peer.out.match(/<<< .*KeyUpdate/g).length, 2);
			assert.doesNotMatch(peer.err, /error|unexpected eof/i);
		});

	test("openssl s_server as the backend", async (t) => {
		const port = await deadPort();
		const peer = proc(t, ["openssl", "s_server", "-accept", `127.0.0.1:${port}`, "-tls1_3", "-msg",
			"-cert", file("server"), "-key", file("server-key")]);
		await peer.says(/ACCEPT/);
		const server = await start(t, ["--ssl-target", "--ssl-target-cafile", file("ca"), AT, `localhost:${port}`]);
		const ws = await RawWs.open(t, server.port);
		for (const [i, command] of ["k\n", "K\n", "K\n", "k\n"].entries()) {
			const down = `to the client ${i}\n`, up = `to the backend ${i}\n`;
			peer.child.stdin.write(command); /* what came with it in one read would be part of it */
			await until(() => `it asks; it said:\n${peer.out}${peer.err}`, () => peer.out.match(/>>> .*KeyUpdate/g)?.length === i + 1);
			peer.child.stdin.write(down);
			assert.equal((await ws.data(down.length)).toString(), down);
			ws.send(up);
			await peer.says(new RegExp(up.trim()));
		}
		assert.equal(peer.out.match(/<<< .*KeyUpdate/g).length, 2);
		assert.equal(server.count(/KeyUpdate/), 0);
	});
});

describe("in so many words", () => {
	test("--ssl-only and no Host: a sentence all the same", async (t) => {
		const server = await served(t, ...pair("server"), "--ssl-only");
		const one = await Wire.connect(t, server.port);
		one.write("GET / HTTP/1.0\r\n\r\n");
		const { status, body } = await one.answer();
		assert.equal(status, 400);
		assert.equal(body, "this port speaks TLS only: use the same address with https:// in front\n");
	});

	test("Ed25519: neither as a key nor as what a certificate is signed with", async (t) => {
		const dir = folder(t), at = (name) => path.join(dir, name), openssl = (...words) => execFileSync("openssl", words, { stdio: "pipe" });
		const both = (a, b) => Buffer.concat([readFileSync(a), readFileSync(b)]);
		const says = async (words, want) => {
			const tried = await run([...words, AT, "127.0.0.1:1"]);
			assert.equal(tried.code, 1);
			assert.match(tried.said, want);
		};
		openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", at("ed-key.pem"), "-out", at("ed.pem"), "-subj", "/CN=localhost");
		const unsupported = /^websplice: .*\/(ed-key|one)\.pem: this kind of key is not supported; use RSA or ECDSA/;
		await says(["--cert", at("ed.pem"), "--key", at("ed-key.pem")], unsupported);
		writeFileSync(at("one.pem"), both(at("ed-key.pem"), at("ed.pem")));
		await says(["--cert", at("one.pem")], unsupported);
		writeFileSync(at("chain.pem"), both(at("ed.pem"), file("ca")));
		await says(["--cert", at("chain.pem"), "--key", at("ed-key.pem")], unsupported);
		openssl("req", "-new", "-key", file("server-key"), "-subj", "/CN=localhost", "-out", at("request.pem"));
		openssl("x509", "-req", "-in", at("request.pem"), "-CA", at("ed.pem"), "-CAkey", at("ed-key.pem"), "-set_serial", "7", "-out", at("signed.pem"));
		await says(["--cert", at("signed.pem"), "--key", file("server-key")], /^websplice: .*\/signed\.pem: signed with a kind of key that is not supported/);
	});
});
