/* What is measured. A scenario runs once a round for each peer and gives {metric: value}.
 *
 * metric: title, unit, digits behind the point, and target: what the ratio to haproxy (or, with
 * `absolute`, the value itself) is meant to be at most.
 */

import { load } from "./load.mjs";
import { pss } from "./meter.mjs";
import { start } from "./peers.mjs";

const GB = 1e9, BURST = 65536;
export const CALM_MS = 300; /* until what connecting needed has been given back */

export const METRICS = {
	download: { title: "download", unit: "CPU s/GB", digits: 3, target: 0.40 },
	upload: { title: "upload", unit: "CPU s/GB", digits: 3, target: 0.60 },
	echo: { title: "echo, 64 B, 32 connections", unit: "CPU µs/echo", digits: 2, target: 0.95 },
	session: { title: "session: connect, upgrade, echo, close", unit: "CPU µs/session", digits: 1, target: 1.10 },
	bursts: { title: "64 KiB at 60 Hz, 4 connections", unit: "CPU µs/burst", digits: 1, target: 1.00 },
	idle: { title: "idle session", unit: "KB PSS", digits: 2, target: 3.5, absolute: true },
	p50: { title: "echo during a download, p50", unit: "ms", digits: 2 },
	p99: { title: "echo during a download, p99", unit: "ms", digits: 2 },
	beside: { title: "that download", unit: "MB/s", digits: 0 },
	tls_down: { title: "TLS: download", unit: "CPU s/GB", digits: 3 },
	tls_up: { title: "TLS: upload", unit: "CPU s/GB", digits: 3 },
	tls_factor: { title: "TLS: download to plain", unit: "times", digits: 2, target: 1.60, absolute: true },
	tls_up_factor: { title: "TLS: upload to plain", unit: "times", digits: 2, target: 1.60, absolute: true },
	tls_session: { title: "TLS: session with a full handshake", unit: "CPU µs/session", digits: 0 },
	shake50: { title: "echo during 200 handshakes/s, p50", unit: "ms", digits: 2 },
	shake99: { title: "echo during 200 handshakes/s, p99", unit: "ms", digits: 2 },
	tls_idle: { title: "TLS: idle session", unit: "KB PSS", digits: 1 },
};

const mib = (n) => `${Math.max(1, Math.round(n))}M`;

/* n, unless the machine was so busy that there was none. */
function some(n, what) {
	if (!(n > 0))
		throw new Error(`not one ${what} in all that time: is the machine busy?`);
	return n;
}

/* Bytes through one connection. */
const stream = (mode, full, quick) => async (where, proxy, { quick: small }) => {
	const amount = (small ? quick : full) * proxy.peer.volume;
	const r = await load(where, proxy, `-m ${mode} -c 1 -n ${mib(amount)}`);
	return r.cpu / (r.bytes / GB);
};

async function echo(where, proxy, { quick }) {
	const r = await load(where, proxy, `-m echo -c 32 -s 64 -w 0.1 -d ${quick ? 0.6 : 0.3}`);
	return r.cpu / some(r.msgs, "echo") * 1e6;
}

async function session(where, proxy, { quick }) {
	const r = await load(where, proxy, `-m churn -k 32 -w 0.2 -d ${quick ? 0.5 : 1}`);
	return r.cpu / some(r.sessions, "session") * 1e6;
}

async function bursts(where, proxy, { quick }) {
	const r = await load(where, proxy, `-m down -c 4 -n ${mib(quick ? 3 : 6)} --burst ${BURST}:${BURST}:16667`);
	return r.cpu / (r.bytes / BURST) * 1e6;
}

