/* variants: asan tsan */
/* The load generator and the backend of tests/bench, with websplice between them: every mode, every
 * byte and frame checked on the way. And that they would have seen it if anything had been wrong. What
 * README quotes of make bench is held to its targets.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import test, { describe } from "node:test";
import { parse } from "../bench/lib/options.mjs";
import { METRICS, RUNS } from "../bench/lib/scenarios.mjs";
import { workersLine } from "../bench/lib/workers.mjs";
import { folder } from "./lib/backends.mjs";
import { OP, closing, frame } from "./lib/rawws.mjs";
import { BIN, ROOT, TOOLS, start, tool } from "./lib/server.mjs";
import { MIB, SANITIZED, later, until, within } from "./lib/wait.mjs";

const LIMIT_S = SANITIZED ? 60 : 20;

/* A program to its end: {code, out, err}. */
async function run(t, program, args, env = {}) {
	const child = spawn(program, args.map(String), { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
	later(t, () => child.kill("SIGKILL"));
	let out = "", err = "";
	child.stdout.setEncoding("utf8").on("data", (piece) => { out += piece; });
	child.stderr.setEncoding("utf8").on("data", (piece) => { err += piece; });
	const code = await within(`${path.basename(program)} ${args.join(" ")} ends`, new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (status, signal) => resolve(signal ?? status));
	}), 90000);
	return { code, out, err };
}

/* What wsload says of a run: its JSON line and its exit code. */
async function wsload(t, port, line) {
	const { code, out, err } = await run(t, tool("wsload"), ["-p", port, "-T", LIMIT_S, ...line.split(" ")]);
	const json = out.split("\n").find((text) => text.startsWith("{"));
	assert.ok(json, `no result: ${code} ${out} ${err}`);
	return { code, ...JSON.parse(json) };
}

/* Starts wsbackend, gives its port; at the end of the test it must not have anything to complain
 * about. */
async function wsbackend(t, args = [], complains = 0) {
	const child = spawn(tool("wsbackend"), ["-p", "0", ...args], { stdio: ["ignore", "pipe", "pipe"] });
	let out = "", err = "", code = null;
	child.stdout.setEncoding("utf8").on("data", (piece) => { out += piece; });
	child.stderr.setEncoding("utf8").on("data", (piece) => { err += piece; });
	child.on("close", (status, signal) => { code = signal ?? status; });
	later(t, async () => {
		child.kill("SIGTERM");
		try {
			await until("wsbackend ends", () => code !== null);
			assert.equal(code, complains, err);
			assert.match(err, /accepted \d+ bad \d+ open \d+/);
		} finally {
			child.kill("SIGKILL");
		}
	});
	const said = await until(() => `wsbackend listens: ${err}`, () => /^listening (\d+)$/m.exec(out));
	return Number(said[1]);
}

const N = (SANITIZED ? 1 : 16) * MIB;
const modes = [
	["echo", "-m echo -c 8 -d 1 -w 0.1", (r) => r.msgs > 0 && r.rtt_us.n > 0],
	["echoes of 100 KB", "-m echo -c 2 -d 1 -w 0.1 -s 100000", (r) => r.msgs > 0],
	["echoes at a fixed rate", "-m echo -c 4 -d 1 -w 0.1 -R 200", (r) => r.msgs > 0],
	["download", `-m down -c 2 -n ${N}`, (r) => r.rx_payload === 2 * N && r.bytes === 2 * N && r.closes_rx === 2],
	["download, the backend closes", `-m down -n ${N} --srvclose`, (r) => r.rx_payload === N && r.noeof === 0],
	["download for a while", "-m down -n 1T -d 1", (r) => r.rx_payload > 0],
	["upload", `-m up -c 2 -n ${N}`, (r) => r.tx_payload === 2 * N && r.rx_payload === 0],
	["upload in frames of 100 bytes", "-m up -n 300K -f 100", (r) => r.tx_payload === 300 * 1024],
	["both at once", `-m both -c 2 -n ${N} -f 70000`, (r) => r.rx_payload === 2 * N && r.tx_payload === 2 * N],
	["both at once, the backend closes", "-m both -n 1M -f 1000 --srvclose", (r) => r.rx_payload === MIB],
	["bursts", "-m down -c 2 -n 640K --burst 16384:65536:16667", (r) => r.burst_us.n === 20],
	["sessions one after the other", "-m churn -k 4 -d 1 -w 0.1", (r) => r.sessions > 0 && r.closes_rx >= r.sessions && r.noeof === 0],
	["idle sessions", "-m idle -c 100 --quiet", (r) => r.held === 100 && r.closed_early === 0],
];

