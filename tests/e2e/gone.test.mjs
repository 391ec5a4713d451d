/* variants: asan */
/* Clients that are gone before their handshake has been answered. */

import assert from "node:assert/strict";
import net from "node:net";
import path from "node:path";
import test from "node:test";
import { folder } from "./lib/backends.mjs";
import { start } from "./lib/server.mjs";

const HANDSHAKE = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	+ "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/* The head and the end are one event for the server, now and then. */
const knock = (where, leave) => new Promise((resolve, reject) => {
	const socket = net.connect(where, () => socket.write(HANDSHAKE, () => { leave(socket); resolve(); }));
	socket.on("error", reject);
});

test("handshake and reset in one go", async (t) => {
	const server = await start(t, ["--testcard", "127.0.0.1:0"]);
	for (let i = 0; i < 500; i++)
		await knock({ port: server.port, host: "127.0.0.1" }, (socket) => socket.resetAndDestroy());
	await server.stop();
});

test("handshake and close in one go, on a unix socket", async (t) => {
	const at = path.join(folder(t), "socket");
	const server = await start(t, ["--testcard", `--unix-listen=${at}`]);
	for (let i = 0; i < 200; i++)
		await knock({ path: at }, (socket) => socket.destroy());
	assert.equal(server.ended, false);
	await server.stop();
});
