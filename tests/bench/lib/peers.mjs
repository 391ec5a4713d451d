/* The proxies that are measured, one port each, all in front of the same backend. */

import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { Process, ownFile, within } from "./children.mjs";

const START_MS = 10000;
const HAPROXY_CONNECTIONS = 5500;

function firstLine(program, args, pattern) {
	const ran = spawnSync(program, args, { encoding: "utf8", timeout: 10000 });
	return pattern.exec(`${ran.stdout ?? ""}${ran.stderr ?? ""}`)?.[1] ?? null;
}

/* The path of a command, also of one in the folders that only root's PATH has. */
function which(name) {
	return [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"]
		.map((dir) => path.join(dir, name)).find((file) => existsSync(file)) ?? null;
}

function haproxyConfig(port, backend, workers) {
	const file = ownFile(`haproxy-${port}.cfg`);
	writeFileSync(file, `global
    nbthread ${workers}
    maxconn ${HAPROXY_CONNECTIONS}
defaults
    mode tcp
    timeout connect 5s
    timeout client 300s
    timeout server 300s
listen bench
    bind 127.0.0.1:${port}
    server backend 127.0.0.1:${backend}
`);
	return file;
}

/* name; words(port, backend, workers): the command; raw: it frames nothing, so the load does not
 * either; volume: how much of the load it gets, being slow; sessions: how many idle ones at most. */
const makers = {
	websplice: (file) => ({
		file, version: existsSync(file) ? firstLine(file, ["--version"], /^websplice (\S+)/m) ?? "?" : null,
		words: (port, backend, workers) => [file, `--workers=${workers}`, `127.0.0.1:${port}`, `127.0.0.1:${backend}`],
		raw: false, volume: 1, sessions: 5000,
	}),
	haproxy: (file = which("haproxy")) => ({
		file, version: file && (firstLine(file, ["-v"], /version (\d+(?:\.\d+)*)/) ?? "?"),
		words: (port, backend, workers) => [file, "-db", "-f", haproxyConfig(port, backend, workers)],
		raw: true, volume: 1, sessions: 5000,
	}),
	websockify: (file = which("websockify")) => ({
		file, version: file && (firstLine("dpkg-query", ["-W", "-f", "${Version}\n", "websockify"], /^(\S+)/) ?? "?"),
		words: (port, backend) => [file, `127.0.0.1:${port}`, `127.0.0.1:${backend}`],
		raw: false, volume: 1 / 8, sessions: 100,
	}),
};

/* What there is of the peers asked for: {found, missing}. */
export function find(names, websplice, also) {
	const files = { websplice, also };
	const all = names.filter((name) => name !== "also" || also)
		.map((name) => ({ name, ...makers[name === "also" ? "websplice" : name](files[name]) }));
	return { found: all.filter((peer) => peer.version), missing: all.filter((peer) => !peer.version) };
}

/* A port that was free a moment ago. */
async function freePort() {
	const server = net.createServer();
	await new Promise((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
	const { port } = server.address();
	await new Promise((resolve) => { server.close(resolve); });
	return port;
}

async function answers(port, proxy) {
	for (;;) {
		if (proxy.ended)
			throw new Error(`${proxy.name} ended at once (${proxy.how})\n${proxy.said()}`);
		const open = await new Promise((resolve) => {
			const socket = net.connect(port, "127.0.0.1");
			socket.on("connect", () => { socket.destroy(); resolve(true); });
			socket.on("error", () => resolve(false));
		});
		if (open)
			return;
		await new Promise((wake) => setTimeout(wake, 20));
	}
}

/* A running proxy: {peer, port, process}. */
export async function start(peer, backend, cpus, workers = 1) {
	const port = await freePort();
	const proxy = new Process(peer.name, peer.words(port, backend, workers), { cpus });
	await within(`${peer.name} listening`, START_MS, answers(port, proxy));
	return { peer, port, process: proxy };
}

/* The backend: {port, process}. */
export async function startBackend(tools, cpus, control) {
	const words = [path.join(tools, "wsbackend"), "-p", "0", ...(control ? ["-C", control] : [])];
	const backend = new Process("wsbackend", words, { cpus, talk: true });
	const said = new Promise((resolve, reject) => {
		let text = "";
		backend.child.stdout.setEncoding("utf8").on("data", (piece) => {
			text += piece;
			const port = /^listening (\d+)\n/m.exec(text)?.[1];
			if (port)
				resolve(Number(port));
		});
		backend.end.then((how) => reject(new Error(`wsbackend ended at once (${how})\n${backend.said()}`)));
	});
	return { port: await within("wsbackend listening", START_MS, said), process: backend };
}
