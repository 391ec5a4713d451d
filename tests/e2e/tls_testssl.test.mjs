/* What testssl.sh, which looks for what is weak in a TLS server, finds in this one: nothing. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { deadPort, folder } from "./lib/backends.mjs";
import { pair } from "./lib/certs.mjs";
import { run } from "./lib/proc.mjs";
import { start } from "./lib/server.mjs";

/* About testssl's own openssl and clock, not about us. */
const NOT_OURS = ["engine_problem", "scanTime", "scanProblem"];

test("testssl.sh: no weak protocol, cipher or known vulnerability", async (t) => {
	const report = path.join(folder(t), "report.json");
	const server = await start(t, [...pair("server"), ...pair("server-rsa"), "127.0.0.1:0", `127.0.0.1:${await deadPort()}`]);
	/* protocols, kinds of ciphers, forward secrecy, vulnerabilities */
	const said = await run(["timeout", "400", "testssl", "--quiet", "--color", "0", "--warnings", "off", "--sneaky", "-p", "-s", "-f", "-U",
		"--jsonfile", report, `https://127.0.0.1:${server.port}`], { ms: 420000 });
	const found = JSON.parse(readFileSync(report, "utf8"));
	const of = (id) => found.find((one) => one.id === id)?.finding;
	assert.match(of("TLS1_2") ?? "", /^offered/, said.out);
	assert.match(of("TLS1_3") ?? "", /^offered/);
	for (const id of ["heartbleed", "ROBOT", "secure_client_renego", "CRIME_TLS", "SWEET32", "LUCKY13", "BEAST"])
		assert.ok(of(id), `${id} was looked for`);
	const weak = found.filter((one) => !["OK", "INFO"].includes(one.severity) && !NOT_OURS.includes(one.id));
	assert.deepEqual(weak, []);
});
