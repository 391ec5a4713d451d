/* TCP and unix-socket servers that play the backend. Each keeps a record of every connection it
 * had: bytes, whether the other side ended in order, errors.
 */

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { tool } from "./server.mjs";
import { Checked, Pattern, later, until } from "./wait.mjs";

/* A directory of the test's own. */
export function folder(t) {
	const dir = mkdtempSync(path.join(os.tmpdir(), "websplice-e2e-"));
	later(t, () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
	return dir;
}

export class Backend {
	constructor() {
		this.all = []; /* one record a connection */
	}

	/* `at` as the command line wants it: HOST:PORT, or the path of a unix socket. */
	get at() {
		return this.path ?? (this.host.includes(":") ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`);
	}

	get args() {
		return this.path ? [`--unix-target=${this.path}`] : [this.at];
	}

	/* The record of the n-th connection, counted from 0, when there is one. */
	async peer(n = 0) {
		await until(() => `connection ${n} at the backend`, () => this.all.length > n);
		return this.all[n];
	}

	close() {
		this.server.close();
		for (const peer of this.all)
			peer.socket.destroy();
	}
}

/* serve(peer): what to do with a connection. peer: {socket, bytes, eof, closed, error}. */
export async function backend(t, serve, { unix = false, host = "127.0.0.1", port = 0, path: at, pauseOnConnect = false } = {}) {
	const b = new Backend();
	b.server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect }, (socket) => {
		const peer = { socket, bytes: 0, eof: false, closed: false, error: null };
		b.all.push(peer);
		socket.on("data", (piece) => { peer.bytes += piece.length; });
		socket.on("end", () => { peer.eof = true; });
		socket.on("error", (e) => { peer.error = e; });
		socket.on("close", () => { peer.closed = true; });
		serve(peer);
		if (pauseOnConnect)
			socket.pause();
	});
	later(t, () => b.close());
	if (unix) {
		b.path = at ?? path.join(folder(t), "backend");
		b.server.listen({ path: b.path, backlog: 4096 });
	} else {
		b.server.listen({ port, host, backlog: 4096 });
	}
	await once(b.server, "listening");
	if (!unix)
		({ address: b.host, port: b.port } = b.server.address());
	return b;
}

/* Sends everything back; ends when the client does. */
export const echo = (t, options) => backend(t, ({ socket }) => { socket.pipe(socket); }, options);

/* Reads and checks a pattern; peer.got is the checker. Ends when the client does. */
export const sink = (t, seed = 1, options = {}) => backend(t, (peer) => {
	peer.got = new Checked(seed, "backend");
	peer.socket.on("data", (piece) => peer.got.take(piece));
	peer.socket.on("end", () => peer.socket.end());
}, options);

/* Sends `bytes` of a pattern in pieces of `chunk`, then FIN (or nothing, with hold). */
export const source = (t, { bytes, chunk = 65536, seed = 1, hold = false, ...options }) => {
	const pattern = new Pattern(seed);
	return backend(t, (peer) => {
		peer.socket.resume();
		peer.socket.on("end", () => peer.socket.end());
		pour(peer.socket, pattern, bytes, chunk).then(() => { if (!hold) peer.socket.end(); }, () => {});
	}, options);
};

/* The kernel has what was written, or never will. */
export const drained = (socket) => new Promise((resolve) => {
	const done = () => {
		socket.off("drain", done).off("close", done);
		resolve();
	};
	socket.on("drain", done).on("close", done);
});

/* Writes a pattern as fast as the other side takes it. */
export async function pour(socket, pattern, bytes, chunk = 65536) {
	for (let sent = 0; sent < bytes && !socket.destroyed;) {
		const n = Math.min(chunk, bytes - sent);
		sent += n;
		if (!socket.write(pattern.at(sent - n, n)))
			await drained(socket);
	}
}

/* Accepts, and neither reads nor writes. */
export const silent = (t, options) => backend(t, () => {}, { pauseOnConnect: true, ...options });

/* The kernel's own choice for port 0 and for connections begins here. */
const [EPHEMERAL] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/).map(Number);

/* A port nobody listens on, on any address of this machine. Not one that the kernel hands out:
 * somebody else would have it by accident before the test, or a server that comes back, gets to it. */
export async function deadPort() {
	for (;;) {
		const wanted = EPHEMERAL > 20000 ? randomInt(10000, EPHEMERAL) : 0;
		const server = net.createServer().listen(wanted);
		const free = await once(server, "listening").then(() => true, (e) => {
			if (e.code !== "EADDRINUSE")
				throw e;
		});
		if (!free)
			continue;
		const { port } = server.address();
		server.close();
		await once(server, "close");
		return port;
	}
}

/* A port that looks dead: connects to it are never answered (tests/tools/fullport). */
export async function fullPort(t, host = "127.0.0.1") {
	const child = spawn(tool("fullport"), [host], { stdio: ["pipe", "pipe", "inherit"] });
	const over = once(child, "close");
	later(t, async () => {
		child.stdin.end();
		await over;
	});
	let said = "";
	child.stdout.on("data", (text) => { said += text; });
	const [, port] = await until("fullport says its port", () => /port (\d+)/.exec(said));
	return Number(port);
}
