#!/usr/bin/env node
/* What websplice costs, beside haproxy (which relays and frames nothing) and websockify.
 *
 *      CPU 1                    CPU 0                CPU 1
 *     wsload ── WebSocket ──► websplice  ── TCP ─► wsbackend       one after the other,
 *     wsload ── plain TCP ──► haproxy    ── TCP ─► wsbackend       round after round
 *     wsload ── WebSocket ──► websockify ── TCP ─► wsbackend
 *
 * Numbers never fail this; the exit code is 1 only if something broke: a wrong byte, a session that
 * was cut, a proxy that ended. See README.md for how to read the table.
 */

import { existsSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stopAll } from "./lib/children.mjs";
import { load } from "./lib/load.mjs";
import { options } from "./lib/options.mjs";
import { find, start, startBackend } from "./lib/peers.mjs";
import { settle } from "./lib/place.mjs";
import { CALM_MS, METRICS, NEEDS_TLS, RUNS, idleSessions, roundsMax, slicesOf } from "./lib/scenarios.mjs";
import { mean, table } from "./lib/table.mjs";
import { compare, workersLine } from "./lib/workers.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const LIMIT_MS = 15 * 60 * 1000;

const say = (text) => process.stdout.write(`${text}\n`);
const progress = process.stderr.isTTY ? (text) => process.stderr.write(`\r\x1b[K${text}`) : () => {};

let ending = false;
async function abort(code, text) {
	if (ending)
		return;
	ending = true;
	progress("");
	console.error(`bench: ${text}`);
	await stopAll();
	process.exit(code);
}

function watch() {
	process.on("SIGINT", () => abort(130, "interrupted"));
	process.on("SIGTERM", () => abort(143, "asked to stop"));
	process.on("SIGHUP", () => abort(129, "the terminal has gone"));
	process.on("uncaughtException", (e) => abort(1, e.stack));
	setTimeout(() => abort(1, `not done after ${LIMIT_MS / 60000} minutes`), LIMIT_MS).unref();
}

/* The program and its tools, or a line that says what to do. */
function binaries() {
	const websplice = path.resolve(process.env.WEBSPLICE || path.join(ROOT, "build/release/websplice"));
	const tools = path.resolve(process.env.BENCH_TOOLS || path.join(path.dirname(websplice), "tools"));
	const missing = [websplice, ...["wsload", "wsbackend"].map((name) => path.join(tools, name))].find((file) => !existsSync(file));
	if (missing) {
		console.error(`bench: there is no ${missing}; make && make tools`);
		process.exit(2);
	}
	return { websplice, tools };
}

function sayPlace(place, peers) {
	const model = os.cpus()[0]?.model ?? "unknown";
	say(`machine   ${place.cpus.length} CPUs (${model}), Linux ${os.release()}, load average before ${place.loadBefore.map((n) => n.toFixed(2)).join(" ")}`);
	say(`network   ${place.own ? "loopback in a namespace of its own" : "the system's loopback (no namespace to be had)"}, congestion control ${place.control}`
		+ (place.forced ? `; ${place.forced} for the load and the backend, the proxies' own sockets stay as they are` : ""));
	say(`CPUs      proxy on ${place.cpus[0]}, load and backend on ${place.cpus[1] ?? `${place.cpus[0]} as well: there is only one, the noise will be great`}`);
	say(`proxies   ${peers.map(({ name, version }) => `${name} ${version}`).join(", ")}; one worker each`);
}

/* The nth order of so many: another one first each time, and backwards every other time round, so that
 * nobody always comes after the same one. */
function inTurn(all, n) {
	const at = n % (all.length || 1), order = [...all.slice(at), ...all.slice(0, at)];
	return Math.floor(n / (all.length || 1)) % 2 ? order.reverse() : order;
}

/* Measures into values[metric][peer name]; a peer that breaks is left out from then on. */
class Runs {
	constructor(where, options) {
		Object.assign(this, { where, options, proxies: [], values: {}, broken: [] });
	}

	breaks(peer, what, e) {
		this.broken.push(`${peer.name}, ${what}: ${e.message}`);
		this.proxies = this.proxies.filter((proxy) => proxy.peer !== peer);
	}

