/* Programs of any kind, what they say and how they end. Each has a process group of its own, which
 * ends with the test.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { later, until } from "./wait.mjs";

export class Proc {
	constructor(argv, { env = {}, cwd } = {}) {
		this.argv = argv;
		this.child = spawn(argv[0], argv.slice(1), { cwd, env: { ...process.env, ...env }, stdio: "pipe", detached: true });
		this.out = "";
		this.err = "";
		this.code = this.signal = null;
		this.child.stdin.on("error", () => {});
		this.child.stdout.setEncoding("utf8").on("data", (text) => { this.out += text; });
		this.child.stderr.setEncoding("utf8").on("data", (text) => { this.err += text; });
		this.over = new Promise((resolve) => {
			this.child.on("error", (e) => { this.err += String(e); this.code = -1; resolve(); });
			this.child.on("close", (code, signal) => { this.code = code; this.signal = signal; resolve(); });
		});
	}

	get pid() {
		return this.child.pid;
	}

	get ended() {
		return this.code !== null || this.signal !== null;
	}

	/* Waits for something on standard output and gives the match. */
	async says(pattern) {
		return until(() => `${this.argv.join(" ")} says ${pattern}; it said:\n${this.out}${this.err}`, () => {
			const match = pattern.exec(this.out);
			assert.ok(match || !this.ended, `${this.argv.join(" ")} ended (${this.code ?? this.signal}) before it said `
				+ `${pattern}:\n${this.out}${this.err}`);
			return match;
		});
	}

	kill(signal = "SIGKILL") {
		try {
			process.kill(-this.pid, signal);
		} catch {
			/* nobody is left */
		}
	}

	async endsWithin(ms) {
		let timer;
		await Promise.race([this.over, new Promise((resolve) => { timer = setTimeout(resolve, ms); })]);
		clearTimeout(timer);
		return this.ended;
	}

	/* Has it end by itself (its standard input ends), else asks it to, else by force. What is left
	 * of its group goes along. */
	async stop() {
		this.child.stdin.end();
		if (!await this.endsWithin(500)) {
			this.kill("SIGTERM");
			await this.endsWithin(3000);
		}
		this.kill();
		await this.over;
	}
}

export function proc(t, argv, options) {
	const p = new Proc(argv, options);
	later(t, () => p.stop());
	return p;
}

/* Runs it to its end: {code, signal, out, err}. */
export async function run(argv, { stdin = "", ms, ...options } = {}) {
	const p = new Proc(argv, options);
	p.child.stdin.end(stdin);
	try {
		await until(() => `${argv.join(" ")} ends; it said:\n${p.out}${p.err}`, () => p.ended, ms);
	} finally {
		p.kill();
	}
	return p;
}
