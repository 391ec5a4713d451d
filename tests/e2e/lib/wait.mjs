/* Waiting, sizes and sums that every end-to-end test shares. Nothing here sleeps for a fixed time
 * and hopes: things are asked for until they are so, or until a deadline that only a broken program
 * reaches.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export const VARIANT = process.env.WEBSPLICE_VARIANT
	|| /\/(asan|tsan)\//.exec(process.env.WEBSPLICE_BIN || process.env.WEBSPLICE || "")?.[1]
	|| "release";
export const SANITIZED = VARIANT !== "release";

/* How much of the volume the release run moves: 1 is all of it. */
export const SCALE = Number(process.env.E2E_SCALE || (SANITIZED ? 0.1 : 1));

/* n, made smaller (or bigger) by E2E_SCALE, but at least `least`. */
export const scaled = (n, least = 1) => Math.max(least, Math.round(n * SCALE));

/* Only a broken program needs this long. */
export const DEADLINE_MS = SANITIZED ? 60000 : 30000;

export const KIB = 1024;
export const MIB = 1024 * 1024;

/* More than the kernel and the proxy hold between two ends that are not read: two connections,
 * each with a send and a receive buffer. */
const most = (name) => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, "utf8").split(/\s+/)[2]);
export const OVERFULL = (2 * (most("tcp_rmem") + most("tcp_wmem")) + 4 * MIB) >> 16 << 16;

/* Polls until done() is truthy and gives that value. */
export async function until(what, done, ms = DEADLINE_MS) {
	const end = Date.now() + ms;
	for (let tries = 0;; tries++) {
		const value = await done();
		if (value)
			return value;
		if (Date.now() > end)
			assert.fail(`never happened: ${typeof what === "function" ? what() : what}`);
		await (tries < 50 ? new Promise(setImmediate) : pause(5)); /* most things are nearly so */
	}
}

/* For pacing a sender or leaving room for something that must not happen; never a proof. */
export const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/* The promise, or a failure that says what was waited for. */
export async function within(what, promise, ms = DEADLINE_MS) {
	let timer;
	const late = new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`never happened: ${what}`)), ms);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

/* The promise, which must come before a `sleep` of so many seconds that begins now: a process that waits
 * like ours, so that a machine that stands still holds up both. */
export async function sooner(what, seconds, promise) {
	const clock = spawn("sleep", [String(seconds)], { stdio: "ignore" });
	const late = once(clock, "exit").then(() => assert.fail(`not within ${seconds} s: ${what}`));
	late.catch(() => {}); /* when it is ended below */
	try {
		return await Promise.race([promise, late]);
	} finally {
		clock.kill();
	}
}

/* The arguments of the next event, as once() of node:events, but not for ever. */
export const event = (emitter, name, ms) => within(`event ${name}`, once(emitter, name), ms);

/* Reads a number until it has not changed for `calm` ms; gives it. Time in which nobody could look,
 * because this process did not run, is not calm: little of it counts. */
export async function settled(what, read, calm = 400, ms = DEADLINE_MS) {
	let last = await read(), looked = Date.now(), rested = 0;
	await until(`${what} comes to rest`, async () => {
		const now = await read(), time = Date.now();
		rested = now === last ? rested + Math.min(time - looked, 20) : 0;
		last = now;
		looked = time;
		return rested >= calm;
	}, ms);
	return last;
}

const undo = new WeakMap();

/* Has fn run when test t is over. The last comes first, so that clients go before the server and
 * the server before its backend; one that fails does not keep the others from running. */
export function later(t, fn) {
	if (!undo.has(t)) {
		const all = [];
		undo.set(t, all);
		t.after(async () => {
			const faults = [];
			while (all.length)
				await Promise.resolve().then(all.pop()).catch((e) => faults.push(e));
			if (faults.length)
				throw faults[0];
		});
	}
	undo.get(t).push(fn);
}

export const sum = (bytes) => createHash("sha256").update(bytes).digest("hex");

const TABLE = 65521; /* prime: no power of two, no frame size is a multiple of it */

/* Bytes that depend on their position and on a seed, and can be asked for or checked anywhere. */
export class Pattern {
	constructor(seed = 1) {
		const table = Buffer.alloc(TABLE * 2);
		let x = (seed * 2654435761 + 1) >>> 0 || 1;
		for (let i = 0; i < TABLE; i++) {
			x ^= x << 13;
			x ^= x >>> 17;
			x ^= x << 5;
			table[i] = table[TABLE + i] = x >>> 24;
		}
		this.table = table;
	}

	at(offset, length) {
		const out = Buffer.allocUnsafe(length);
		for (let done = 0; done < length;) {
			const from = (offset + done) % TABLE;
			done += this.table.copy(out, done, from, Math.min(from + length - done, from + TABLE));
		}
		return out;
	}

	/* Throws at the first byte of a piece of the stream that is not what it should be. */
	check(offset, bytes, who = "stream") {
		const same = this.at(offset, bytes.length);
		if (bytes.equals(same))
			return;
		const i = bytes.findIndex((byte, at) => byte !== same[at]);
		assert.fail(`${who}: byte ${offset + i} is ${bytes[i]}, not ${same[i]}`);
	}
}

/* A checker for a stream that arrives in pieces. */
export class Checked {
	constructor(seed, who) {
		this.pattern = new Pattern(seed);
		this.who = who;
		this.bytes = 0;
		this.fault = null;
	}

	take(piece) {
		try {
			this.pattern.check(this.bytes, piece, this.who);
		} catch (e) {
			this.fault = this.fault || e;
		}
		this.bytes += piece.length;
	}

	/* All `n` bytes, in order and untouched. */
	async whole(n, ms) {
		await until(() => `${this.who}: ${n} bytes (${this.bytes} came)`, () => this.fault || this.bytes >= n, ms);
		this.exactly(n);
	}

	exactly(n) {
		if (this.fault)
			throw this.fault;
		assert.equal(this.bytes, n, `${this.who}: bytes`);
	}
}
