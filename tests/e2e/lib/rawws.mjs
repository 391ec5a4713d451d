/* A WebSocket client that does what it is told, rules or no rules: bytes on a socket, frames with
 * any header, cut anywhere. What comes back is kept and can be asked for piece by piece.
 */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import { later, until } from "./wait.mjs";

export const OP = { CONT: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 };
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* A socket and the bytes that came over it and were not taken yet. where.tls: what tls.connect wants
 * beyond a place; then it is TLS. */
export class Wire {
	constructor(where) {
		const place = { allowHalfOpen: true, noDelay: true, ...where };
		this.socket = where.tls ? tls.connect({ ...place, ...where.tls }) : net.connect(place);
		this.pieces = [];
		this.have = 0;     /* bytes in pieces */
		this.total = 0;    /* bytes that ever came */
		this.eof = false;  /* the peer's FIN */
		this.closed = false;
		this.error = null;
		this.connected = false;
		this.hook = null;  /* takes the bytes instead of the pieces */
		this.socket.on(where.tls ? "secureConnect" : "connect", () => { this.connected = true; });
		this.socket.on("data", (bytes) => {
			this.total += bytes.length;
			if (this.hook) {
				this.hook(bytes);
			} else {
				this.pieces.push(bytes);
				this.have += bytes.length;
			}
		});
		this.socket.on("end", () => { this.eof = true; });
		this.socket.on("error", (e) => { this.error = e; });
		this.socket.on("close", () => { this.closed = true; });
	}

	/* where: a port, {port, host} or {path}. Ends with the test. */
	static async connect(t, where) {
		const wire = new this(typeof where === "number" ? { port: where, host: "127.0.0.1" } : where);
		later(t, () => wire.socket.destroy());
		await until(() => `connected to ${JSON.stringify(where)} (${wire.error})`,
			() => wire.error || wire.connected);
		/* a reset may come before this end even knows that it was connected */
		if (!wire.connected && wire.error.code !== "ECONNRESET")
			throw wire.error;
		return wire;
	}

	/* The other side has ended, in order or not. */
	get over() {
		return this.eof || this.closed;
	}

	write(bytes) {
		return this.socket.write(bytes, "latin1");
	}

	end() {
		this.socket.end();
	}

	destroy() {
		this.socket.destroy();
	}

	/* RST instead of FIN. */
	reset() {
		this.socket.resetAndDestroy();
	}

	all() {
		if (this.pieces.length > 1)
			this.pieces = [Buffer.concat(this.pieces)];
		return this.pieces[0] ?? Buffer.alloc(0);
	}

	take(n) {
		const bytes = this.all();
		this.pieces = bytes.length > n ? [bytes.subarray(n)] : [];
		this.have = bytes.length - n;
		return bytes.subarray(0, n);
	}

	async need(n, what = `${n} bytes`) {
		await until(() => `${what}: ${this.have} of ${n} bytes here`, () => this.have >= n || this.over);
		assert.ok(this.have >= n, `${what}: the connection ended (${this.error ?? "FIN"}) after ${this.have} of ${n} bytes`);
		return this.take(n);
	}

	/* The peer's FIN (or worse). */
	async ended(ms) {
		await until("the server ends the connection", () => this.over, ms);
	}

	/* The connection is gone in both directions, in order. */
	async gone(ms) {
		await this.ended(ms);
		this.end();
		await until("the connection is closed", () => this.closed, ms);
	}

	/* One HTTP head: {status, fields, lines}. Field names in lower case. */
	async head() {
		await until("an HTTP head", () => this.all().includes("\r\n\r\n") || this.over);
		const end = this.all().indexOf("\r\n\r\n");
		assert.ok(end >= 0, `no HTTP head, but ${JSON.stringify(this.all().toString("latin1"))}`);
		const lines = this.take(end + 4).toString("latin1").slice(0, -4).split("\r\n");
		const status = /^HTTP\/1\.1 (\d{3}) \S/.exec(lines[0]);
		assert.ok(status, lines[0]);
		const fields = {};
		for (const line of lines.slice(1)) {
			const [, name, value] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? assert.fail(line);
			assert.ok(!(name.toLowerCase() in fields), `${name} twice`);
			fields[name.toLowerCase()] = value;
		}
		return { status: Number(status[1]), fields, lines };
	}

	/* A head and its body as text. */
	async answer(method = "GET") {
		const answer = await this.head();
		const length = method === "HEAD" ? 0 : Number(answer.fields["content-length"] ?? 0);
		answer.body = (await this.need(length, "the body")).toString("utf8");
		return answer;
	}
}

/* The bytes of a frame. mask: 4 bytes, or null for none. form: 7, 16 or 64, how the length is
 * written; length: what it claims when that is not the truth. */