	/* Starts a proxy and sees that it does its work at all. */
	async add(peer) {
		try {
			const proxy = await start(peer, this.where.backend, this.where.proxyCpus);
			this.proxies.push(proxy);
			await load(this.where, proxy, "-m echo -c 2 -w 0 -d 0.1");
		} catch (e) {
			this.breaks(peer, "start", e);
		}
	}

	note(scenario, peer, result) {
		const all = typeof result === "number" ? { [scenario]: result } : result;
		for (const [metric, value] of Object.entries(all))
			((this.values[metric] ??= {})[peer.name] ??= []).push(value);
	}

	/* Once for each peer, in slices by turns. */
	async round(scenario, i) {
		const slices = slicesOf(scenario, this.options.quick), seen = new Map();
		for (let slice = 0; slice < slices; slice++) {
			const able = this.proxies.filter(({ tlsPort }) => tlsPort || !NEEDS_TLS.includes(scenario));
			for (const proxy of inTurn(able, i * slices + slice)) {
				progress(`round ${i + 1} of ${this.options.rounds}: ${scenario}, ${proxy.peer.name}`);
				await pause(CALM_MS); /* the peer before may have processes that are just ending */
				try {
					const result = await RUNS[scenario](this.where, proxy, this.options);
					seen.set(proxy.peer, [...(seen.get(proxy.peer) ?? []), result]);
				} catch (e) {
					this.breaks(proxy.peer, scenario, e);
				}
			}
		}
		for (const [peer, results] of seen)
			if (results.length === slices)
				this.note(scenario, peer, slices > 1 ? mean(results) : results[0]);
	}

	async all() {
		for (let i = 0; i < this.options.rounds; i++)
			for (const scenario of Object.keys(RUNS))
				if (this.options.only.includes(scenario) && i < roundsMax(scenario, this.options.quick))
					await this.round(scenario, i);
	}

	async workers(peer) {
		if (!this.options.only.includes("workers"))
			return null;
		progress("workers");
		try {
			this.values.workers = await compare(this.where, peer, this.options.rounds, this.options.quick);
			return workersLine(this.where, this.values.workers);
		} catch (e) {
			this.breaks(peer, "workers", e);
			return null;
		}
	}
}

function sayNotes(runs, peers) {
	const few = runs.values.idle ? peers.filter((peer) => idleSessions(runs.where, peer) < 5000) : [];
	say("");
	say(`cells: median of ${runs.options.rounds} rounds [least–most]; ratio: median of the rounds' ratios`);
	if (runs.values.idle)
		say(`idle: with 5000 sessions${few.map((peer) => `, ${peer.name} with ${idleSessions(runs.where, peer)}`).join("")}; one or two rounds, each in a fresh process`);
}

async function main() {
	const o = options(process.argv.slice(2));
	const { websplice, tools } = binaries();
	const place = await settle(() => abort(1, "the process outside has gone"));
	watch();
	const { found, missing } = find(o.peers, websplice, o.also);
	sayPlace(place, found);
	for (const { name } of missing)
		say(`left out  ${name}: not here; Debian has it: apt-get install ${name} (or scripts/setup.sh bench)`);
	const others = place.cpus[1] === undefined ? place.cpus : [place.cpus[1]];
	const backend = await startBackend(tools, others, place.forced);
	const where = {
		tools, backend: backend.port, files: place.files, control: place.forced,
		proxyCpus: [place.cpus[0]], cpus: others, probeCpus: place.cpus.length > 2 ? [place.cpus[2]] : others,
	};
	const runs = new Runs(where, o);
	for (const peer of found)
		await runs.add(peer);
	await runs.all();
	for (const proxy of runs.proxies)
		await proxy.process.stop();
	where.cpus = place.cpus;
	const workers = await runs.workers(found[0]);
	if (backend.process.ended)
		runs.broken.push(`wsbackend ended (${backend.process.how})\n${backend.process.said()}`);
	await stopAll();
	progress("");
	say("");
	say(table(METRICS, found, runs.values));
	sayNotes(runs, found);
	if (workers)
		say(workers);
	for (const line of runs.broken)
		say(`BROKEN    ${line}`);
	if (o.json)
		writeFileSync(o.json, `${JSON.stringify({ place, peers: found.map(({ name, version }) => ({ name, version })), values: runs.values, broken: runs.broken }, null, "\t")}\n`);
	process.exit(runs.broken.length ? 1 : 0);
}

await main();
