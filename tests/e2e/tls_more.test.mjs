/* More of other people's TLS: which certificate they get by themselves, and what they may ask for
 * once they are connected.
 */

import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { deadPort } from "./lib/backends.mjs";
import { client, file, pair } from "./lib/certs.mjs";
import { proc } from "./lib/proc.mjs";
import { start } from "./lib/server.mjs";

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
