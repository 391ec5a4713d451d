/* variants: asan */
/* The command line of the real binary: what it refuses and how, what it announces, when it ends. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import test, { describe } from "node:test";
import { backend, deadPort, echo, folder } from "./lib/backends.mjs";
import { OP, RawWs, Wire, frame } from "./lib/rawws.mjs";
import { BIN, run, start, tool } from "./lib/server.mjs";
import { sanitizer } from "./lib/shim.mjs";
import { OVERFULL, event, later, pause, sooner, until } from "./lib/wait.mjs";

const hello = async (ws, text = "hello") => {
	ws.send(text);
	assert.equal((await ws.data(text.length)).toString(), text);
};
const refused = (port, host = "127.0.0.1") => new Promise((resolve) => {
	const socket = net.connect(port, host);
	socket.on("connect", () => { socket.destroy(); resolve(false); });
	socket.on("error", (e) => resolve(e.code === "ECONNREFUSED"));
});

describe("a wrong command line: one line that says what is wrong and what to do, exit 2", { concurrency: 2 }, () => {
	for (const [args, says] of [
		[[], /nothing to do.*websplice 6080 localhost:5900/],
		[["6080"], /backend is missing/],
		[["localhost:5900"], /cannot listen|backend is missing/],
		[["6080", "localhost"], /port is missing/],
		[["6080", "5900"], /no backend.*localhost:5900/],
		[["6080", "localhost:0"], /port must be a number/],
		[["6080", "localhost:70000"], /port must be a number/],
		[["70000", "localhost:5900"], /0 \(any free one\) to 65535/],
		[["x", "localhost:5900"], /cannot listen on 'x'/],
		[["6080", "a:1", "b:2"], /one argument too many/],
		[["--testcard", "6080", "localhost:5900"], /leave 'localhost:5900' out/],
		[["--testcard", "--unix-target=/x", "6080"], /two backends/],
		[["--unix-listen=/tmp/x", "6080", "localhost:5900"], /leave '6080' out/],
		[["--no-such-option", "6080", "a:1"], /unknown option --no-such-option/],
		[["--hartbeat=3", "6080", "a:1"], /did you mean --heartbeat/],
		[["--un", "6080", "a:1"], /could be any of --unix-listen, --unix-listen-mode, --unix-target/],
		[["--heartbeat", "6080", "a:1", "--traffic=1"], /takes no value/],
		[["6080", "a:1", "--heartbeat"], /needs a value/],
		[["6080", "a:1", "--web", "--traffic"], /needs a value/],
		[["6080", "a:1", "--web="], /not empty/],
		[["--heartbeat=x", "6080", "a:1"], /not a number of seconds/],
		[["--timeout=-1", "6080", "a:1"], /not a whole number/],
		[["--workers=65", "6080", "a:1"], /from 0 to 64/],
		[["--unix-listen-mode=999", "6080", "a:1"], /octal/],
		[["--log-format=xml", "6080", "a:1"], /text or json/],
		[["--dir-listing", "6080", "a:1"], /--web=DIR/],
		[["--file-only", "--dir-listing", "--web=.", "6080", "a:1"], /opposites/],
		[["--pong-timeout=3", "6080", "a:1"], /--heartbeat/],
		[["--dial-timeout=0", "6080", "a:1"], /number of seconds from 0.001/],
		[["-x", "6080", "a:1"], /unknown option -x/],
		[["-web", "6080", "a:1"], /two dashes/],
		[[`--unix-target=/${"x".repeat(120)}`, "6080"], /shorter/],
		[["6080", "--"], /the command is missing: .{5}/],
		[["--wrap-mode=exit", "6080", "a:1"], /add -- COMMAND/],
		...["record=x", "daemon", "inetd", "web-auth", "libserver", "target-config=x",
			"token-plugin=TokenFile", "token-source=x", "host-token", "auth-plugin=x", "auth-source=x", "syslog=x",
			"legacy-syslog", "config=x"].map((o) => [[`--${o}`, "6080", "a:1"], new RegExp(`^websplice: error: --${o.replace(/=.*/, "")} is not built yet: .{5}`)]),
		[["--ssl-version=tlsv1", "6080", "a:1"], /tlsv1_2 or tlsv1_3/],
		[["--ssl-ciphers=LOW", "6080", "a:1"], /'LOW' is no cipher/],
		[["--cafile=x", "6080", "a:1"], /--verify-client/],
		[["--ssl-target-name=x", "6080", "a:1"], /add --ssl-target/],
		[["-D", "6080", "a:1"], /--daemon is not built yet/],
	])
		test(`websplice ${args.join(" ").slice(0, 60)}`, async () => {
			const server = await run(args);
			assert.equal(server.code, 2);
			assert.equal(server.out, "");
			assert.match(server.said, /^websplice: error: [^\n]{10,}\n$/);
			assert.match(server.said, says);
		});
});

test("--help: exit 0, every option, on standard output", async () => {
	for (const word of ["--help", "-h", "--hel"]) {
		const server = await run([word]);
		assert.equal(server.code, 0);
		assert.equal(server.said, "");
		assert.match(server.out, /^Usage: websplice /);
		for (const option of ["unix-listen", "web", "heartbeat", "pong-timeout", "testcard", "workers", "allow-origin", "http-errors"])
			assert.match(server.out, new RegExp(`--${option}\\b`));
		assert.ok(server.out.split("\n").every((line) => line.length <= 80), "fits a terminal");
	}
});

test("--version names libuv, llhttp and Mbed TLS", async () => {
	const server = await run(["--version", "nonsense"]);
	assert.equal(server.code, 0);
	assert.match(server.out, /^websplice \d+\.\d+\.\d+\S* \(libuv 1\.\d+\.\d+, llhttp 9\.\d+\.\d+, Mbed TLS 3\.\d+\.\d+( of the system| with ipsec-mb \d+\.\d+\.\d+ \([A-Z0-9a-z -]+\))?\)\n$/);
});

describe("what cannot be had: exit 1, one line, before anything is announced", () => {
	const fails = async (args, says, options) => {
		const server = await run(args, options);
		assert.equal(server.code, 1);
		assert.match(server.said, /^websplice: [^\n]+\n$/);
		assert.match(server.said, says);
		assert.doesNotMatch(server.said, /listening/);
		assert.equal(server.out, "");
	};

	test("a port in use", async (t) => {
		const other = await echo(t);
		await fails([`127.0.0.1:${other.port}`, "a:1"], new RegExp(`port ${other.port} is in use`));
		await fails(["--workers=2", `127.0.0.1:${other.port}`, "a:1"], /is in use/);
		await fails([`${other.port}`, "a:1"], /is in use/);
	});

	test("a port another websplice has, also with several workers", async (t) => {
		const first = await start(t, ["--testcard", "127.0.0.1:0", "--workers=2"]);
		await fails(["--testcard", "--workers=2", `127.0.0.1:${first.port}`], /is in use/);
	});

	test("an address of another machine, a name that is none", async () => {
		await fails(["192.0.2.1:0", "a:1"], /192\.0\.2\.1 is not an address of this machine/);
		/* asked of no name server, which may be far or silent */
		const env = { ...sanitizer, LD_PRELOAD: tool("preload_names"), TEST_NAMES: "none.test=" };
		await fails(["none.test:0", "a:1"], /none\.test .*cannot be found/, { env });
	});

	test("a web root that is not there, that is a file", async (t) => {
		const dir = folder(t);
		writeFileSync(path.join(dir, "file"), "");
		await fails([`--web=${dir}/none`, "127.0.0.1:0", "a:1"], /web root .*none: no such file/);
		await fails([`--web=${dir}/file`, "127.0.0.1:0", "a:1"], /web root .*file: not a directory/);
	});

	test("a log file that cannot be written", async (t) => {
		const dir = folder(t);
		await fails([`--log-file=${dir}/none/log`, "127.0.0.1:0", "a:1"], /log file .*: no such file/);
		await fails([`--log-file=${dir}`, "127.0.0.1:0", "a:1"], /log file .*: is a directory/);
	});

	test("a unix socket: no directory, a file in the way, somebody alive", async (t) => {
		const dir = folder(t);
		await fails([`--unix-listen=${dir}/none/s`, "a:1"], /does its directory exist/);
		writeFileSync(path.join(dir, "precious"), "data");
		await fails([`--unix-listen=${dir}/precious`, "a:1"], /exists and is not a socket/);
		assert.equal(readFileSync(path.join(dir, "precious"), "utf8"), "data");
		const live = await echo(t, { unix: true });
		await fails([`--unix-listen=${live.path}`, "a:1"], /is in use/);
		assert.ok(lstatSync(live.path).isSocket(), "and it is still there");
	});
});

describe("where it listens", { concurrency: 4 }, () => {
	test("port 0: any free one, and the log names the real one", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		assert.ok(server.port > 0);
		const line = await server.event("listening");
		assert.deepEqual([line.address, line.backend, line.web, line.workers], [`127.0.0.1:${server.port}`, b.at, "off", "2"]);
		await hello(await RawWs.open(t, server.port));
	});

	test("no HOST: all addresses, IPv4 and IPv6", async (t) => {
		const b = await echo(t);
		for (const at of ["0", ":0"]) {
			const server = await start(t, [at, b.at]);
			assert.equal(server.address, `[::]:${server.port}`);
			for (const host of ["127.0.0.1", "127.0.0.2", "::1"]) {
				const ws = await RawWs.open(t, { host, port: server.port });
				await hello(ws);
				await ws.leave();
			}
			const lines = () => server.events("session started").map((line) => line.client);
			await until("log lines", () => lines().length === 3);
			/* each worker writes its own lines, some 10 ms after others: their order is not the clients' */
			assert.deepEqual(lines().map((client) => client.replace(/:\d+$/, "")).sort(), ["127.0.0.1", "127.0.0.1", "[::1]"],
				"an IPv4 client is logged as one");
			await server.stop();
		}
	});

	test("[::1]:0 and ::1:0: that address only", async (t) => {
		const b = await echo(t);
		for (const at of ["[::1]:0", "::1:0"]) {
			const server = await start(t, [at, b.at]);
			assert.equal(server.address, `[::1]:${server.port}`);
			const ws = await RawWs.open(t, { host: "::1", port: server.port });
			await hello(ws);
			await ws.leave();
			assert.ok(await refused(server.port));
			await server.stop();
		}
	});

	test("127.0.0.2: that address only", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.2:0", b.at]);
		await hello(await RawWs.open(t, { host: "127.0.0.2", port: server.port }));
		assert.ok(await refused(server.port));
	});

	test("a name: localhost", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["localhost:0", b.at]);
		assert.equal(server.address, `127.0.0.1:${server.port}`);
		await hello(await RawWs.open(t, server.port));
	});

	test("a restart on the same port does not wait for old connections", async (t) => {
		const b = await echo(t);
		const first = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, first.port);
		await hello(ws);
		first.kill();
		await ws.close(); /* the server ends first: TIME_WAIT is on its side */
		await ws.leave().catch(() => {});
		ws.end();
		await first.ends();
		const second = await start(t, [`127.0.0.1:${first.port}`, b.at]);
		assert.equal(second.port, first.port);
	});

	test("--unix-listen: mode 600 by default, others by --unix-listen-mode; gone at the end", async (t) => {
		const b = await echo(t);
		const file = path.join(folder(t), "a socket");
		for (const [args, mode] of [[[], 0o600], [["--unix-listen-mode=660"], 0o660], [["--unix-listen-mode=0o777"], 0o777]]) {
			const server = await start(t, [`--unix-listen=${file}`, ...args, b.at]);
			assert.equal(statSync(file).mode & 0o777, mode);
			const line = await server.event("listening");
			assert.deepEqual([line.address, line.workers], [file, "2"]);
			const all = [];
			for (let i = 0; i < 10; i++)
				all.push(await RawWs.open(t, { path: file }));
			for (const ws of all)
				await hello(ws);
			assert.equal((await server.event("session started")).client, "unix");
			for (const ws of all)
				await ws.leave();
			await server.stop();
			assert.equal(existsSync(file), false);
		}
	});

	test("--unix-listen: a stale socket is replaced", async (t) => {
		const b = await echo(t);
		const file = path.join(folder(t), "s");
		const first = await start(t, [`--unix-listen=${file}`, b.at]);
		first.kill("SIGKILL");
		await first.over;
		first.code = 0;
		assert.ok(existsSync(file));
		await start(t, [`--unix-listen=${file}`, b.at]);
		await hello(await RawWs.open(t, { path: file }));
	});

	test("--unix-listen: a successor's socket is not removed", async (t) => {
		const b = await echo(t);
		const file = path.join(folder(t), "s");
		const first = await start(t, [`--unix-listen=${file}`, b.at]);
		renameSync(file, `${file}.old`);
		await start(t, [`--unix-listen=${file}`, b.at]);
		await first.stop();
		await hello(await RawWs.open(t, { path: file }));
	});

	test("--unix-target, and unix on both sides", async (t) => {
		const b = await echo(t, { unix: true });
		const file = path.join(folder(t), "s");
		const server = await start(t, ["127.0.0.1:0", `--unix-target=${b.path}`]);
		await hello(await RawWs.open(t, server.port));
		assert.equal((await server.event("session started")).backend, `unix:${b.path}`);
		await start(t, [`--unix-listen=${file}`, `--unix-target=${b.path}`]);
		await hello(await RawWs.open(t, { path: file }));
	});

	test("an IPv6 backend", async (t) => {
		const b = await echo(t, { host: "::1" });
		const server = await start(t, ["127.0.0.1:0", b.at]);
		await hello(await RawWs.open(t, server.port));
		assert.equal((await server.event("session started")).backend, b.at);
	});
});

describe("the forms scripts use", { concurrency: 4 }, () => {
	test("options after positionals, abbreviated, with and without =", async (t) => {
		const b = await echo(t);
		const dir = folder(t);
		const server = await start(t, ["127.0.0.1:0", b.at, "--heartb", "30", "--web", dir, "--verb", "--run-o"]);
		assert.equal((await server.event("listening")).web, dir);
		const ws = await RawWs.open(t, server.port);
		await hello(ws);
		await ws.leave();
		await server.ends(0);
	});

	test("as noVNC's launcher calls it", async (t) => {
		const b = await echo(t);
		const dir = folder(t);
		await start(t, ["--file-only", "--web", dir, "127.0.0.1:0", b.at, "--heartbeat", "30", "--idle-timeout", "0", "--timeout", "0"]);
	});
});

describe("how long it runs", { concurrency: 6 }, () => {
	test("--run-once: one WebSocket session, then exit 0; HTTP requests do not count, nor does a dead backend's client", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--run-once", "127.0.0.1:0", b.at]);
		for (let i = 0; i < 3; i++) {
			const wire = await Wire.connect(t, server.port);
			wire.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
			assert.equal((await wire.answer()).status, 404);
			await wire.gone();
		}
		const ws = await RawWs.open(t, server.port);
		await hello(ws);
		await until("nobody else is let in", () => refused(server.port));
		await hello(ws, "still here");
		await ws.leave();
		await server.ends(0);
		assert.equal(server.events("session ended").length, 1);
	});

	test("--run-once with a dead backend goes on until a session has been", async (t) => {
		const port = await deadPort();
		const server = await start(t, ["--run-once", "127.0.0.1:0", `127.0.0.1:${port}`]);
		const first = await RawWs.open(t, server.port);
		assert.equal((await first.close()).code, 1011);
		first.destroy();
		await echo(t, { port });
		const ws = await RawWs.open(t, server.port);
		await hello(ws);
		await ws.leave();
		await server.ends(0);
	});

	test("--timeout: no new clients after it, exit when the last session has ended", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--timeout=3", "127.0.0.1:0", b.at]); /* time to get in */
		const ws = await RawWs.open(t, server.port);
		const idle = await Wire.connect(t, server.port);
		await hello(ws);
		await server.says(/--timeout is over/);
		await until("new clients are refused", () => refused(server.port));
		await idle.gone();
		await hello(ws, "still here");
		assert.equal(server.ended, false);
		await ws.leave();
		await server.ends(0);
	});

	test("--timeout with nobody there", async (t) => {
		const since = Date.now(); /* before it begins to count, however late we hear of that */
		const server = await start(t, ["--testcard", "--timeout=1", "127.0.0.1:0"]);
		await sooner("the end of --timeout=1", 4, server.ends(0));
		assert.ok(Date.now() - since > 900, "not at once");
	});

	test("--idle-timeout: exit when nobody was connected for so long, not while somebody is", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--idle-timeout=2", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await pause(3500);
		await hello(ws);
		assert.equal(server.ended, false);
		const since = Date.now();
		await ws.leave();
		await server.ends(0);
		assert.ok(Date.now() - since > 1600, `${Date.now() - since} ms after the last client`);
		assert.match(server.said, /--idle-timeout is over/);
	});

	test("--idle-timeout with nobody there", async (t) => {
		const server = await start(t, ["--testcard", "--idle-timeout=1", "127.0.0.1:0"]);
		await sooner("the end of --idle-timeout=1", 4, server.ends(0));
	});
});

describe("logs", { concurrency: 4 }, () => {
	test("--log-file is appended to, besides standard error, with the same lines", async (t) => {
		const b = await echo(t);
		const file = path.join(folder(t), "log");
		const sorted = (text) => text.split("\n").sort(); /* two threads at a time: no order holds in both */
		writeFileSync(file, "what was there\n");
		let said = "";
		for (let i = 0; i < 2; i++) {
			const server = await start(t, [`--log-file=${file}`, "127.0.0.1:0", b.at]);
			const ws = await RawWs.open(t, server.port);
			await hello(ws);
			await ws.leave();
			await server.stop();
			said += server.said;
		}
		assert.match(said, /session ended/);
		const logged = readFileSync(file, "utf8");
		assert.match(logged, /^what was there\n/);
		assert.deepEqual(sorted(logged), sorted(`what was there\n${said}`));
	});

	test("--log-format json: every line parses and has time, level and event", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--log-format=json", "--verbose", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await hello(ws);
		await ws.leave();
		const wire = await Wire.connect(t, server.port);
		wire.write('GET /"quoted"\\back?x HTTP/1.1\r\nHost: a\r\n\r\n');
		await wire.answer();
		wire.destroy();
		await server.stop();
		const lines = server.said.trimEnd().split("\n").map((line) => JSON.parse(line));
		for (const line of lines) {
			assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
			assert.match(line.level, /^(error|warn|info|debug)$/);
			assert.ok(line.event.length > 3);
		}
		const ended = lines.find((line) => line.event === "session ended");
		assert.deepEqual([ended.up, ended.down, ended.backend], [5, 5, b.at]);
		assert.ok(Number(ended.seconds) >= 0);
		assert.equal(lines.find((line) => line.event === "request refused").path, '/"quoted"\\back');
	});

	test("a session is two lines: who, where to, bytes, seconds, why, who ended it", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const client = `127.0.0.1:${ws.socket.localPort}`;
		await hello(ws);
		await ws.leave();
		const begun = await server.event("session started");
		assert.deepEqual(begun, { client, backend: b.at });
		const { seconds, ...ended } = await server.event("session ended");
		assert.match(seconds, /^\d+\.\d{3}$/);
		assert.deepEqual(ended, { client, backend: b.at, up: "5", down: "5", layer: "ws", reason: "client closed the session (1000)" });
		assert.equal(server.count(/./), 3, "and nothing else");
	});

	test("--verbose says more: connections that never became sessions, files that were served", async (t) => {
		const b = await echo(t);
		const dir = folder(t);
		writeFileSync(path.join(dir, "a.txt"), "a");
		const server = await start(t, ["-v", `--web=${dir}`, "127.0.0.1:0", b.at]);
		const wire = await Wire.connect(t, server.port);
		wire.write("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
		assert.equal((await wire.answer()).body, "a");
		wire.destroy();
		await server.says(/debug request answered .*status=200.*path=\/a\.txt/);
		await server.says(/debug connection ended/);
	});

	test("--traffic: a legend and a mark for each piece, on standard output, not in the log", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["--traffic", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		await until("the legend", () => server.out.includes("Traffic symbols"));
		const legend = server.out.length;
		await hello(ws);
		await until("marks", () => server.out.length >= legend + 4);
		assert.equal(server.out.slice(legend), "}>{<");
		await hello(ws);
		await until("marks", () => server.out.length >= legend + 8);
		assert.equal(server.out.slice(legend), "}>{<}>{<");
		assert.doesNotMatch(server.said, /}>/);
	});

	test("--traffic: what is only partly taken at once is marked so", async (t) => {
		const b = await backend(t, () => {}, { pauseOnConnect: true });
		const server = await start(t, ["--traffic", "--drain-timeout=0.1", "127.0.0.1:0", b.at]);
		const ws = await RawWs.open(t, server.port);
		const piece = frame(OP.BINARY, Buffer.alloc(262144), { mask: Buffer.alloc(4) });
		for (let i = 0; i < OVERFULL / 262144; i++)
			ws.write(piece);
		await until("a partial mark", () => /}\.>/.test(server.out));
		ws.destroy();
	});

	test("a log nobody reads holds up nobody", async (t) => {
		const b = await echo(t);
		const server = await start(t, ["-v", "127.0.0.1:0", b.at]);
		server.child.stderr.pause();
		const wire = await Wire.connect(t, server.port);
		const one = `GET /${"x".repeat(200)} HTTP/1.1\r\nHost: a\r\n\r\n`;
		const body = "nothing to read here";
		/* a line each: more than the socket between us takes */
		const n = Math.max(3000, Math.ceil(Number(readFileSync("/proc/sys/net/core/wmem_default", "utf8")) / 100));
		let answers = 0, tail = "";
		wire.hook = (bytes) => {
			const text = tail + bytes.toString("latin1");
			answers += text.split(body).length - 1;
			tail = text.slice(1 - body.length);
		};
		wire.write(one.repeat(n));
		await until(() => `${answers} of ${n} answers`, () => answers === n);
		await hello(await RawWs.open(t, server.port));
		server.child.stderr.resume();
		await server.says(/log lines were lost/);
	});
});

describe("workers", () => {
	const threads = (server) => readdirSync(`/proc/${server.pid}/task`);
	/* Those this process may run on, which need not be all of the machine's. */
	const processors = () => /^Cpus_allowed:\s+(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))[1].split(",")
		.reduce((n, word) => n + parseInt(word, 16).toString(2).replaceAll("0", "").length, 0);

	test("--workers=N threads, by default one for each processor; both of two get sessions", async (t) => {
		const b = await echo(t);
		const one = await start(t, ["--workers=1", "127.0.0.1:0", b.at]);
		const two = await start(t, ["--workers=2", "127.0.0.1:0", b.at]);
		const each = await start(t, ["--workers=0", "127.0.0.1:0", b.at]);
		assert.equal(Number((await each.event("listening")).workers), Math.min(64, processors()));
		assert.equal(threads(two).length - threads(one).length, 1);
		const all = [];
		for (let i = 0; i < 40; i++)
			all.push(await RawWs.open(t, two.port));
		await Promise.all(all.map((ws) => hello(ws)));
		await Promise.all(all.map((ws) => ws.leave()));
		const switches = (id) => readFileSync(`/proc/${two.pid}/task/${id}/status`, "utf8").match(/^voluntary_ctxt_switches:\s+(\d+)/m)[1];
		const busy = threads(two).filter((id) => Number(switches(id)) > 10);
		assert.ok(busy.length >= 2, `${busy.length} threads did something`);
	});
});

test("it runs with standard input, output and error closed or full", async (t) => {
	const b = await echo(t);
	const port = await deadPort();
	const child = spawn("sh", ["-c", `exec "$0" "$@" <&- >&- 2>&-`, BIN, `127.0.0.1:${port}`, b.at], { stdio: "ignore" });
	later(t, () => child.kill("SIGKILL"));
	const over = event(child, "exit");
	await until("it listens", async () => !await refused(port));
	const ws = await RawWs.open(t, port);
	await hello(ws);
	await ws.leave();
	child.kill("SIGTERM");
	assert.deepEqual(await over, [0, null]);
});
