/* Two workers against one.
 *
 *   four CPUs or more    proxy on two, load and backend on others: echoes a second
 *   two or three         all of it on all of them: what an echo costs the proxy. Workers that are in each
 *                        other's way make it cost more; how many echoes two CPUs would carry that are the
 *                        proxy's alone follows from it.
 */

import { cpu } from "./meter.mjs";
import { load } from "./load.mjs";
import { start } from "./peers.mjs";
import { cell, ratios } from "./table.mjs";

const CPUS_APART = 4, CONNECTIONS = 256;
const BUSY = 0.9;
const TARGET = 1.8;

/* One measurement: echoes a second of all loads together, what each cost the proxy, how busy its CPUs were. */
async function measure(where, peer, workers, seconds) {
	const apart = where.cpus.length >= CPUS_APART;
	const others = apart ? where.cpus.slice(2) : where.cpus;
	const proxy = await start(peer, where.backend, apart ? where.cpus.slice(0, 2) : where.cpus, workers);
	try {
		const loads = Math.max(1, others.length - 1);
		const since = process.hrtime.bigint(), before = cpu(proxy.process.pid);
		const runs = await Promise.all(Array.from({ length: loads }, () =>
			load({ ...where, cpus: others }, proxy, `-m echo -c ${CONNECTIONS} -w 0 -d ${seconds}`, { sync: false })));
		const used = cpu(proxy.process.pid) - before, wall = Number(process.hrtime.bigint() - since) / 1e9;
		const sum = (what) => runs.reduce((all, run) => all + run[what], 0);
		return { rate: sum("rate"), cost: used / sum("msgs") * 1e6, busy: used / wall / Math.min(workers, 2) };
	} finally {
		await proxy.process.stop();
	}
}

/* {one: [of each round], two}, each {rate, cost, busy}; null with a single CPU. */
export async function compare(where, peer, rounds, quick) {
	if (where.cpus.length < 2)
		return null;
	const result = { one: [], two: [] }, seconds = quick ? 0.5 : 1.5;
	for (let i = 0; i < rounds; i++) {
		result.one.push(await measure(where, peer, 1, seconds));
		result.two.push(await measure(where, peer, 2, seconds));
	}
	return result;
}

/* The result as a line. */
export function workersLine(where, result) {
	if (!result)
		return "2 workers against 1: there is only one CPU";
	const of = (workers, what) => result[workers].map((run) => run[what]);
	const both = (what, digits) => `${cell(of("one", what), digits)} and ${cell(of("two", what), digits)}`;
	if (where.cpus.length >= CPUS_APART)
		return `2 workers against 1: ${cell(ratios(of("two", "rate"), of("one", "rate")), 2)} times the echoes a second (target ≥ ${TARGET}); ${both("rate", 0)}`
			+ (of("two", "busy").some((busy) => busy < BUSY) ? "; the proxy was not busy all the time: the load was what limited it" : "");
	const times = ratios(of("one", "cost"), of("two", "cost")).map((ratio) => 2 * ratio);
	return `2 workers against 1: ${cell(times, 2)} times the echoes (target ≥ ${TARGET}) if two CPUs were theirs alone, by what one costs; CPU µs/echo ${both("cost", 2)}`;
}
