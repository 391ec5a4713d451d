/* variants: asan tsan */
/* The command behind --: how it is started, and what is said when it cannot work. What becomes of it
 * afterwards is in wrap.test.mjs.
 */

import assert from "node:assert/strict";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { deadPort, folder } from "./lib/backends.mjs";
import { proc, run as runProc } from "./lib/proc.mjs";
import { BIN, ROOT, run, tool } from "./lib/server.mjs";
import { SHIM, sanitizer } from "./lib/shim.mjs";
import { SANITIZED, VARIANT, pause } from "./lib/wait.mjs";
import { greeter, greeting, wrap } from "./lib/wrapped.mjs";

const isRoot = process.getuid() === 0;
const sh = (script) => ["sh", "-c", script];
const HELLO = /^hello 127\.0\.0\.1 \d+\n$/;

/* A command line that is over at once: how it ended and what it said. */
async function refused(words, code, options = {}) {
	const server = await run(["127.0.0.1:0", ...words], { ...options, env: { ...sanitizer, ...options.env } });
	assert.equal(server.code, code, server.said);
	assert.match(server.said, /^websplice: [^\n]+\n$/);
	return server.said;
}

/* The same with a port that the command is to bind. */
async function refusedMoved(options, command, code = 1, more = {}) {
	const server = await run([...options, `127.0.0.1:${await deadPort()}`, "--", ...command], { ...more, env: { ...sanitizer, ...more.env } });
	assert.equal(server.code, code, server.said);
	assert.match(server.said, /^websplice: [^\n]+\n$/);
	return server.said;
}

