/* Other people's TLS: openssl's client and GnuTLS's, each in both versions, and the certificates
 * script that all of these tests stand on.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { describe } from "node:test";
import { deadPort, folder } from "./lib/backends.mjs";
import { bytes, client, file, pair } from "./lib/certs.mjs";
import { proc, run } from "./lib/proc.mjs";
import { ROOT, start } from "./lib/server.mjs";
import { until } from "./lib/wait.mjs";

const AT = "127.0.0.1:0";
const BODY = "<p>hello\n".repeat(30000);
const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/* A page of more records than one, from a server with certificates of both kinds. */
async function served(t, ...words) {
	const web = folder(t);
	writeFileSync(path.join(web, "index.html"), BODY);
	return start(t, ["--web", web, ...pair("server"), ...pair("server-rsa"), ...words, AT, `127.0.0.1:${await deadPort()}`]);
}

/* Asks for the page and reads to the end, which the server makes. */
async function fetched(t, argv) {
	const peer = proc(t, argv);
	peer.child.stdin.write(REQUEST);
	await until(() => `the page; it said:\n${peer.out.slice(0, 2000)}${peer.err}`, () => peer.out.includes(BODY) || peer.ended);
	assert.ok(peer.out.includes(BODY), `${peer.out.slice(0, 2000)}${peer.err}`);
	peer.child.stdin.end();
	await until("it ends", () => peer.ended);
	return peer;
}

