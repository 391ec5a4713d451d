/* probe: the looks at the network that launch.sh needs.
 *
 *   probe.mjs free [HOST:]PORT   can one listen there? 0 yes, 1 in use, 3 not possible (said why);
 *                                prints the address to listen on, with a real port for port 0, and
 *                                " refused" behind it if browsers refuse that port
 *   probe.mjs rfb FROM TO        the first of this machine's ports that speaks RFB: prints its
 *                                address; 1: none does
 *   probe.mjs http SCHEME HOST:PORT SECONDS
 *                                waits until somebody answers there; 1 if nobody does
 *
 * No name is looked up for this machine: not every system knows localhost, and not every Node
 * tries both of its addresses.
 */

import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import net from "node:net";

const LOOPBACK = ["127.0.0.1", "[::1]"];
const SPEAKS_WITHIN_MS = 1000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* Splits [HOST:]PORT at the last colon; the brackets of an IPv6 address go. */
function split(at) {
	const colon = at.lastIndexOf(":");
	const port = at.slice(colon + 1);
	if (!/^\d+$/.test(port) || Number(port) > 65535)
		throw new Error(`"${port}" is not a port`);
	return { prefix: at.slice(0, colon + 1), host: at.slice(0, Math.max(colon, 0))
		.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/* Listens for a moment. The promise is for the real port. */
function tryListen({ host, port }) {
	return new Promise((done, failed) => {
		const server = net.createServer();
		server.once("error", failed);
		server.listen({ port, host: host || undefined, exclusive: true }, () => {
			const real = server.address().port;
			server.close(() => done(real));
		});
	});
}

/* Browsers keep away from the ports of some other protocols (6000: X11). fetch has their list, and asks
 * it before it connects; from all other ports, which are free, this machine turns it away. */
const isBad = (port) => fetch(`http://127.0.0.1:${port}/`).then(() => false, (e) => e.cause?.message === "bad port");

async function free(at) {
	const where = split(at);
	try {
		const port = await tryListen(where);
		console.log(where.prefix + port + (await isBad(port) ? " refused" : ""));
		return 0;
	} catch (e) {
		if (e.code === "EADDRINUSE")
			return 1;
		throw e;
	}
}

/* A VNC server speaks first: "RFB 003.008\n" or the like. */
function speaksRfb(host, port) {
	return new Promise((done) => {
		const socket = net.connect({ host: host.replace(/^\[|\]$/g, ""), port });
		let text = "";
		const end = (yes) => {
			socket.destroy();
			done(yes);
		};
		socket.setTimeout(SPEAKS_WITHIN_MS, () => end(false));
		socket.on("error", () => end(false));
		socket.on("close", () => end(false));
		socket.on("data", (bytes) => {
			text += bytes.toString("latin1");
			if (text.length >= 4)
				end(text.startsWith("RFB "));
		});
	});
}

async function rfb(from, to) {
	const places = [];
	for (let port = Number(from); port <= Number(to); port++)
		places.push(...LOOPBACK.map((host) => ({ host, port })));
	const answers = await Promise.all(places.map(({ host, port }) => speaksRfb(host, port)));
	const first = places[answers.indexOf(true)];
	if (!first)
		return 1;
	console.log(`${first.host}:${first.port}`);
	return 0;
}

/* Whether somebody answers at HOST:PORT. Any certificate will do, and that is no loss: it is the
 * proxy that launch.sh has just started itself, it is only asked whether it answers, and the browser
 * judges for itself. To hang up on a certificate would leave a failure in the proxy's log. */
function answers(scheme, at) {
	const get = scheme === "https" ? getSecure : getPlain;
	const how = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(2000) };
	return new Promise((done) => {
		const heard = (answer) => answer.on("error", () => {}).on("close", () => done(answer.complete)).resume();
		get(`${scheme}://${at}/vnc.html`, how, heard).on("error", () => done(false));
	});
}

async function http(scheme, at, seconds) {
	const places = at.startsWith("localhost:") ? LOOPBACK.map((host) => at.replace("localhost", host)) : [at];
	const until = Date.now() + Number(seconds) * 1000;
	while (Date.now() < until) {
		for (const place of places)
			if (await answers(scheme, place))
				return 0;
		await sleep(50);
	}
	return 1;
}

const [verb, ...args] = process.argv.slice(2);
try {
	process.exitCode = await { free, rfb, http }[verb](...args);
} catch (e) {
	console.error(`probe: ${e.message}`);
	process.exitCode = 3;
}
