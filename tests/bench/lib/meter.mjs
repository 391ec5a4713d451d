/* What the kernel says of a process and all below it: CPU time and memory. */

import { readFileSync, readdirSync } from "node:fs";

const TICKS = 100; /* a second, in /proc on Linux */

function read(file) {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return null; /* it has ended */
	}
}

/* The fields of /proc/PID/stat from the third (state) on; proc(5) counts from 1. */
function stat(pid) {
	return read(`/proc/${pid}/stat`)?.replace(/^.*\) /s, "").split(" ") ?? null;
}
const field = (fields, n) => Number(fields[n - 3]);

/* When a process began, as a mark that tells it from a later one with the same number. */
export function startTime(pid) {
	const fields = stat(pid);
	return fields ? fields[22 - 3] : null;
}

/* The process and all its descendants. */
export function tree(root) {
	const children = new Map();
	for (const name of readdirSync("/proc")) {
		if (!/^\d+$/.test(name))
			continue;
		const fields = stat(name);
		if (!fields)
			continue;
		const parent = field(fields, 4);
		children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
	}
	const found = [root];
	for (let i = 0; i < found.length; i++)
		found.push(...(children.get(found[i]) ?? []));
	return found;
}

/* User and system time of a live process in s: of each thread in ns where the kernel counts so,
 * otherwise in ticks. */
function own(pid, fields) {
	let ns = 0;
	try {
		for (const thread of readdirSync(`/proc/${pid}/task`))
			ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0] ?? 0);
	} catch {
		/* it has ended */
	}
	return ns ? ns / 1e9 : (field(fields, 14) + field(fields, 15)) / TICKS;
}

/* User and system time in s of the whole tree, children that have ended included. */
export function cpu(root) {
	let s = 0;
	for (const pid of tree(root)) {
		const fields = stat(pid);
		if (fields)
			s += own(pid, fields) + (field(fields, 16) + field(fields, 17)) / TICKS;
	}
	return s;
}

/* Proportional set size of the whole tree in KB. */
export function pss(root) {
	let kb = 0;
	for (const pid of tree(root))
		kb += Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0);
	return kb;
}
