/* launch.sh with TLS: the address it prints is an https one that answers, and nothing failed on the way. */

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import { deadPort, folder } from "./lib/backends.mjs";
import { bytes, pair } from "./lib/certs.mjs";
import { proc } from "./lib/proc.mjs";
import { RawWs } from "./lib/rawws.mjs";
import { BIN, ROOT } from "./lib/server.mjs";
import { event, within } from "./lib/wait.mjs";

/* Starts it; gives {run, url, port}. */
async function launched(t, args, env = {}) {
	const port = await deadPort();
	const run = proc(t, [path.join(ROOT, "scripts/launch.sh"), "--testcard", "--listen", `127.0.0.1:${port}`, ...args],
		{ env: { WEBSPLICE: BIN, ...env }, cwd: folder(t) });
	const [, url] = await run.says(/^ +(https?:\/\/\S+\/vnc\.html)/m);
	return { run, url, port };
}

async function get(url, options) {
	const [answer] = await event(https.get(url, options), "response");
	const cert = answer.socket.getPeerX509Certificate();
	answer.resume();
	await within("the page", new Promise((done) => answer.on("end", done)));
	return { status: answer.statusCode, cert };
}

test("--ssl-only, --cert, --key: https, and wss beneath it", async (t) => {
	const { url, port } = await launched(t, ["--ssl-only", ...pair("server")]);
	assert.match(url, /^https:\/\/127\.0\.0\.1:/);
	assert.equal((await get(url, { ca: bytes("ca") })).status, 200);
	const ws = await RawWs.open(t, { port, host: "127.0.0.1", tls: { ca: bytes("ca"), servername: "localhost" } });
	assert.equal((await ws.data(12)).toString(), "RFB 003.008\n");
	await assert.rejects(RawWs.open(t, port), /400/);
});

test("--self-signed: the fingerprint is told, and the next start has the same one", async (t) => {
	const state = folder(t);
	const prints = [];
	for (let i = 0; i < 2; i++) {
		const { run, url } = await launched(t, ["--self-signed"], { XDG_STATE_HOME: state });
		assert.match(url, /^https:/);
		const { status, cert } = await get(url, { rejectUnauthorized: false, agent: false });
		assert.equal(status, 200);
		assert.ok(run.err.includes(cert.fingerprint256), run.err);
		prints.push(cert.fingerprint256);
		await run.stop();
		assert.doesNotMatch(run.err, /TLS failed/, "launch.sh asks whether it answers, whatever its certificate");
	}
	assert.equal(prints[0], prints[1]);
	assert.equal(statSync(path.join(state, "websplice/self-signed.pem")).mode & 0o777, 0o600);
});
