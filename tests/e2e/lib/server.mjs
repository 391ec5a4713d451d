/* The real binary, started with port 0 and held to what it promises when it ends: exit code, no
 * report of a sanitizer, nothing left open.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DEADLINE_MS, VARIANT, later, until } from "./wait.mjs";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
export const BIN = path.resolve(process.env.WEBSPLICE_BIN || process.env.WEBSPLICE
	|| path.join(ROOT, "build/release/websplice"));
export const TOOLS = path.resolve(process.env.WEBSPLICE_TOOLS || path.join(path.dirname(BIN), "tools"));

/* A helper of tests/tools, built by `make tools`. */
export function tool(name) {
	const file = path.join(TOOLS, name);
	assert.ok(existsSync(file), `${file} is missing: make tools${VARIANT === "release" ? "" : ` variant=${VARIANT}`}`);
	return file;
}

const ALARMS = /Sanitizer|runtime error:|left open|websplice: BUG|Assertion|stack smashing|free\(\)|corrupted/i;

/* A test that is ended from outside takes its servers along. */
const alive = new Set();
process.on("exit", () => { for (const child of alive) child.kill("SIGKILL"); });
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"])
	process.on(signal, () => process.exit(1));

/* One process. `said` is standard error, `out` standard output, both so far. */
export class Server {
	constructor(args, { limits = [], env = {}, cwd, stdin = "ignore" } = {}) {
		this.args = args;
		const [program, ...words] = limits.length ? ["prlimit", ...limits, "--", BIN, ...args] : [BIN, ...args];
		this.child = spawn(program, words, { cwd, env: { ...process.env, ...env }, stdio: [stdin, "pipe", "pipe"] });
		alive.add(this.child);
		this.child.on("close", () => alive.delete(this.child));
		this.said = "";
		this.out = "";
		this.code = this.signal = null;
		this.child.stderr.setEncoding("utf8").on("data", (text) => { this.said += text; });
		this.child.stdout.setEncoding("utf8").on("data", (text) => { this.out += text; });
		this.over = new Promise((resolve) => {
			this.child.on("error", (e) => { this.said += String(e); this.code = -1; resolve(); });
			this.child.on("close", (code, signal) => { this.code = code; this.signal = signal; resolve(); });
		});
	}

	get pid() {
		return this.child.pid;
	}

	get ended() {
		return this.code !== null || this.signal !== null;
	}

	/* Waits for a log line (or anything else on standard error) and gives the match. */
	async says(pattern, ms) {
		return until(() => `it says ${pattern}; it said:\n${this.said}`, () => {
			const match = pattern.exec(this.said);
			assert.ok(match || !this.ended, `ended (${this.code}) before it said ${pattern}:\n${this.said}`);
			return match;
		}, ms);
	}

	/* How many lines match. */
	count(pattern) {
		return this.said.split("\n").filter((line) => pattern.test(line)).length;
	}

	/* Fields of the log lines with this event, in order. */
	events(name) {
		return this.said.split("\n").filter((line) => line.includes(` ${name} `) || line.endsWith(` ${name}`))
			.map((line) => Object.fromEntries([...line.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g)]
				.map(([, key, value]) => [key, value.startsWith('"') ? JSON.parse(value) : value])));
	}

	async event(name, n = 1) {
		await this.says(new RegExp(`(?:.* ${name}(?: .*)?\\n[^]*?){${n}}`));
		return this.events(name)[n - 1];
	}

	kill(signal = "SIGTERM") {
		if (!this.ended)
			this.child.kill(signal);
	}

	/* Waits for the end and holds it to the promise. */
	async ends(code = 0, ms = DEADLINE_MS) {
		await until(() => `it ends; it said:\n${this.said}`, () => this.ended, ms);
		assert.doesNotMatch(this.said, ALARMS);
		assert.equal(this.signal, null, `killed; it said:\n${this.said}`);
		assert.equal(this.code, code, `exit code; it said:\n${this.said}`);
	}

	async stop(signal = "SIGTERM") {
		this.kill(signal);
		await this.ends();
	}

	/* ---- what the kernel says of it ---- */

	/* It holds no more descriptors than the `before` of a server that had no client yet. libuv
	 * keeps a spare one per loop from the first connection on. */
	async letGo(before, spare = 2) {
		await until(() => `descriptors: ${this.fds()}, at first ${before}`, () => this.fds() <= before + spare);
	}

	fds() {
		return readdirSync(`/proc/${this.pid}/fd`).length;
	}

	/* Bytes of memory that are its own (not shared with a file): anonymous, private, dirty. */
	memory() {
		const text = readFileSync(`/proc/${this.pid}/smaps_rollup`, "utf8");
		return Number(/^Private_Dirty:\s+(\d+) kB/m.exec(text)[1]) * 1024;
	}

	/* CPU time in ms. */
	cpu() {
		const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
		return (Number(fields[11]) + Number(fields[12])) * 10;
	}
}

/* Starts a server for test t: two workers unless told otherwise, a port of its own choice. It is
 * listening when this returns, and stopped and judged when the test is over (unless the test has
 * waited for its end itself). */
export async function start(t, args, options = {}) {
	const workers = args.some((word) => word.startsWith("--workers") || word === "--run-once") ? [] : ["--workers=2"];
	const server = new Server([...workers, ...args], options);
	later(t, async () => {
		if (server.ended)
			return;
		try {
			await server.stop();
		} finally {
			server.child.kill("SIGKILL");
		}
	});
	const said = await server.says(/listening.* "?address"?[=:]"?([^\s"]+)|"event":"listening".*"address":"([^"]+)"/);
	server.address = said[1] ?? said[2];
	server.port = Number(/:(\d+)$/.exec(server.address)?.[1] ?? 0);
	return server;
}

/* Runs it to its end, for command lines that are wrong or ask for a text. */
export async function run(args, options = {}) {
	const server = new Server(args, options);
	try {
		await until(() => `websplice ${args.join(" ")} ends; it said:\n${server.said}`, () => server.ended);
	} finally {
		server.child.kill("SIGKILL");
	}
	assert.doesNotMatch(server.said, ALARMS);
	return server;
}