describe("through websplice every byte is right", () => {
	for (const [name, line, fine] of modes)
		test(name, async (t) => {
			const server = await start(t, ["127.0.0.1:0", `127.0.0.1:${await wsbackend(t)}`]);
			const r = await wsload(t, server.port, line);
			assert.equal(r.first_error, "");
			assert.equal(r.errors, 0);
			assert.equal(r.code, 0);
			assert.equal(r.subprotocol, "binary");
			assert.ok(fine(r), JSON.stringify(r));
		});

	test("a backend that speaks first", async (t) => {
		const server = await start(t, ["127.0.0.1:0", `127.0.0.1:${await wsbackend(t, ["-g"])}`]);
		const r = await wsload(t, server.port, "-m churn -k 4 -N 50 -d 5 -w 0 --greet");
		assert.deepEqual([r.first_error, r.errors, r.code], ["", 0, 0]);
	});
});

/* A relay that spoils one piece of what passes: spoil(piece, at) gives what goes on instead; null
 * ends the connection, an Error resets it. at: bytes before this piece. */
async function relay(t, target, { up, down }) {
	const pass = (from, to, spoil = (piece) => piece) => {
		let at = 0;
		from.on("data", (piece) => {
			const instead = spoil(piece, at);
			at += piece.length;
			if (instead instanceof Error)
				to.resetAndDestroy();
			else if (instead === null)
				to.end();
			else
				to.write(instead);
		});
		from.on("end", () => to.end()).on("error", () => to.destroy());
	};
	const sockets = [];
	const server = net.createServer({ allowHalfOpen: true }, (client) => {
		const backend = net.connect({ host: "127.0.0.1", port: target, allowHalfOpen: true });
		sockets.push(client, backend);
		pass(client, backend, up);
		pass(backend, client, down);
	});
	later(t, () => { server.close(); sockets.forEach((socket) => socket.destroy()); });
	await new Promise((resolve) => { server.listen(0, "127.0.0.1", resolve); });
	return server.address().port;
}

/* Changes the piece in which byte `where` of the stream is. */
const at = (where, change) => (piece, from) => {
	const i = where - from;
	return i < 0 || i >= piece.length ? piece : change(Buffer.from(piece), i);
};
const flip = (piece, i) => { piece[i] ^= 1; return piece; };
const drop = (piece, i) => Buffer.concat([piece.subarray(0, i), piece.subarray(i + 1)]);
const twice = (piece, i) => Buffer.concat([piece.subarray(0, i + 1), piece.subarray(i)]);
const swap = (piece, i) => { const byte = piece[i]; piece[i] = piece[i - 1]; piece[i - 1] = byte; return piece; };

