/* probe: the looks at the network that launch.sh needs.
 *
 *   probe.mjs free [HOST:]PORT   can one listen there? 0 yes, 1 in use, 3 not possible (said why);
 *                                prints the address to listen on, with a real port for port 0
 *   probe.mjs rfb HOST FROM TO   the first of the ports that speaks RFB: prints it; 1: none does
 *   probe.mjs http URL SECONDS   waits until URL answers; 1 if it does not
 */

import net from "node:net";

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

async function free(at) {
	const where = split(at);
	try {
		console.log(where.prefix + await tryListen(where));
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
		const socket = net.connect({ host, port });
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

async function rfb(host, from, to) {
	const ports = [];
	for (let port = Number(from); port <= Number(to); port++)
		ports.push(port);
	const answers = await Promise.all(ports.map((port) => speaksRfb(host, port)));
	const first = answers.indexOf(true);
	if (first < 0)
		return 1;
	console.log(ports[first]);
	return 0;
}

async function http(url, seconds) {
	const until = Date.now() + Number(seconds) * 1000;
	while (Date.now() < until) {
		try {
			const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
			await answer.arrayBuffer();
			return 0;
		} catch (e) {
			/* A certificate that is not trusted is an answer too. */
			if (/CERT|ALTNAME/.test(e.cause?.code))
				return 0;
			await sleep(50);
		}
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
