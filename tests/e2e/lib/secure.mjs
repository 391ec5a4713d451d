/* Clients that speak TLS: what most tests ask of one. */

import tls from "node:tls";
import { bytes } from "./certs.mjs";
import { RawWs, Wire } from "./rawws.mjs";
import { later, until } from "./wait.mjs";

/* Where a server is, over TLS; options as tls.connect's. Node checks the certificate. */
export const secure = (server, options = {}) => ({
	port: server.port, host: "127.0.0.1",
	tls: { ca: bytes("ca"), servername: "localhost", ...options },
});

export const openSecure = (t, server, options, ws) => RawWs.open(t, secure(server, options), ws);
export const wireSecure = (t, server, options) => Wire.connect(t, secure(server, options));

/* How a handshake goes: {socket, error}. error is what Node says of it, or of what comes right
 * after it (a TLS 1.3 server refuses a client's certificate when that thinks all is well). */
export async function shake(t, server, options = {}) {
	const where = secure(server, options);
	const socket = tls.connect({ ...where, ...where.tls });
	const got = { socket, error: null, ready: false, answered: false };
	later(t, () => socket.destroy());
	socket.on("secureConnect", () => {
		got.ready = true;
		socket.write("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
	});
	socket.on("data", () => { got.answered = true; });
	socket.on("error", (e) => { got.error = e; });
	let closed = false;
	socket.on("close", () => { closed = true; });
	await until("the handshake is over", () => got.answered || got.error || closed);
	return got;
}
