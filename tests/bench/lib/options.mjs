/* The command line of bench.mjs. */

import { existsSync } from "node:fs";

export const SCENARIOS = ["download", "upload", "echo", "session", "bursts", "idle", "latency", "tls", "handshakes", "tlsidle", "workers"];

export const USAGE = `usage: node tests/bench/bench.mjs [options]      (or: make bench BENCH_ARGS="options")
  --quick            smaller and fewer: within a minute, and noisier
  --rounds=N         how often everything is measured (default 7, with --quick 3)
  --only=A,B         only these: ${SCENARIOS.join(", ")}
  --peers=A,B        only these: websplice, haproxy, websockify, also
  --also=FILE        another websplice binary in the same run, to compare two of them
  --json=FILE        every single value, for other programs
Environment: WEBSPLICE, the binary to measure (build/release/websplice); BENCH_TOOLS, the folder
with wsload and wsbackend (tools/ beside that binary).`;

class Usage extends Error {}

function list(text, known, option) {
	const names = text.split(",").filter(Boolean);
	const wrong = names.find((name) => !known.includes(name));
	if (wrong || !names.length)
		throw new Usage(`${option}: ${wrong ? `there is no ${wrong}` : "nothing named"}; there is ${known.join(", ")}`);
	return names;
}

function count(text, option) {
	if (!/^[1-9]\d?$/.test(text))
		throw new Usage(`${option}: a number from 1 to 99, not '${text}'`);
	return Number(text);
}

const valued = {
	rounds: (o, text) => { o.rounds = count(text, "--rounds"); },
	only: (o, text) => { o.only = list(text, SCENARIOS, "--only"); },
	peers: (o, text) => { o.peers = list(text, ["websplice", "haproxy", "websockify", "also"], "--peers"); },
	also: (o, text) => { o.also = text; },
	json: (o, text) => { o.json = text; },
};
const flags = {
	quick: (o) => { o.quick = true; },
	help: (o) => { o.help = true; },
};

/* --name=value and --name value; throws Usage with a line for people. */
export function parse(words) {
	const o = { quick: false, only: SCENARIOS, peers: ["websplice", "also", "haproxy", "websockify"] };
	for (const left = [...words]; left.length;) {
		const word = left.shift();
		const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/.exec(word) ?? [];
		if (Object.hasOwn(flags, name) && value === undefined)
			flags[name](o);
		else if (Object.hasOwn(valued, name) && (value ?? left[0]))
			valued[name](o, value ?? left.shift());
		else
			throw new Usage(`cannot make sense of '${word}'`);
	}
	if (o.also && !existsSync(o.also))
		throw new Usage(`--also: there is no ${o.also}`);
	o.rounds ??= o.quick ? 3 : 7;
	return o;
}

/* Parsed options; ends the program where that is all there is to do. */
export function options(words) {
	try {
		const o = parse(words);
		if (!o.help)
			return o;
		console.log(USAGE);
		process.exit(0);
	} catch (e) {
		if (!(e instanceof Usage))
			throw e;
		console.error(`bench: ${e.message}\n${USAGE}`);
		process.exit(2);
	}
}
