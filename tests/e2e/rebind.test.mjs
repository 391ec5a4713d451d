/* variants: asan */
/* rebind.so and `rebind`, loaded into real programs on this machine. What others on the network
 * see of it is in rebind_net.test.mjs; every branch of the shim is in tests/unit/test_rebind*.c.
 */

import assert from "node:assert/strict";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { deadPort, folder } from "./lib/backends.mjs";
import { proc, run } from "./lib/proc.mjs";
import { REBIND, SHIM, sanitizer, shim } from "./lib/shim.mjs";
import { ROOT, tool } from "./lib/server.mjs";
import { SANITIZED, later, until } from "./lib/wait.mjs";

const isRoot = process.getuid() === 0;
const rebind = (words, options = {}) =>
	run([REBIND, ...words], { ...options, env: { REBIND_SO: SHIM, ...options.env } });

describe("rebind.so", () => {
	test("shows nothing but what it overrides", async () => {
		const { out } = await run(["nm", "-D", "--defined-only", SHIM]);
		assert.deepEqual(out.trim().split("\n").map((line) => line.replace(/^\S+ /, "")).sort(), ["T bind", "T listen"]);
	});

	test("runs nothing when it is loaded, and needs nothing but the C library", async () => {
		const { out } = await run(["readelf", "-dW", SHIM]);
		assert.doesNotMatch(out, /\((INIT|FINI|INIT_ARRAY|FINI_ARRAY|PREINIT_ARRAY)\)/);
		assert.match(out, /\(FLAGS\) .*BIND_NOW/);
		for (const [, needed] of out.matchAll(/\(NEEDED\).*\[(.*)\]/g))
			assert.match(needed, /^lib(c|dl)\.so\./);
	});

	test("leaves every other call as it is, errno and all", async () => {
		const port = String(await deadPort());
		const plain = await run([tool("rebind_calls"), port]);
		const moved = await run([tool("rebind_calls"), port], { env: shim(port, 0) });
		assert.equal(plain.code, 0, plain.err);
		assert.ok(plain.out.split("\n").length > 50, plain.out);
		for (const error of ["EINVAL", "EADDRINUSE", "ENOTSOCK", "EBADF", "fine"])
			assert.match(plain.out, new RegExp(error));
		assert.equal(moved.out, plain.out);
		assert.equal(moved.code, 0, moved.err);
	});

	test("allocates nothing, the first call included", { skip: SANITIZED && "the sanitizer has a heap of its own" }, async (t) => {
		const port = await deadPort();
		const heap = path.join(folder(t), "heap");
		const env = shim(port, 0, { REBIND_REPORT: "@websplice-nobody", TEST_HEAP: heap });
		env.LD_PRELOAD += `:${tool("preload_heap")}`;
		const { out, err } = await run([tool("rebind_calls"), String(port), "heap"], { env });
		assert.equal(out, "allocations 0\n", err);
	});

	for (const [old, now] of [["REBIND_OLD_PORT", "REBIND_NEW_PORT"], ["REBIND_PORT_OLD", "REBIND_PORT_NEW"]]) {
		test(`${old} and ${now}`, async (t) => {
			const from = await deadPort(), to = await deadPort();
			const server = proc(t, [tool("rebind_server"), String(from), "hello", "4"],
				{ env: { ...sanitizer, LD_PRELOAD: SHIM, [old]: from, [now]: to } });
			assert.equal((await server.says(/at (.*) pid/))[1], `127.0.0.1 ${to}`);
		});
	}

	test("a new port that is taken is an error, not another port", async (t) => {
		const from = await deadPort(), to = await deadPort();
		const env = shim(from, to);
		const first = proc(t, [tool("rebind_server"), String(from), "hello", "4"], { env });
		await first.says(/ready/);
		const { code, out, err } = await run([tool("rebind_server"), String(from), "hello", "4"], { env });
		assert.equal(code, 1);
		assert.equal(out, "");
		assert.match(err, /Address already in use/);
	});
});