export function frame(opcode, payload = "", { fin = true, rsv = 0, mask = randomBytes(4), form, length } = {}) {
	const body = Buffer.from(payload);
	const claimed = BigInt(length ?? body.length);
	const written = form ?? (claimed < 126n ? 7 : claimed < 65536n ? 16 : 64);
	const head = Buffer.alloc(written === 7 ? 2 : written === 16 ? 4 : 10);
	head[0] = (fin ? 0x80 : 0) | rsv << 4 | opcode;
	head[1] = (mask ? 0x80 : 0) | (written === 7 ? Number(claimed) : written === 16 ? 126 : 127);
	if (written === 16)
		head.writeUInt16BE(Number(claimed), 2);
	else if (written === 64)
		head.writeBigUInt64BE(claimed, 2);
	if (!mask)
		return Buffer.concat([head, body]);
	const masked = Buffer.from(body);
	maskBytes(masked, mask);
	return Buffer.concat([head, mask, masked]);
}

export function maskBytes(bytes, mask) {
	for (let i = 0; i < bytes.length; i++)
		bytes[i] ^= mask[i & 3];
	return bytes;
}

/* The payload of a Close frame. */
export const closing = (code, reason = "") =>
	Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);

export const handshake = (path = "/websockify", fields = {}, key = "dGhlIHNhbXBsZSBub25jZQ==") => {
	const all = {
		Host: "127.0.0.1", Upgrade: "websocket", Connection: "Upgrade",
		"Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13", ...fields,
	};
	const lines = Object.entries(all).filter(([, value]) => value !== undefined)
		.flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
	return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
};

export class RawWs extends Wire {
	/* Connects and upgrades. `early` is sent in one piece with the head. */
	static async open(t, where, { path, fields, early = "" } = {}) {
		const ws = await this.connect(t, where);
		const key = randomBytes(16).toString("base64");
		ws.write(Buffer.concat([Buffer.from(handshake(path, fields, key), "latin1"), Buffer.from(early)]));
		ws.reply = await ws.head();
		assert.equal(ws.reply.status, 101, ws.reply.lines.join("\n"));
		assert.equal(ws.reply.fields["sec-websocket-accept"], createHash("sha1").update(key + GUID).digest("base64"));
		assert.equal(ws.reply.fields["sec-websocket-extensions"], undefined);
		return ws;
	}

	send(payload, options) {
		return this.write(frame(OP.BINARY, payload, options));
	}

	/* The next frame, checked as a server's: not masked, shortest length form, no reserved bit. */
	async frame(what = "a frame") {
		const first = await this.need(2, what);
		const len7 = first[1] & 0x7f;
		assert.equal(first[0] & 0x70, 0, "reserved bits");
		assert.equal(first[1] & 0x80, 0, "a server masks nothing");
		let length = len7;
		if (len7 === 126) {
			length = (await this.need(2, what)).readUInt16BE();
			assert.ok(length > 125, "shortest length form");
		} else if (len7 === 127) {
			length = Number((await this.need(8, what)).readBigUInt64BE());
			assert.ok(length > 65535, "shortest length form");
		}
		const payload = await this.need(length, what);
		return { fin: first[0] >> 7 === 1, opcode: first[0] & 15, payload };
	}

	/* The payload of data frames until there are n bytes. */
	async data(n, opcode = OP.BINARY) {
		const pieces = [];
		let have = 0;
		while (have < n) {
			const got = await this.frame(`data (${have} of ${n} bytes)`);
			assert.equal(got.opcode, opcode, `a frame of ${got.payload.length} bytes ${got.payload.toString("latin1", 0, 150)}`);
			assert.ok(got.fin, "messages are not fragmented");
			pieces.push(got.payload);
			have += got.payload.length;
		}
		assert.equal(have, n, "bytes");
		return Buffer.concat(pieces);
	}

	/* The Close frame, after whatever data comes before it: {code, reason, data}. */
	async close() {
		const pieces = [];
		for (;;) {
			const got = await this.frame("a Close frame");
			if (got.opcode === OP.CLOSE) {
				assert.ok(got.fin && got.payload.length !== 1 && got.payload.length <= 125);
				return {
					code: got.payload.length ? got.payload.readUInt16BE() : 1005,
					reason: got.payload.subarray(2).toString("utf8"),
					data: Buffer.concat(pieces),
				};
			}
			if (got.opcode <= OP.BINARY)
				pieces.push(got.payload);
		}
	}

	/* Says Close (code 0: without one). */
	bye(code = 1000, reason = "") {
		return this.write(frame(OP.CLOSE, code ? closing(code, reason) : ""));
	}

	/* Says Close, hears it, and the connection ends. */
	async leave() {
		this.bye();
		await this.close();
		await this.gone();
	}
}