describe("how it is born", () => {
	test("our working directory, environment and standard input; a session and a group of its own; no other descriptor", async (t) => {
		const dir = folder(t);
		const server = await wrap(t, ["--log-file=log", "--web=.", "--workers=3"],
			sh("pwd -P; cut -d' ' -f5,6 /proc/$$/stat; echo pid $$; ls -m /proc/self/fd; env | grep -E 'MARK|^REBIND|^LD_'; read line; echo \"$line\""),
			{ cwd: dir, env: { MARK: "of the caller", REBIND_PORT_NEW: "1" } });
		server.child.stdin.write("by hand\n");
		await server.says(/text="by hand"/);
		const said = server.events("command says").map(({ text }) => text);
		assert.equal(said[0], realpathSync(dir));
		const { pid } = await server.event("command started");
		assert.equal(said[1], `${pid} ${pid}`);
		assert.equal(said[2], `pid ${pid}`);
		assert.equal(said[3], "0, 1, 2, 3"); /* the folder is ls's own */
		assert.ok(said.includes("MARK=of the caller"));
		assert.ok(said.includes(`REBIND_OLD_PORT=${server.own}`));
		assert.ok(said.some((line) => /^REBIND_NEW_PORT=\d+$/.test(line)));
		assert.ok(said.includes("REBIND_RESERVED=1"));
		assert.ok(said.some((line) => /^REBIND_REPORT=@websplice-[0-9a-f]{32}$/.test(line)));
		assert.ok(said.some((line) => /^LD_PRELOAD=\/.*rebind\.so$/.test(line)));
		assert.ok(!said.some((line) => line.startsWith("REBIND_PORT_NEW")));
		await server.ends(0);
	});

	test("nothing that our own caller left open: a lock is not held", async (t) => {
		const lock = path.join(folder(t), "lock");
		const at = await deadPort();
		const { out, err } = await runProc(["sh", "-c", `exec 9>'${lock}'; flock 9; exec "$0" "$@" 9>&9`,
			BIN, `127.0.0.1:${at}`, "--", "sh", "-c", "ls -m /proc/self/fd; exit 3"], { env: sanitizer });
		assert.match(err, /command says command=sh text="0, 1, 2, 3"/, out);
	});

	test("whatever our own caller had blocked and ignored", async () => {
		const port = await deadPort();
		const { code, err } = await runProc(["env", "--block-signal=CHLD,TERM,USR1", "--ignore-signal=CHLD,HUP,INT",
			BIN, `127.0.0.1:${port}`, "--", "sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status; exit 6"], { env: sanitizer });
		assert.equal(code, 6, err);
		assert.match(err, /SigBlk:\\t0000000000000000/);
		const [, ignored] = /SigIgn:\\t([0-9a-f]{16})/.exec(err);
		assert.equal(BigInt(`0x${ignored}`) & ~0x180000000n, 0n); /* 32 and 33 are the C library's */
	});

	test("what others want preloaded stays", async (t) => {
		const server = await wrap(t, [], sh("echo $LD_PRELOAD"), { env: { LD_PRELOAD: "" } });
		await server.says(/text=\S+rebind\.so\n/);
		await server.ends(0);
		const other = await wrap(t, [], sh("echo $LD_PRELOAD"), { env: { LD_PRELOAD: tool("preload_names") } });
		await other.says(/text="?\S+rebind\.so:\S*preload_names/);
		await other.ends(0);
	});

	test("--wrap-output: into the log line by line, or as it is", async (t) => {
		const script = sh("echo one; echo two >&2; printf 'half a line'");
		const logged = await wrap(t, [], script);
		await logged.ends(0);
		assert.deepEqual(logged.events("command says").map(({ text }) => text), ["one", "two", "half a line"]);
		assert.equal(logged.out, "");
		const json = await wrap(t, ["--log-format=json"], script);
		await json.ends(0);
		assert.ok(json.said.split("\n").filter(Boolean).map((line) => JSON.parse(line)).some((line) => line.event === "command says" && line.text === "half a line"));
		const raw = await wrap(t, ["--wrap-output=inherit"], script);
		await raw.ends(0);
		assert.equal(raw.out, "one\nhalf a line");
		assert.match(raw.said, /^two$/m);
		assert.equal(raw.events("command says").length, 0);
	});

	test("to a file no line is lost, however short they are", async (t) => {
		const log = path.join(folder(t), "log");
		const port = await deadPort();
		const { code } = await runProc(["sh", "-c", `exec "$0" "$@" 2>'${log}'`, BIN, `127.0.0.1:${port}`, "--", "sh", "-c", "seq 1 10000; yes '' | head -n 1000; yes . | head -n 10000; exit 3"], { env: sanitizer });
		assert.equal(code, 3);
		const said = [...readFileSync(log, "utf8").matchAll(/command says command=sh text=(\S+)$/mg)].map(([, text]) => text);
		assert.equal(said.length, 20000);
		assert.deepEqual(said.slice(0, 10000), Array.from({ length: 10000 }, (_, i) => String(i + 1)));
	});

	test("to a terminal it speaks itself, unless told otherwise", async (t) => {
		const port = await deadPort();
		const line = (option) => ["script", "-qec", `'${BIN}' ${option} 127.0.0.1:${port} -- sh -c 'echo one; echo two >&2'`, "/dev/null"];
		const plain = await runProc(line(""), { env: sanitizer });
		assert.match(plain.out, /^one\r?$/m);
		assert.match(plain.out, /^two\r?$/m);
		assert.doesNotMatch(plain.out, /command says/);
		const logged = await runProc(line("--wrap-output=log"), { env: sanitizer });
		assert.match(logged.out, /command says command=sh text=one/);
		assert.match(logged.out, /command says command=sh text=two/);
	});

	test("arguments are not in the log", async (t) => {
		const server = await wrap(t, ["-v"], ["sleep", "0.0", "0.123456"]);
		await server.ends(0);
		assert.doesNotMatch(server.said, /0\.123456/);
	});
});

describe("what cannot work", () => {
	test("a command that does not exist: exit 127", async () => {
		for (const command of [["websplice-nonesuch"], ["/nonexistent/x", "y"], ["./websplice-nonesuch"]])
			assert.match(await refusedMoved([], command, 127), new RegExp(`there is no command '${command[0]}': `));
		assert.match(await refused(["--", "websplice-nonesuch", "{port}"], 127), /there is no command/);
	});

	test("one that may not be run: exit 126", async () => {
		for (const command of ["/etc/passwd", "/usr"])
			assert.match(await refusedMoved([], [command], 126), new RegExp(`the command '${command}' may not be run: `));
	});

	test("one that cannot be run after all: exit code of the exec, and what is wrong with the file", async (t) => {
		const file = path.join(folder(t), "bad");
		for (const [text, code, why] of [
			["#!/nonexistent/interpreter -x\n", 127, "its first line names the interpreter '/nonexistent/interpreter', and there is no such file"],
			["#! /etc/passwd\n", 126, "its first line names the interpreter '/etc/passwd', which may not be run"],
			["#!/bin/sh\r\nexit 0\r\n", 127, "its first line ends in a carriage return; save it with the line ends of Unix"],
		]) {
			writeFileSync(file, text, { mode: 0o755 });
			assert.equal(await refusedMoved([], [file], code), `websplice: the command '${file}' cannot be run: ${why}\n`);
		}
	});

	test("one that dies at once", async (t) => {
		const server = await wrap(t, [], greeter("not an address"));
		await server.ends(1);
		assert.match(server.said, /command says .*not an address/);
		assert.match(server.said, /command ended .*exit code 1/);
	});

	test("one that never binds, and one that binds another port", async (t) => {
		const never = await wrap(t, ["--wrap-ready-timeout=0.5"], ["sleep", "300"]);
		assert.match((await never.event("command is not ready")).reason, /^it has not bound port \d+: is that the port/);
		await never.stop();
		const other = await deadPort();
		/* what is seen is what there is when the time is over */
		const server = await wrap(t, ["--wrap-ready-timeout=3"], [tool("rebind_server"), String(other), "hello", "127.0.0.1"]);
		assert.equal((await server.event("command is not ready")).reason,
			`rebind_server listens on 127.0.0.1:${other}, not on port ${server.own}: give websplice the port that the command uses`);
		await server.stop();
	});

	test("one that starts programs without the library", async (t) => {
		const server = await wrap(t, ["--wrap-ready-timeout=3"], ["env", "-u", "LD_PRELOAD", "sleep", "300"]);
		assert.match((await server.event("command is not ready")).reason,
			/^sleep \(pid \d+\) was started without LD_PRELOAD, so its port cannot be moved: name its port as \{port\}/);
		await server.stop();
	});

	/* What the command starts is seen only when it is late. */
	test("a static program, at once or when a script starts it", { skip: VARIANT === "tsan" }, async (t) => {
		const file = path.join(folder(t), "static_server");
		const made = await runProc(["gcc", "-static", "-pthread", "-D_GNU_SOURCE", "-o", file, path.join(ROOT, "tests/tools/rebind_server.c")]);
		assert.equal(made.code, 0, made.err);
		const said = await refusedMoved([], [file, "1", "hello", "4"]);
		assert.match(said, /static_server is statically linked, so its port cannot be moved: write \{port\} .*--unix-target=FILE/);
		const script = await wrap(t, ["--wrap-ready-timeout=3"], sh(`'${file}' {PORT} hello 127.0.0.9 <&0`));
		const { reason } = await script.event("command is not ready");
		assert.match(reason, /^static_server \(pid \d+\) is statically linked, so its port cannot be moved: name its port as \{port\}/);
		await script.stop();
		/* it cannot take our port, and what websplice advises works */
		const taken = await wrap(t, [], sh(`'${file}' {PORT} hello reuseport 4`));
		await taken.ends(1);
		assert.match(taken.said, /Address already in use/);
		const placed = await wrap(t, [], [file, "{port}", "hello", "127.0.0.1"], { listens: ["127.0.0.1:0"] });
		assert.match(await greeting(t, placed), HELLO);
		await placed.stop();
	});

	test("a set-user-ID program", async (t) => {
		let file = "/usr/bin/su";
		if (isRoot) {
			file = path.join(folder(t), "setuid");
			copyFileSync(tool("rebind_server"), file);
			chownSync(file, 65534, 65534);
			chmodSync(file, 0o4755);
		}
		assert.match(await refusedMoved([], [file, "1", "hello", "4"]), /is set-user-ID or set-group-ID, so its port cannot be moved: /);
	});

	test("a program with file capabilities", { skip: (!isRoot || SANITIZED) && "only root can give them away" }, async (t) => {
		const dir = folder(t);
		chmodSync(dir, 0o755);
		for (const [from, name] of [[BIN, "websplice"], [SHIM, "rebind.so"], [tool("rebind_server"), "capable"]])
			copyFileSync(from, path.join(dir, name));
		const set = await runProc(["/usr/sbin/setcap", "cap_net_bind_service=ep", path.join(dir, "capable")]);
		assert.equal(set.code, 0, set.err);
		const { code, err } = await runProc(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
			path.join(dir, "websplice"), `127.0.0.1:${await deadPort()}`, "--", path.join(dir, "capable"), "1", "hello", "4"]);
		assert.equal(code, 1, err);
		assert.match(err, /capable has file capabilities, so its port cannot be moved: /);
	});

	test("no rebind.so, or one that cannot be preloaded; --wrap-library names another", async (t) => {
		const dir = folder(t), file = path.join(dir, "bin/websplice"), blank = path.join(dir, "a b");
		mkdirSync(path.dirname(file));
		mkdirSync(blank);
		copyFileSync(BIN, file);
		copyFileSync(SHIM, path.join(blank, "rebind.so"));
		const port = await deadPort();
		const at = (...options) => runProc([file, ...options, `127.0.0.1:${port}`, "--", "sh", "-c", "exit 5"], { env: sanitizer });
		if (!existsSync("/usr/local/lib/websplice/rebind.so"))
			assert.match((await at()).err, /^websplice: rebind\.so, which moves the command's port, is neither beside websplice nor in .*: name it with --wrap-library=FILE\n$/);
		const none = await at(`--wrap-library=${dir}/none.so`);
		assert.match(none.err, /--wrap-library: .*none\.so: /);
		assert.equal(none.code, 1); /* 127 is a command that is not there */
		assert.match((await at(`--wrap-library=${blank}/rebind.so`)).err, /a b\/rebind\.so cannot be preloaded, since LD_PRELOAD/);
		assert.equal((await at(`--wrap-library=${SHIM}`)).code, 5);
		mkdirSync(path.join(dir, "lib/websplice"), { recursive: true });
		copyFileSync(SHIM, path.join(dir, "lib/websplice/rebind.so"));
		assert.equal((await at()).code, 5); /* as it is installed */
	});

	test("a port that is taken", async (t) => {
		const port = await deadPort();
		const first = proc(t, [tool("rebind_server"), String(port), "taken", "127.0.0.1"], { env: sanitizer });
		await first.says(/ready/);
		const server = await run([`127.0.0.1:${port}`, "--", "sh", "-c", "echo started"], { env: sanitizer });
		assert.equal(server.code, 1);
		assert.match(server.said, /port \d+ is in use/);
		assert.doesNotMatch(server.said, /started/);
	});
});

/* Anybody on this machine can write to the socket that the reports come to. */
test("a forged report is none", async (t) => {
	const server = await wrap(t, [], sh(`echo $REBIND_REPORT; REBIND_REPORT_KEY=wrong '${tool("rebind_server")}' {PORT} forged 4 & sleep 1; echo later; read line`));
	await server.says(/text=later/);
	await pause(200);
	assert.doesNotMatch(server.said, /command is ready/);
	await server.stop();
});
