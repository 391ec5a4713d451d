/* The proxies that are measured, one port each, all in front of the same backend. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
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

/* A certificate for all of them (ECDSA P-256): {cert, key, both}, or null without openssl. */
let made;
function certificate() {
	if (made !== undefined)
		return made;
	made = null;
	if (which("openssl")) {
		const dir = ownFile("certs"), at = (name) => path.join(dir, name);
		execFileSync(fileURLToPath(new URL("../../../certs/make-certs.sh", import.meta.url)), ["--dir", dir], { stdio: "ignore", timeout: 10000 });
		made = { cert: at("server.pem"), key: at("server-key.pem"), both: at("both.pem") };
		writeFileSync(made.both, readFileSync(made.cert, "utf8") + readFileSync(made.key, "utf8"), { mode: 0o600 });
	}
	return made;
}

function haproxyConfig(port, backend, workers, tlsPort) {
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
${tlsPort ? `    bind 127.0.0.1:${tlsPort} ssl crt ${certificate().both}\n` : ""}    server backend 127.0.0.1:${backend}
`);
	return file;
}

/* name; words(port, backend, workers, tlsPort): the command; tls: "same" port, "own" port, or none;
 * raw: it frames nothing, so the load does not either; volume: how much of the load it gets, being slow; sessions: how many idle ones at most. */
const makers = {
	websplice: (file) => ({
		file, version: existsSync(file) ? firstLine(file, ["--version"], /^websplice (\S+)/m) ?? "?" : null,
		tls: file && /--cert=/.test(spawnSync(file, ["--help"], { encoding: "utf8", timeout: 10000 }).stdout ?? "") && certificate() ? "same" : null,
		words: (port, backend, workers, tlsPort) => [file, `--workers=${workers}`, ...(tlsPort ? ["--cert", certificate().cert, "--key", certificate().key] : []),
			`127.0.0.1:${port}`, `127.0.0.1:${backend}`],
		raw: false, volume: 1, sessions: 5000,
	}),
	haproxy: (file = which("haproxy")) => ({
		file, version: file && (firstLine(file, ["-v"], /version (\d+(?:\.\d+)*)/) ?? "?"),
		tls: file && certificate() ? "own" : null,
		words: (port, backend, workers, tlsPort) => [file, "-db", "-f", haproxyConfig(port, backend, workers, tlsPort)],
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

/* A running proxy: {peer, port, tlsPort, process}; tlsPort is null where there is no TLS. */
export async function start(peer, backend, cpus, workers = 1) {
	const port = await freePort();
	const tlsPort = { same: port, own: await freePort() }[peer.tls] ?? null;
	const proxy = new Process(peer.name, peer.words(port, backend, workers, tlsPort), { cpus });
	await within(`${peer.name} listening`, START_MS, answers(port, proxy));
	return { peer, port, tlsPort, process: proxy };
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