const spoiled = [
	["a flipped bit", "-m down -n 300000", { down: at(200001, flip) }, /payload differs at offset 200001/],
	["the first byte wrong", "-m down -n 300000", { down: at(0, flip) }, /payload differs at offset 0/],
	["the last byte wrong", "-m down -n 300000", { down: at(299999, flip) }, /payload differs at offset 299999/],
	["a lost byte", "-m down -n 300000", { down: at(100, drop) }, /payload differs at offset 100/],
	["a repeated byte", "-m down -n 300000", { down: at(100, twice) }, /payload differs at offset 101/],
	["two bytes in the wrong order", "-m down -n 300000", { down: at(5000, swap) }, /payload differs at offset 4999/],
	["a byte too many", "-m down -n 1000", { down: at(999, (piece) => Buffer.concat([piece, Buffer.from("x")])) }, /more bytes than were sent/],
	["an end too early", "-m down -n 300000", { down: at(1000, () => null) }, /end of stream before the end/],
	["a reset", "-m down -n 300000", { down: at(1000, () => new Error("reset")) }, /reset.* before the end/],
	["a wrong echo", "-m echo -c 1 -d 1 -w 0 -s 64", { down: at(640, flip) }, /payload differs at offset 640/],
	["a flipped bit on the way up", "-m up -n 300000", { up: at(200020, flip) }, /BAD \d+|before the end/, 1],
	["a lost byte on the way up", "-m up -n 300000", { up: at(200020, drop) }, /BAD \d+|before the end/, 1],
	["a byte too many on the way up", "-m up -n 1000 -f 1000", { up: at(100, twice) }, /BAD \d+|before the end/, 1],
	["a command that is none", "-m down -n 1000", { up: at(0, flip) }, /end of stream|reset/, 1],
	["a wrong number at the end", "-m up -n 1000", { down: at(3, flip) }, /OK 0000|OK \d+ at offset/],
	["a wrong greeting", "-m echo -c 1 -d 1 --greet", { down: at(3, flip) }, /not the greeting/, 0, ["-g"]],
];

describe("wsload and wsbackend see what is wrong", () => {
	for (const [name, line, how, seen, complains = 0, args = []] of spoiled)
		test(name, async (t) => {
			const port = await relay(t, await wsbackend(t, args, complains), how);
			const r = await wsload(t, port, `${line} --raw`);
			assert.match(r.first_error, seen);
			assert.ok(r.errors > 0);
			assert.equal(r.code, 1);
		});

	test("a time limit", async (t) => {
		const port = await relay(t, await wsbackend(t), { down: () => Buffer.alloc(0) });
		const r = await wsload(t, port, "-m down -n 1000 --raw -T 0.5");
		assert.match(r.first_error, /time limit/);
		assert.deepEqual([r.timed_out, r.code], [true, 1]);
	});
});

const plain = { mask: null };
const broken = [
	["a masked frame", frame(OP.BINARY, "x"), /a masked frame/],
	["a reserved bit", frame(OP.BINARY, "x", { ...plain, rsv: 4 }), /a reserved bit/],
	["an unknown data opcode", frame(3, "x", plain), /an unknown data opcode/],
	["an unknown control opcode", frame(11, "x", plain), /an unknown control opcode/],
	["a continuation of nothing", frame(OP.CONT, "x", plain), /a continuation of nothing/],
	["a message inside a message", Buffer.concat([frame(OP.BINARY, "", { ...plain, fin: false }), frame(OP.BINARY, "x", plain)]), /a message inside a message/],
	["a ping in fragments", frame(OP.PING, "x", { ...plain, fin: false }), /a bad control frame/],
	["a ping of 126 bytes", frame(OP.PING, Buffer.alloc(126), plain), /a bad control frame/],
	["125 bytes written in 16 bits", frame(OP.BINARY, Buffer.alloc(125), { ...plain, form: 16 }), /not in its shortest form/],
	["a Close before the end", frame(OP.CLOSE, closing(1011, "no backend"), plain), /Close 1011 before the end .*no backend/],
	["bytes that were never sent", frame(OP.BINARY, Buffer.alloc(9), plain), /payload differs|more bytes/],
];
const unfit = [
	["a wrong key", { "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" }, /wrong Sec-WebSocket-Accept/],
	["an extension", { "Sec-WebSocket-Extensions": "permessage-deflate" }, /an extension that was not offered/],
	["another subprotocol", { "Sec-WebSocket-Protocol": "base64" }, /a subprotocol that was not offered/],
	["no upgrade", { status: "403 Forbidden" }, /no upgrade: HTTP\/1.1 403/],
];