/* In a proxy that has just been started: what it kept of earlier sessions would be free. */
const idle = (tls) => async (where, { peer }) => {
	const n = Math.min(tls ? 1000 : Infinity, idleSessions(where, peer));
	const fresh = await start(peer, where.backend, where.proxyCpus);
	try {
		const before = pss(fresh.process.pid);
		let held = 0;
		await load(where, fresh, `-m idle -k 32 -c ${n}`, {
			tls,
			onHold: async () => {
				await new Promise((wake) => setTimeout(wake, CALM_MS));
				held = pss(fresh.process.pid);
			},
		});
		const each = (held - before) / n;
		return tls ? { tls_idle: each } : each;
	} finally {
		await fresh.process.stop();
	}
};

/* Each costs the proxy two descriptors, and the load one. */
export function idleSessions({ files }, peer) {
	return Math.min(peer.sessions, Math.max(1, Math.floor((files - 200) / 2)));
}

/* A keystroke's way there and back 200 times a second, while another connection downloads all it
 * can. Where there is a third CPU the keystrokes have it for themselves. */
async function latency(where, proxy, { quick }) {
	const seconds = quick ? 1 : 2;
	const heavy = load(where, proxy, `-m down -c 1 -n 1T -d ${seconds + 1}`, { sync: false });
	heavy.catch(() => {}); /* awaited below */
	await new Promise((wake) => setTimeout(wake, CALM_MS));
	const r = await load({ ...where, cpus: where.probeCpus }, proxy, `-m echo -c 1 -s 64 -R 200 -w 0.2 -d ${seconds}`);
	const { MBps } = await heavy;
	return { p50: r.rtt_us.p50 / 1e3, p99: r.rtt_us.p99 / 1e3, beside: MBps };
}

/* Bytes with and without TLS, one after the other, so that their ratio is of one moment. */
async function tls(where, proxy, { quick }) {
	const cost = async (mode, on) => {
		const r = await load(where, proxy, `-m ${mode} -c 1 -n ${mib(quick ? 256 : 1024)}`, { tls: on });
		return r.cpu / (r.bytes / GB);
	};
	const plainDown = await cost("down", false), down = await cost("down", true);
	const plainUp = await cost("up", false), up = await cost("up", true);
	return { tls_down: down, tls_factor: down / plainDown, tls_up: up, tls_up_factor: up / plainUp };
}

/* What a handshake costs, and what 200 of them a second do to somebody else's keystrokes. */
async function handshakes(where, proxy, { quick }) {
	const seconds = quick ? 1 : 2;
	const churn = await load(where, proxy, `-m churn -k 32 -w 0.2 -d ${seconds}`, { tls: true });
	const heavy = load(where, proxy, `-m churn -k 32 -R 200 -w 0.1 -d ${seconds + 1}`, { tls: true, sync: false });
	heavy.catch(() => {}); /* awaited below */
	await new Promise((wake) => setTimeout(wake, CALM_MS));
	const r = await load({ ...where, cpus: where.probeCpus }, proxy, `-m echo -c 1 -s 64 -R 200 -w 0.2 -d ${seconds}`);
	await heavy;
	return { tls_session: churn.cpu / some(churn.sessions, "session") * 1e6, shake50: r.rtt_us.p50 / 1e3, shake99: r.rtt_us.p99 / 1e3 };
}

/* These are for proxies that have TLS. */
export const NEEDS_TLS = ["tls", "handshakes", "tlsidle"];

/* name -> (where, proxy, options) -> a value for the metric of that name, or {metric: value}. */
export const RUNS = {
	download: stream("down", 1536, 256), upload: stream("up", 1024, 192),
	echo, session, bursts, latency, idle: idle(false), tls, handshakes, tlsidle: idle(true),
};
/* A round's value is the mean of so many short runs that the peers take in turn: on a shared machine
 * the next second may be another one's. */
export const slicesOf = (scenario, quick) => scenario === "echo" && !quick ? 4 : 1;
/* How often, at most: memory does not depend on chance, and --quick is short. */
export const roundsMax = (scenario, quick) => ({ idle: quick ? 1 : 2, tlsidle: 1, latency: quick ? 2 : Infinity, handshakes: quick ? 1 : 3 })[scenario] ?? Infinity;
