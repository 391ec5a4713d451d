/* One run of wsload against a proxy. */

import path from "node:path";
import readline from "node:readline";
import { Process, within } from "./children.mjs";
import { cpu } from "./meter.mjs";

const LIMIT_S = 30, SPARE_MS = 20000;

/* What wsload found wrong, as a line, or null. */
function fault(result, wanted) {
	if (!result)
		return "wsload ended without a result";
	if (result.errors)
		return `${result.errors} errors, first: ${result.first_error}`;
	if (result.closed_early)
		return `${result.closed_early} idle sessions were closed`;
	if (result.held !== undefined && result.held !== wanted)
		return `${result.held} of ${wanted} sessions`;
	return null;
}

/* The CPU time of the proxy is taken at the edges of the window. wsload waits for us at both where
 * bytes are counted, otherwise at the end. */
async function follow(load, proxy, { onHold, waits }) {
	const tell = () => load.child.stdin.write("\n");
	let begin = 0, used = 0, result = null;
	for await (const line of readline.createInterface({ input: load.child.stdout })) {
		if (line.startsWith("@begin")) {
			begin = cpu(proxy.pid);
			if (waits)
				tell();
		} else if (line.startsWith("@hold")) {
			await onHold();
			tell();
		} else if (line.startsWith("@end")) {
			used = cpu(proxy.pid) - begin;
			tell();
		} else if (line.startsWith("{")) {
			result = JSON.parse(line);
		}
	}
	return { result, cpu: used };
}

/* where: {tools, cpus, control}. Gives the result of wsload with cpu, the proxy's in s; throws when
 * anything is wrong. args: a line of wsload's options. */
export async function load(where, { peer, port, tlsPort, process: proxy }, args, { onHold = async () => {}, sync = true, tls = false } = {}) {
	const words = [path.join(where.tools, "wsload"), "-p", tls ? tlsPort : port, "-T", LIMIT_S, ...args.split(" "),
		...(peer.raw ? ["--raw"] : []), ...(tls ? ["--tls"] : []), ...(sync ? ["--sync"] : []), ...(where.control ? ["-C", where.control] : [])];
	const wsload = new Process("wsload", words.map(String), { cpus: where.cpus, talk: true });
	try {
		const { result, cpu: used } = await within(`wsload ${args} of ${peer.name}`, LIMIT_S * 1000 + SPARE_MS, follow(wsload, proxy, { onHold, waits: sync && / -m (down|up|both) /.test(` ${args} `) }));
		await within("the end of wsload", SPARE_MS, wsload.end);
		if (proxy.ended)
			throw new Error(`it ended (${proxy.how})\n${proxy.said()}`);
		const wrong = fault(result, Number(/-c (\d+)/.exec(args)?.[1] ?? 1)) ?? (wsload.how === 0 ? null : `wsload ended with ${wsload.how}: ${wsload.said()}`);
		if (wrong)
			throw new Error(wrong);
		return { ...result, cpu: used };
	} finally {
		wsload.kill();
	}
}