/* A WebSocket server that answers the handshake with other fields, or `frames` behind it. */
async function badServer(t, { fields = {}, frames = Buffer.alloc(0) }) {
	const sockets = [];
	const server = net.createServer((socket) => {
		sockets.push(socket);
		socket.on("error", () => {}).once("data", (piece) => {
			const key = /Sec-WebSocket-Key: (\S+)/.exec(piece.toString("latin1"))[1];
			const { status = "101 Switching Protocols", ...rest } = {
				Upgrade: "websocket", Connection: "Upgrade",
				"Sec-WebSocket-Accept": createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64"),
				...fields,
			};
			const lines = Object.entries(rest).map(([name, value]) => `${name}: ${value}\r\n`);
			socket.write(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`);
			socket.once("data", () => socket.write(frames)); /* after the first command */
		});
	});
	later(t, () => { server.close(); sockets.forEach((socket) => socket.destroy()); });
	await new Promise((resolve) => { server.listen(0, "127.0.0.1", resolve); });
	return server.address().port;
}

describe("wsload holds a server to RFC 6455", () => {
	const cases = [
		...broken.map(([name, frames, seen]) => [name, { frames }, seen]),
		...unfit.map(([name, fields, seen]) => [`the handshake: ${name}`, { fields }, seen]),
	];
	for (const [name, how, seen] of cases)
		test(name, async (t) => {
			const r = await wsload(t, await badServer(t, how), "-m echo -c 1 -d 5 -w 0 -T 5");
			assert.match(r.first_error, seen);
			assert.equal(r.code, 1);
		});
});

describe("make bench", { skip: SANITIZED && "numbers of a sanitized build say nothing" }, () => {
	const bench = (t, args, env) => run(t, process.execPath, [path.join(ROOT, "tests/bench/bench.mjs"), ...args], { WEBSPLICE: BIN, BENCH_TOOLS: TOOLS, ...env });

	test("prints a table and writes every value", async (t) => {
		const json = path.join(folder(t), "bench.json");
		const { code, out, err } = await bench(t, ["--quick", "--rounds=1", "--only=echo,idle,workers", "--peers=websplice", `--json=${json}`]);
		assert.equal(code, 0, out + err);
		assert.match(out, /^machine {3}\d+ CPUs .*load average before \d/m);
		assert.match(out, /^\| echo, 64 B, 32 connections +\| CPU µs\/echo \| +[\d.]+ \[[\d.]+–[\d.]+\]/m);
		assert.match(out, /^\| idle session .* ≤ 3.5 KB (met|missed) \|$/m);
		assert.match(out, /^2 workers against 1: /m);
		const { values, broken: wrong } = JSON.parse(readFileSync(json, "utf8"));
		assert.deepEqual(wrong, []);
		assert.ok(values.echo.websplice[0] > 0);
		assert.ok(values.idle.websplice[0] > 0);
		assert.ok(!values.workers || values.workers.two[0].cost > 0);
	});

	test("what two workers are worth is told by what there is to tell it from", () => {
		const run = (rate, cost, busy) => ({ rate, cost, busy });
		const four = { cpus: [0, 1, 2, 3] }, two = { cpus: [0, 1] };
		assert.equal(workersLine(four, { one: [run(100, 10, 1)], two: [run(190, 10, 0.95)] }),
			"2 workers against 1: 1.90 [1.90–1.90] times the echoes a second (target ≥ 1.8); 100 [100–100] and 190 [190–190]");
		assert.match(workersLine(four, { one: [run(100, 10, 1)], two: [run(190, 10, 0.5)] }), /the load was what limited it$/);
		assert.match(workersLine(two, { one: [run(100, 10, 1)], two: [run(60, 12.5, 0.5)] }),
			/ 1\.60 .* by what one costs; CPU µs\/echo 10\.00 \[10\.00–10\.00\] and 12\.50 /);
		assert.match(workersLine({ cpus: [0] }, null), /only one CPU$/);
	});

	test("a proxy that ends is an error, and told", async (t) => {
		const file = path.join(folder(t), "websplice");
		writeFileSync(file, "#!/bin/sh\n[ $1 = --version ] && echo websplice 0\necho 'had enough' >&2\nexit 3\n");
		chmodSync(file, 0o755);
		const { code, out } = await bench(t, ["--quick", "--rounds=1", "--only=echo", "--peers=websplice"], { WEBSPLICE: file });
		assert.equal(code, 1, out);
		assert.match(out, /^BROKEN +websplice, start: websplice ended at once \(3\)\nhad enough$/m);
	});

	test("options that make no sense are refused", async (t) => {
		for (const word of ["--ony=echo", "--only=nothing", "--rounds=0", "--rounds", "--also=/nowhere", "echo"])
			assert.equal((await bench(t, [word])).code, 2, word);
	});
});

/* The rows of README's tables, as they begin, and what the benchmark calls them. */
const README_ROWS = [
	{
		"download, CPU": "download", "upload, CPU": "upload", "echo of 64 bytes": "echo", "session (connect,": "session",
		"64 KiB at 60 Hz": "bursts", "idle session,": "idle",
	}, {
		"download, CPU": "tls_down", "upload, CPU": "tls_up", "download, to one without TLS": "tls_factor",
		"upload, to one without TLS": "tls_up_factor",
		"session with a full handshake": "tls_session", "somebody's echo during 200 handshakes/s, p99": "shake99",
		"idle session,": "tls_idle",
	},
];

/* The Markdown tables with a column for websplice: an array of rows each, {title, column: text}. */
function tables(text) {
	const blocks = text.split(/\n(?!\|)/).map((block) => block.split("\n").filter((line) => line.startsWith("|"))
		.map((line) => line.slice(1, line.lastIndexOf("|")).split("|").map((cell) => cell.trim())));
	return blocks.filter(([head]) => head?.includes("websplice")).map(([[, ...names], , ...rows]) =>
		rows.map(([title, ...cells]) => ({ title, ...Object.fromEntries(names.map((name, i) => [name, cells[i]])) })));
}

describe("what README says it costs", { skip: SANITIZED && "once is enough" }, () => {
	const found = tables(readFileSync(path.join(ROOT, "README.md"), "utf8"));
	const rows = README_ROWS.flatMap((names, i) => (found[i] ?? []).map((row) => ({
		...row, metric: Object.entries(names).find(([begin]) => row.title.startsWith(begin))?.[1],
	})));

	test("two tables, in each every row is one that is measured", () => {
		assert.equal(found.length, README_ROWS.length);
		for (const { title, metric } of rows)
			assert.ok(METRICS[metric], `no such measurement: ${title}`);
	});

	test("what was to be reached is still what it is held to", () => {
		assert.deepEqual(Object.fromEntries(Object.entries(METRICS).filter(([, { target }]) => target).map(([name, { target }]) => [name, target])),
			{ download: 0.4, upload: 0.6, echo: 0.95, session: 1.1, bursts: 1, idle: 3.5, tls_factor: 1.6, tls_up_factor: 1.6 });
	});

	for (const [name, { title, target, absolute }] of Object.entries(METRICS).filter(([, metric]) => metric.target))
		test(`${title}: at most ${target}${absolute ? "" : " of haproxy's"}`, () => {
			const [row, ...more] = rows.filter(({ metric }) => metric === name);
			assert.ok(row && !more.length, "one row");
			const value = row[absolute ? "websplice" : "to haproxy"];
			assert.match(value, /^\d+(\.\d+)?$/);
			assert.ok(Number(value) <= target, `${row.title}: ${value}`);
		});
});

describe("make bench, when it is not told", () => {
	test("beside haproxy and websockify, and another websplice if one is given", () => {
		assert.deepEqual(parse([]).peers, ["websplice", "also", "haproxy", "websockify"]);
		assert.equal(parse([]).also, undefined);
	});

	test("measures all there is, seven times", () => {
		const { only, rounds } = parse([]);
		assert.deepEqual([...only].sort(), [...Object.keys(RUNS), "workers"].sort());
		assert.equal(rounds, 7);
	});
});
