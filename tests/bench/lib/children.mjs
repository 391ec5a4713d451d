/* Every process the benchmark starts. Each ends when it is stopped, when the benchmark ends in
 * whatever way, and (by the kernel) when the benchmark is killed.
 */

import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { startTime, tree } from "./meter.mjs";

const STOP_MS = 3000;

let folder = null;
const running = new Set();
const dies = spawnSync("setpriv", ["--pdeathsig", "KILL", "true"], { timeout: 5000 }).status === 0
	? ["setpriv", "--pdeathsig", "KILL"] : [];

/* The path of a file that goes when the benchmark ends. */
export function ownFile(name) {
	folder ??= mkdtempSync(path.join(os.tmpdir(), "websplice-bench-"));
	return path.join(folder, name);
}

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/* The promise, or an error after ms that says what was waited for. */
export async function within(what, ms, promise) {
	let timer;
	const late = new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`${what} did not happen within ${ms / 1000} s`)), ms);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

/* One process on given CPUs. What it says on standard error goes to a file, and with it standard
 * output, unless `talk`: then child.stdin and child.stdout are pipes. */
export class Process {
	constructor(name, words, { cpus, talk = false } = {}) {
		const all = [...dies, ...(cpus?.length ? ["taskset", "-c", cpus.join(",")] : []), ...words];
		this.name = name;
		this.log = ownFile(`${name}.log`);
		const log = openSync(this.log, "a");
		this.child = spawn(all[0], all.slice(1), { stdio: talk ? ["pipe", "pipe", log] : ["ignore", log, log] });
		closeSync(log);
		this.child.stdin?.on("error", () => {}); /* it ended while we spoke: its end tells */
		this.ended = false;
		running.add(this);
		this.end = new Promise((resolve) => {
			const over = (how) => {
				this.ended = true;
				this.how = how;
				running.delete(this);
				resolve(how);
			};
			this.child.on("error", (e) => over(e.message));
			this.child.on("exit", (code, signal) => over(signal ?? code));
		});
	}

	get pid() {
		return this.child.pid;
	}

	/* The last lines it wrote. */
	said(lines = 5) {
		try {
			return readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
		} catch {
			return "";
		}
	}

	/* SIGTERM, and SIGKILL to whoever of its tree is left after a while. */
	async stop() {
		if (this.ended)
			return;
		const family = tree(this.pid).map((pid) => ({ pid, since: startTime(pid) }));
		this.child.kill("SIGTERM");
		await Promise.race([this.end, pause(STOP_MS)]);
		for (const { pid, since } of family)
			if (since !== null && startTime(pid) === since)
				process.kill(pid, "SIGKILL");
		await Promise.race([this.end, pause(STOP_MS)]);
	}

	kill() {
		if (!this.ended)
			this.child.kill("SIGKILL");
	}
}

export async function stopAll() {
	await Promise.all([...running].map((one) => one.stop()));
}

process.on("exit", () => {
	for (const one of running)
		one.kill();
	if (folder)
		rmSync(folder, { recursive: true, force: true });
});
