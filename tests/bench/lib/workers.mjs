/* Two workers against one: echoes a second over many connections, the proxy on two CPUs, the rest
 * on others. With fewer than four CPUs the proxy would share them with its own load, and the
 * answer would mean nothing.
 */

import { cpu } from "./meter.mjs";
import { load } from "./load.mjs";
import { start } from "./peers.mjs";

export const CPUS_NEEDED = 4;
const BUSY = 0.9;

/* One measurement: echoes a second of all loads together, and how busy the proxy's CPUs were. */
async function measure(where, peer, workers, seconds) {
	const cpus = where.cpus.slice(0, 2);
	const others = where.cpus.length >= CPUS_NEEDED ? where.cpus.slice(2) : where.cpus;
	const proxy = await start(peer, where.backend, cpus, workers);
	try {
		const loads = Math.max(1, others.length - 1);
		const since = process.hrtime.bigint(), before = cpu(proxy.process.pid);
		const runs = await Promise.all(Array.from({ length: loads }, () =>
			load({ ...where, cpus: others }, proxy, `-m echo -c 256 -w 0.3 -d ${seconds}`, { sync: false })));
		const wall = Number(process.hrtime.bigint() - since) / 1e9;
		return {
			rate: runs.reduce((sum, run) => sum + run.rate, 0),
			busy: (cpu(proxy.process.pid) - before) / wall / Math.min(workers, 2),
		};
	} finally {
		await proxy.process.stop();
	}
}

/* {one: [rates], two: [rates], busy: of two workers' CPUs, meaningful}. */
export async function compare(where, peer, rounds, quick) {
	const result = { one: [], two: [], busy: [], meaningful: where.cpus.length >= CPUS_NEEDED };
	for (let i = 0; i < rounds; i++) {
		result.one.push((await measure(where, peer, 1, quick ? 0.5 : 1.5)).rate);
		const two = await measure(where, peer, 2, quick ? 0.5 : 1.5);
		result.two.push(two.rate);
		result.busy.push(two.busy);
	}
	result.loadBound = result.busy.some((busy) => busy < BUSY);
	return result;
}
