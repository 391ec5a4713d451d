/* Where the benchmark runs: a network namespace of its own with reno as congestion control, if
 * that can be had (as root, or with user namespaces), and a CPU for each part.
 *
 * BBR paces, on loopback as well, and would hide what a proxy costs; and in a namespace of its own
 * nobody's firewall, ports or connections come in between.
 */

import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";

const CONTROL = "reno";
const CONTROL_FILE = "/proc/sys/net/ipv4/tcp_congestion_control";
const INSIDE = "WEBSPLICE_BENCH_INSIDE"; /* set in the namespace: the load average before */
const LIFELINE_FD = 3;
const END_MS = 15000;

const SCRIPT = 'ip link set lo up || exit 97; ulimit -n "$(ulimit -Hn)"; exec "$@"';
const ways = process.getuid() === 0 ? [["-n"], ["-rn"]] : [["-rn"]];

function works(flags) {
	return spawnSync("unshare", [...flags, "sh", "-c", SCRIPT, "sh", "true"], { timeout: 10000, stdio: "ignore" }).status === 0;
}

/* Runs this same command line in a namespace; never returns if there is one to be had. */
async function again(flags) {
	const child = spawn("unshare", [...flags, "sh", "-c", SCRIPT, "sh", process.execPath, ...process.argv.slice(1)], {
		env: { ...process.env, [INSIDE]: os.loadavg().join(" ") },
		stdio: ["ignore", "inherit", "inherit", "pipe"], /* the pipe ends with us */
	});
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
		process.on(signal, () => {
			child.kill(signal);
			setTimeout(() => child.kill("SIGKILL"), END_MS).unref();
		});
	const code = await new Promise((resolve) => {
		child.on("error", () => resolve(1));
		child.on("exit", (status, signal) => resolve(signal ? 1 : status));
	});
	process.exit(code);
}

function setControl() {
	try {
		writeFileSync(CONTROL_FILE, CONTROL);
	} catch {
		/* read-only here */
	}
	return readFileSync(CONTROL_FILE, "utf8").trim();
}

/* The CPUs this process may use, in order. */
function allowed() {
	const text = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1];
	return text.split(",").flatMap((part) => {
		const [from, to = from] = part.split("-").map(Number);
		return Array.from({ length: to - from + 1 }, (_, i) => from + i);
	});
}

function limitOfFiles() {
	return Number(/^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))[1]) || 1024;
}

/* Settles down and says where: {own: a namespace of our own, control: the congestion control of all
 * sockets, forced: the one to set on each socket of ours or null, cpus, files, loadBefore}.
 * onOrphan is called when the process outside has gone. */
export async function settle(onOrphan) {
	const inside = process.env[INSIDE];
	if (inside === undefined) {
		const flags = ways.find(works);
		if (flags)
			await again(flags);
	} else {
		new net.Socket({ fd: LIFELINE_FD }).on("error", onOrphan).on("end", onOrphan).resume().unref();
	}
	const cpus = allowed();
	const own = inside !== undefined;
	const control = own ? setControl() : readFileSync(CONTROL_FILE, "utf8").trim();
	if (cpus.length > 1)
		spawnSync("taskset", ["-apc", String(cpus[1]), String(process.pid)], { timeout: 5000, stdio: "ignore" });
	return {
		own, control, cpus,
		forced: ["reno", "cubic"].includes(control) ? null : CONTROL,
		files: limitOfFiles(),
		loadBefore: own ? inside.split(" ").map(Number) : os.loadavg(),
	};
}
