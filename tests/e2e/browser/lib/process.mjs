/* Programs that a test starts: each ends with the test that started it. */

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { PATIENCE, within } from "./wait.mjs";

/* A started program: its output so far, and a way to end it for sure. */
export class Program {
	output = "";
	#child;
	#ended;

	constructor(command, args, options = {}) {
		this.name = command;
		this.#child = spawn(command, args, {
			stdio: ["ignore", "pipe", "pipe", "pipe"],
			...options,
		});
		this.#child.stdout?.on("data", (data) => {
			this.output += data;
		});
		this.#child.stderr?.on("data", (data) => {
			this.output += data;
		});
		this.#ended = new Promise((resolve) => {
			this.#child.on("error", (error) => {
				this.output += error;
				resolve();
			});
			this.#child.on("exit", resolve);
		});
	}

	get pid() {
		return this.#child.pid;
	}
	/* The fourth descriptor, for programs that report a number there. */
	get report() {
		return this.#child.stdio[3];
	}
	get running() {
		return (
			this.pid !== undefined &&
			this.#child.exitCode === null &&
			this.#child.signalCode === null
		);
	}

	/* Resolves when it has ended by itself. */
	async end(ms = PATIENCE) {
		await within(`${this.name} to end`, this.#ended, ms);
		return this.#child.exitCode;
	}

	/* Ends it, by force if need be. Resolves to its exit code, null if a signal ended it. */
	async stop(signal = "SIGTERM") {
		if (!this.running) {
			return this.#child.exitCode;
		}
		this.#child.kill(signal);
		try {
			return await this.end(20_000);
		} catch {
			this.#child.kill("SIGKILL");
			return this.end(5000);
		}
	}
}

/* Runs a program to its end and returns its output; throws if it failed. */
export async function run(command, args, options = {}) {
	const program = new Program(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
	const code = await program.end(options.ms ?? PATIENCE);
	if (code !== 0) {
		throw new Error(`${command} ${args.join(" ")}: exit ${code}\n${program.output}`);
	}
	return program.output;
}

/*
 * A port on the loopback that nobody uses at this moment. It is not one of those that the kernel
 * gives to outgoing connections (32768 and up), so that nobody has it by accident afterwards
 * either, not even while a server that had it is down to come back.
 */
export async function freePort() {
	for (;;) {
		const port = randomInt(20_000, 32_000);
		const server = createServer();
		const free = await new Promise((resolve) => {
			server.on("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
		});
		if (free) {
			return port;
		}
	}
}