describe("reports", () => {
	let serial = 0;

	/* A receiver, and the environment for a program that reports to it. */
	async function receiver(t, from, to = 0) {
		const name = `websplice-rebind-${process.pid}-${serial++}`;
		const reports = proc(t, [tool("rebind_reports"), name]);
		await reports.says(/ready/);
		return { reports, env: shim(from, to, { REBIND_REPORT: `@${name}`, REBIND_REPORT_KEY: "open sesame".replace(" ", "-") }) };
	}

	/* The first n, as {uid, sender, event, address, port, pid, family, key}. */
	async function heard(reports, n) {
		await until(() => `${n} reports; there are:\n${reports.out}`, () => reports.out.split("\n").length >= n + 2);
		return reports.out.trim().split("\n").slice(1).map((line) => {
			const fields = /^uid=(\d+) pid=(\d+) (\w+) (\S+) (\d+) pid=(\d+) family=([46])(?: errno=(\d+))? key=(\S+)$/.exec(line);
			assert.ok(fields, line);
			const [, uid, sender, event, address, port, pid, family, errno, key] = fields;
			return { uid, sender, event, address, port, pid, family, errno, key };
		});
	}

	test("say where a server is and when it is ready", async (t) => {
		const from = await deadPort();
		const { reports, env } = await receiver(t, from);
		const server = proc(t, [tool("rebind_server"), String(from), "hello", "4", "6"], { env });
		await server.says(/ready/);
		const at = [...server.out.matchAll(/at (\S+) (\d+) pid=(\d+)/g)];
		const all = await heard(reports, 4);
		const about = (fields) => ({ uid: String(process.getuid()), sender: at[0][3], pid: at[0][3], errno: undefined, key: "open-sesame", ...fields });
		assert.deepEqual(all, [
			about({ event: "bind", address: "127.0.0.1", port: at[0][2], family: "4" }),
			about({ event: "listen", address: "127.0.0.1", port: at[0][2], family: "4" }),
			about({ event: "bind", address: "::1", port: at[1][2], family: "6" }),
			about({ event: "listen", address: "::1", port: at[1][2], family: "6" }),
		]);
		const { out } = await run([tool("knock"), "1", "127.0.0.1", at[0][2]]);
		assert.equal(out, `${at[0][2]} open hello 127.0.0.1 ${at[0][2]}\n`);
	});

	test("come from a daemonised grandchild that closed all it had", async (t) => {
		const from = await deadPort();
		const { reports, env } = await receiver(t, from);
		const server = proc(t, [tool("rebind_server"), String(from), "hello", "daemon", "4"], { env });
		const [, port, pid] = await server.says(/at 127.0.0.1 (\d+) pid=(\d+)\nready/);
		later(t, () => process.kill(Number(pid), "SIGKILL"));
		assert.notEqual(Number(pid), server.pid);
		const all = await heard(reports, 2);
		assert.deepEqual(all.map((r) => [r.event, r.port, r.pid, r.sender]), [["bind", port, pid, pid], ["listen", port, pid, pid]]);
	});

	test("come from a program that became somebody else", { skip: !isRoot && "only root can become nobody" }, async (t) => {
		const from = await deadPort();
		const { reports, env } = await receiver(t, from);
		const server = proc(t, [tool("rebind_server"), String(from), "hello", "drop", "4"], { env });
		await server.says(/ready/);
		const all = await heard(reports, 2);
		assert.deepEqual(all.map((r) => [r.event, r.uid, r.key]), [["bind", "65534", "open-sesame"], ["listen", "65534", "open-sesame"]]);
	});

	test("name the error when the new port cannot be had", async (t) => {
		const from = await deadPort(), to = await deadPort();
		const { reports, env } = await receiver(t, from, to);
		const first = proc(t, [tool("rebind_server"), String(from), "hello", "4"], { env });
		await first.says(/ready/);
		await run([tool("rebind_server"), String(from), "hello", "4"], { env });
		const all = await heard(reports, 3);
		assert.deepEqual(all.map((r) => [r.event, r.port, r.errno]),
			[["bind", String(to), undefined], ["listen", String(to), undefined], ["fail", String(to), "98"]]);
	});

	test("one port for 16 threads, and for each of 16 children one of its own", async (t) => {
		const from = await deadPort();
		for (const [crowd, ports] of [["x16", 1], ["fork16", 16]]) {
			const server = proc(t, [tool("rebind_server"), String(from), "hello", "reuseport", crowd, "4"], { env: shim(from, 0) });
			await server.says(/ready/);
			const at = [...server.out.matchAll(/at 127.0.0.1 (\d+) pid/g)].map(([, port]) => port);
			assert.equal(at.length, 16, server.out);
			assert.equal(new Set(at).size, ports);
		}
	});

	test("children of a server that has bound keep to its port", async (t) => {
		const from = await deadPort();
		const server = proc(t, [tool("rebind_server"), String(from), "hello", "reuseport", "4", "fork16", "4"], { env: shim(from, 0) });
		await server.says(/ready/);
		const at = [...server.out.matchAll(/at 127.0.0.1 (\d+) pid/g)].map(([, port]) => port);
		assert.equal(at.length, 17, server.out);
		assert.equal(new Set(at).size, 1);
	});
});

