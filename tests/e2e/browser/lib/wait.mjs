/* Waiting with an end: nothing here waits longer than it says. */

import { setTimeout as pause } from "node:timers/promises";

/* How long anything may take on a machine that is busy with other things. */
export const PATIENCE = 30_000;

/* Calls `look` until it returns something truthy, and returns that; throws after `ms`. */
export async function until(what, look, ms = PATIENCE) {
	const end = Date.now() + ms;
	let last;
	do {
		try {
			last = undefined;
			const found = await look();
			if (found) {
				return found;
			}
		} catch (error) {
			last = error;
		}
		await pause(50);
	} while (Date.now() < end);
	throw new Error(`waited ${ms} ms in vain: ${what}`, { cause: last });
}

/* Bounds a promise that has no deadline of its own. */
export async function within(what, promise, ms = PATIENCE) {
	const giveUp = new AbortController();
	const late = pause(ms, undefined, { signal: giveUp.signal, ref: false }).then(
		() => {
			throw new Error(`waited ${ms} ms in vain: ${what}`);
		},
		() => {},
	);
	try {
		return await Promise.race([promise, late]);
	} finally {
		giveUp.abort();
	}
}
