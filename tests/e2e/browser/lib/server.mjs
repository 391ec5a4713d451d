/* The server under test, and a reverse proxy to put before it. */

import { existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { Program, freePort } from "./process.mjs";
import { until } from "./wait.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const WEB = here("../../../../web");
const BINARY =
	process.env.WEBSPLICE_BIN ||
	process.env.WEBSPLICE ||
	here("../../../../build/release/websplice");

/* What a healthy server never says. */
const ALARMS = /Sanitizer|runtime error:|websplice: BUG|stack smashing/;

/*
 * Starts websplice with our pages before `target` ("host:port"; none for a test card in args), or
 * before the command that command(port) gives.
 * Gives {url, port, program, stop}.
 * port: to come back where an earlier one was.
 */
export async function startWebsplice({ web = WEB, target, args = [], port, command }) {
	if (!existsSync(BINARY)) {
		throw new Error(`${BINARY} is not there: build it first (make), or set WEBSPLICE`);
	}
	const at = port ?? (await freePort());
	const program = new Program(BINARY, [
		"--web",
		web,
		...args,
		`127.0.0.1:${at}`,
		...(target ? [target] : []),
		...(command ? ["--", ...command(at)] : []),
	]);
	const url = `http://127.0.0.1:${at}/`;
	try {
		await until("the server to answer", async () => {
			if (!program.running) {
				throw new Error("it has ended");
			}
			return (await fetch(url, { method: "HEAD" })).status > 0;
		});
	} catch (error) {
		await program.stop();
		throw new Error(`websplice did not start:\n${program.output}`, { cause: error });
	}
	return { url, port: at, program, stop: () => stopHealthy(program) };
}

/* It ends when it is told to, with 0, and has nothing to complain about. */
async function stopHealthy(program) {
	if (!program.running) {
		return;
	}
	const code = await program.stop();
	if (code !== 0 || ALARMS.test(program.output)) {
		throw new Error(`websplice ended with ${code}:\n${program.output}`);
	}
}

/*
 * A reverse proxy as an operator would set one up: everything below `prefix` ("/sub/") goes to
 * `port` with the prefix taken off, all else is 404. With websockets: false it only knows plain
 * HTTP, as proxies do whose operator forgot the upgrade.
 */
export async function startProxy({ prefix, port, websockets = true }) {
	const inside = (url) => (url.startsWith(prefix) ? `/${url.slice(prefix.length)}` : null);
	const sockets = new Set();
	const server = createServer((client, reply) => {
		const path = inside(client.url);
		if (path === null) {
			reply.writeHead(404).end();
			return;
		}
		const onward = request({
			host: "127.0.0.1",
			port,
			path,
			method: client.method,
			headers: client.headers,
		});
		onward.on("response", (answer) => {
			reply.writeHead(answer.statusCode, answer.headers);
			answer.pipe(reply);
		});
		onward.on("error", () => reply.destroy());
		client.pipe(onward);
	});
	server.on("upgrade", (client, socket, head) => {
		const path = inside(client.url);
		if (path === null || !websockets) {
			socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
			return;
		}
		const onward = connect(port, "127.0.0.1");
		const lines = client.rawHeaders.reduce(
			(text, word, i) => text + word + (i % 2 ? "\r\n" : ": "),
			"",
		);
		onward.write(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
		onward.write(head);
		socket.pipe(onward).pipe(socket);
		for (const end of [socket, onward]) {
			end.on("error", () => end.destroy());
			/* One gone without a word takes the other with it. */
			end.on("close", () => {
				socket.destroy();
				onward.destroy();
			});
		}
	});
	server.on("connection", (socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
	});
	await new Promise((resolve, reject) =>
		server.on("error", reject).listen(0, "127.0.0.1", resolve),
	);
	return {
		url: `http://127.0.0.1:${server.address().port}${prefix}`,
		stop: () =>
			new Promise((resolve) => {
				server.close(resolve);
				sockets.forEach((socket) => socket.destroy());
			}),
	};
}