describe("rebind", () => {
	const usage = /^rebind: .*\nUsage: rebind OLD NEW COMMAND/;

	for (const words of [[], ["5901"], ["5901", "41234"]]) {
		test(`with ${words.length} words: usage, exit 2`, async () => {
			const { code, out, err } = await rebind(words);
			assert.equal(code, 2);
			assert.equal(out, "");
			assert.match(err, usage);
		});
	}

	for (const [old, now] of [["0", "1"], ["65536", "1"], ["", "1"], ["x", "1"], ["-1", "1"], ["1", "65536"], ["1", "1x"],
		["1", " 2"], ["99999999999999999999", "1"], ["1", "0"]]) {
		test(`from "${old}" to "${now}": usage, exit 2`, async () => {
			const { code, out, err } = await rebind([old, now, "echo", "ran"]);
			assert.equal(code, 2);
			assert.equal(out, "");
			assert.match(err, usage);
		});
	}

	test("--help is the usage, on standard output", async () => {
		const { code, out, err } = await rebind(["--help"]);
		assert.equal(code, 0);
		assert.match(out, /^Usage: rebind OLD NEW COMMAND/);
		assert.equal(err, "");
	});

	test("moves a server", async (t) => {
		const from = await deadPort(), to = await deadPort();
		const server = proc(t, [REBIND, String(from), String(to), tool("rebind_server"), String(from), "hello", "4"],
			{ env: { ...sanitizer, REBIND_SO: SHIM } });
		await server.says(/ready/);
		const { out } = await run([tool("knock"), "1", "127.0.0.1", String(from), String(to)]);
		assert.equal(out, `${from} refused\n${to} open hello 127.0.0.1 ${to}\n`);
	});

	test("moves a server that a script starts", async (t) => {
		const from = await deadPort(), to = await deadPort();
		const script = path.join(folder(t), "start server");
		writeFileSync(script, `#!/bin/sh\nsh -c '"$0" "$@"' "$@"\n`, { mode: 0o755 });
		const server = proc(t, [REBIND, String(from), String(to), script, tool("rebind_server"), String(from), "hello", "4"],
			{ env: { ...sanitizer, REBIND_SO: SHIM } });
		assert.equal((await server.says(/at (.*) pid/))[1], `127.0.0.1 ${to}`);
	});

	test("hands on arguments, environment, exit code and signals' deaths", async () => {
		const { code, out } = await rebind(["5901", "41234", "sh", "-c", 'printf "<%s>" "$@" "$REBIND_OLD_PORT" "$REBIND_NEW_PORT"; exit 7',
			"sh", "a  b", "", "*", "--help"]);
		assert.equal(out, "<a  b><><*><--help><5901><41234>");
		assert.equal(code, 7);
		assert.equal((await rebind(["5901", "41234", "sh", "-c", "kill -TERM $$"])).signal, "SIGTERM");
	});

	test("what was preloaded already stays", async () => {
		const { out } = await rebind(["5901", "41234", "printenv", "LD_PRELOAD"], { env: { LD_PRELOAD: "libc.so.6" } });
		assert.equal(out, `${SHIM}:libc.so.6\n`);
	});

	test("no such command: 127; one that cannot be run: 126", async (t) => {
		const dir = folder(t);
		writeFileSync(path.join(dir, "text"), "text\n", { mode: 0o644 });
		for (const [command, exit] of [["no-such-command", 127], ["/no/such/command", 127], [path.join(dir, "text"), 126], [dir, 126]]) {
			const { code, err } = await rebind(["5901", "41234", command]);
			assert.equal(code, exit);
			assert.match(err, /^rebind: .*: (not found|cannot be run)\n$/);
			assert.ok(err.includes(command));
		}
	});

	test("no rebind.so: exit 1, and where it was looked for", async () => {
		const { code, err } = await run([REBIND, "5901", "41234", "true"], { env: { REBIND_SO: "/no/rebind.so" } });
		assert.equal(code, 1);
		assert.match(err, /^rebind: there is no \/no\/rebind.so;/);
	});

	/* A path LD_PRELOAD cannot hold would leave the program open to everybody, with a warning at
	 * most. */
	for (const name of ["with blank", "with:colon", "with\ttab"]) {
		test(`rebind.so in a folder "${name}": exit 1, and why`, async (t) => {
			const dir = path.join(folder(t), name);
			mkdirSync(dir);
			copyFileSync(SHIM, path.join(dir, "rebind.so"));
			const { code, out, err } = await run([REBIND, "5901", "41234", "echo", "ran"], { env: { REBIND_SO: path.join(dir, "rebind.so") } });
			assert.equal(code, 1);
			assert.equal(out, "");
			assert.match(err, /cannot be preloaded: LD_PRELOAD separates names by blanks and colons/);
		});
	}

	/* {bin, lib} of an installed tree; `libdir` is what `make install` writes into the script. */
	function installed(t, lib, libdir = "") {
		const prefix = folder(t);
		mkdirSync(path.join(prefix, "bin"));
		mkdirSync(path.join(prefix, lib, "websplice"), { recursive: true });
		copyFileSync(SHIM, path.join(prefix, lib, "websplice/rebind.so"));
		const script = readFileSync(REBIND, "utf8").replace(/^libdir=.*$/m, libdir && `libdir='${path.join(prefix, libdir)}'`);
		writeFileSync(path.join(prefix, "bin/rebind"), script, { mode: 0o755 });
		return { command: path.join(prefix, "bin/rebind"), so: path.join(prefix, lib, "websplice/rebind.so") };
	}
	const preloaded = async (command, env) => (await run([command, "1", "2", "printenv", "LD_PRELOAD"], { env })).out.trim();

	test("finds the installed rebind.so", async (t) => {
		for (const [lib, libdir] of [["lib", ""], ["lib/some-machine", "lib/some-machine"]]) {
			const { command, so } = installed(t, lib, libdir);
			assert.equal(await preloaded(command), so);
			const link = path.join(folder(t), "linked");
			symlinkSync(command, link);
			assert.equal(await preloaded(link), so);
			assert.equal(await preloaded("rebind", { PATH: `${path.dirname(command)}:${process.env.PATH}` }), so);
		}
	});

	test("in the tree, finds the one that was built before an installed one", async (t) => {
		const { command, so } = installed(t, "lib");
		const prefix = path.dirname(path.dirname(command));
		const built = path.join(prefix, "build/release/rebind.so");
		mkdirSync(path.join(prefix, "src/rebind"), { recursive: true });
		mkdirSync(path.dirname(built), { recursive: true });
		copyFileSync(SHIM, built);
		assert.equal(await preloaded(command), built);
		rmSync(path.join(prefix, "src"), { recursive: true });
		assert.equal(await preloaded(command), so);
	});

	/* A static program never hears of LD_PRELOAD: rebind says so instead of starting it. */
	test("refuses a static program", async (t) => {
		const program = path.join(folder(t), "static");
		const made = await run(["gcc", "-static", "-pthread", "-D_GNU_SOURCE", "-o", program, path.join(ROOT, "tests/tools/rebind_server.c")]);
		assert.equal(made.code, 0, made.err);
		const from = await deadPort(), to = await deadPort();
		const { code, out, err } = await rebind([String(from), String(to), program, String(from), "hello", "127.0.0.1"]);
		assert.equal(code, 1);
		assert.equal(out, "");
		assert.match(err, /static cannot be moved: it is statically linked, .* would bind port \d+ for everybody/);
		/* what would have happened */
		const server = proc(t, [program, String(from), "hello", "127.0.0.1"], { env: shim(from, to) });
		assert.equal((await server.says(/at (.*) pid/))[1], `127.0.0.1 ${from}`);
	});

	test("refuses a program with more rights than its caller", { skip: !isRoot && "only root can make one" }, async (t) => {
		const dir = folder(t);
		chmodSync(dir, 0o755);
		const copy = (name) => {
			const file = path.join(dir, name);
			copyFileSync("/bin/true", file);
			return file;
		};
		const other = copy("setuid"), group = copy("setgid"), caps = copy("caps"), own = copy("own");
		chownSync(other, 65534, 0);
		chmodSync(other, 0o4755);
		chownSync(group, 0, 65534);
		chmodSync(group, 0o2755);
		chmodSync(own, 0o4755);
		const to = [String(await deadPort()), String(await deadPort())];
		for (const file of [other, group]) {
			const { code, err } = await rebind([...to, file]);
			assert.equal(code, 1);
			assert.match(err, /set-user-ID, set-group-ID or has file capabilities/);
		}
		assert.equal((await rebind([...to, own])).code, 0); /* root's own, run by root */
		assert.equal((await run(["setcap", "cap_net_bind_service+ep", caps])).code, 0);
		copyFileSync(SHIM, path.join(dir, "rebind.so"));
		copyFileSync(REBIND, path.join(dir, "rebind"));
		const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", `REBIND_SO=${dir}/rebind.so`, path.join(dir, "rebind"), ...to];
		assert.equal((await run([...nobody, "/bin/true"])).code, 0);
		for (const file of [caps, own]) {
			const { code, err } = await run([...nobody, file]);
			assert.equal(code, 1, file);
			assert.match(err, /set-user-ID, set-group-ID or has file capabilities/);
		}
	});
});