describe("openssl s_client", () => {
	for (const version of ["-tls1_2", "-tls1_3"])
		for (const sigalgs of ["ECDSA+SHA256", "RSA-PSS+SHA256:RSA+SHA256"])
			test(`${version} ${sigalgs}`, async (t) => {
				const server = await served(t);
				const peer = await fetched(t, ["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`, "-servername", "localhost",
					"-verify_hostname", "localhost", "-CAfile", file("ca"), "-verify_return_error", "-quiet", "-no_ign_eof", version, "-sigalgs", sigalgs]);
				assert.doesNotMatch(peer.err, /error|unexpected eof/i);
			});

	test("a client certificate", async (t) => {
		client("carol");
		const server = await served(t, "--verify-client", "--cafile", file("ca"));
		await fetched(t, ["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`, "-servername", "localhost", "-CAfile", file("ca"),
			"-quiet", "-no_ign_eof", "-cert", file("carol"), "-key", file("carol-key")]);
	});

	test("neither renegotiation nor compression", async (t) => {
		const server = await served(t);
		const s = proc(t, ["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`, "-CAfile", file("ca"), "-tls1_2", "-comp"]);
		await s.says(/Compression: NONE/);
		s.child.stdin.write("R\n");
		await until(() => `it gives up: ${s.out}${s.err}`, () => s.ended);
		assert.match(s.err + s.out, /RENEGOTIATING/);
		assert.notEqual(s.code, 0);
	});
});

describe("gnutls-cli", () => {
	for (const version of ["VERS-TLS1.2", "VERS-TLS1.3"])
		for (const sign of ["SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256", "SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256:+SIGN-ECDSA-SHA256"])
			test(`${version} ${sign.slice(0, 10)}`, async (t) => {
				const server = await served(t);
				const peer = await fetched(t, ["gnutls-cli", "--x509cafile", file("ca"), "--verify-hostname=localhost", "-p", String(server.port),
					"--priority", `NORMAL:-VERS-ALL:+${version}:-SIGN-ALL:+${sign}`, "127.0.0.1"]);
				assert.match(peer.out, /The certificate is trusted/);
				assert.match(peer.out, version === "VERS-TLS1.2" ? /TLS1\.2/ : /TLS1\.3/);
				assert.doesNotMatch(peer.err, /fatal|Error/i);
			});
});

describe("certs/make-certs.sh", () => {
	const script = (t, ...words) => run([path.join(ROOT, "certs/make-certs.sh"), ...words]);

	test("an authority and what it signs; a second run leaves all as it is", async (t) => {
		const dir = path.join(folder(t), "new folder");
		const first = await script(t, "--dir", dir, "--name", "vnc.example", "--name", "192.0.2.9", "--client", "alice");
		assert.equal(first.code, 0, first.err);
		const all = ["ca", "server", "server-rsa", "client"];
		for (const base of all) {
			assert.ok(readdirSync(dir).includes(`${base}.pem`));
			assert.equal(statSync(path.join(dir, `${base}-key.pem`)).mode & 0o077, 0);
		}
		const verify = execFileSync("openssl", ["verify", "-CAfile", path.join(dir, "ca.pem"), "-purpose", "sslserver", "-verify_ip", "192.0.2.9",
			"-verify_hostname", "vnc.example", path.join(dir, "server.pem"), path.join(dir, "server-rsa.pem")], { encoding: "utf8" });
		assert.equal(verify.match(/: OK/g).length, 2);
		execFileSync("openssl", ["verify", "-CAfile", path.join(dir, "ca.pem"), "-purpose", "sslclient", path.join(dir, "client.pem")]);
		const before = all.map((base) => readFileSync(path.join(dir, `${base}.pem`), "utf8"));
		const again = await script(t, "--dir", dir);
		assert.equal(again.code, 0);
		assert.equal(again.out, "");
		assert.deepEqual(all.map((base) => readFileSync(path.join(dir, `${base}.pem`), "utf8")), before);
		assert.equal((await script(t, "--dir", dir, "--force", "client", "client", "bob")).code, 0);
		assert.notEqual(readFileSync(path.join(dir, "client.pem"), "utf8"), before[3]);
	});

	test("what is a host name and what an address", async (t) => {
		const dir = folder(t);
		for (const [kind, names] of [
			["DNS", ["db01.dc1", "1a.2b.3c.4d", "10.dc1", "cafe", "1.2.3", "1.2.3.4.5", "*.example", "7"]],
			["IP Address", ["192.0.2.7", "2001:db8:0:0:0:0:0:7", "0:0:0:0:0:0:0:1"]],
		])
			for (const name of names) {
				const said = await script(t, "--dir", dir, "--force", "server", "one", name);
				assert.equal(said.code, 0, `${name}: ${said.err}`);
				const told = execFileSync("openssl", ["x509", "-in", path.join(dir, "one.pem"), "-noout", "-ext", "subjectAltName"], { encoding: "utf8" });
				assert.equal(told.trim().split("\n").at(-1).trim(), `${kind}:${kind === "DNS" ? name : name.toUpperCase()}`);
			}
	});

	test("revoked is revoked", async (t) => {
		const dir = folder(t);
		for (const words of [["client", "one", "one"], ["client", "two", "two"], ["revoke", "one"]])
			assert.equal((await script(t, "--dir", dir, ...words)).code, 0);
		const verify = (base) => run(["openssl", "verify", "-crl_check", "-CAfile", path.join(dir, "ca.pem"), "-CRLfile", path.join(dir, "crl.pem"), path.join(dir, `${base}.pem`)]);
		assert.match((await verify("one")).err, /certificate revoked/);
		assert.equal((await verify("two")).code, 0);
	});

	test("what it writes is ignored by git; wrong words exit 2; --help", async (t) => {
		const ignored = execFileSync("git", ["check-ignore", "certs/ca.pem", "certs/server-key.pem", "certs/ca-index.txt"], { cwd: ROOT, encoding: "utf8" });
		assert.equal(ignored.trim().split("\n").length, 3);
		const dir = folder(t);
		mkdirSync(path.join(dir, "x"));
		for (const words of [["--colour"], ["dance"], ["server", "x"], ["client", "x"], ["revoke"], ["--days", "many"], ["--from", "20200101000000Z"], ["--dir"],
			["server", "x", "a;b"], ["server", "x", "vnc.example:6080"]]) {
			const said = await script(t, "--dir", dir, ...words);
			assert.equal(said.code, 2, words.join(" "));
			assert.match(said.err, /^make-certs\.sh: .*--help/);
		}
		const help = await script(t, "--help");
		assert.equal(help.code, 0);
		assert.match(help.out, /^Usage: make-certs\.sh/);
		assert.ok(bytes("ca").length > 0);
	});
});
