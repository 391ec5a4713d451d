/* A small RFB client (RFC 6143): no security, 32-bit true colour, Raw encoding. Enough to see
 * whether a picture arrives as it left. It reads from anything with `need(n)` and `write(bytes)`.
 */

import assert from "node:assert/strict";
import { OP, frame } from "./rawws.mjs";

/* The payload of a WebSocket's data frames as a stream. */
export class Payload {
	constructor(ws) {
		this.ws = ws;
		this.bytes = Buffer.alloc(0);
	}

	async need(n) {
		const pieces = [this.bytes];
		let have = this.bytes.length;
		while (have < n) {
			const got = await this.ws.frame();
			assert.equal(got.opcode, OP.BINARY, `a frame ${got.opcode}: ${got.payload.toString("latin1", 2)}`);
			pieces.push(got.payload);
			have += got.payload.length;
		}
		const all = Buffer.concat(pieces);
		this.bytes = all.subarray(n);
		return all.subarray(0, n);
	}

	write(bytes) {
		this.ws.write(frame(OP.BINARY, bytes));
	}
}

export class Rfb {
	constructor(stream) {
		this.stream = stream;
	}

	async open() {
		const s = this.stream;
		this.banner = (await s.need(12)).toString("latin1");
		assert.match(this.banner, /^RFB 003\.008\n$/);
		s.write(Buffer.from("RFB 003.008\n"));
		const [count] = await s.need(1);
		assert.ok(count > 0, "security types");
		assert.ok((await s.need(count)).includes(1), "no security is offered");
		s.write(Buffer.from([1]));
		assert.equal((await s.need(4)).readUInt32BE(), 0, "SecurityResult");
		s.write(Buffer.from([1])); /* shared */
		const init = await s.need(24);
		this.width = init.readUInt16BE(0);
		this.height = init.readUInt16BE(2);
		this.name = (await s.need(init.readUInt32BE(20))).toString("utf8");
		/* SetPixelFormat: 32 bits, depth 24, little endian, true colour, 8 bits each */
		s.write(Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]));
		s.write(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0])); /* SetEncodings: Raw */
		this.pixels = Buffer.alloc(this.width * this.height * 4);
	}

	/* Asks for the whole picture (or what changed) and puts what comes into `pixels`. */
	async update(incremental = false) {
		const ask = Buffer.alloc(10);
		ask[0] = 3;
		ask[1] = incremental ? 1 : 0;
		ask.writeUInt16BE(this.width, 6);
		ask.writeUInt16BE(this.height, 8);
		this.stream.write(ask);
		while (!await this.message())
			continue;
	}

	/* One message from the server; true when it was a picture. */
	async message() {
		const s = this.stream;
		const [type] = await s.need(1);
		if (type === 2) /* Bell */
			return false;
		if (type === 3) { /* ServerCutText */
			const length = (await s.need(7)).readUInt32BE(3);
			await s.need(length);
			return false;
		}
		assert.equal(type, 0, "FramebufferUpdate");
		const count = (await s.need(3)).readUInt16BE(1);
		for (let i = 0; i < count; i++)
			await this.rectangle();
		return true;
	}

	async rectangle() {
		const head = await this.stream.need(12);
		const [x, y, w, h] = [0, 2, 4, 6].map((at) => head.readUInt16BE(at));
		assert.equal(head.readInt32BE(8), 0, "Raw");
		assert.ok(x + w <= this.width && y + h <= this.height, "inside the screen");
		const bytes = await this.stream.need(w * h * 4);
		for (let row = 0; row < h; row++)
			bytes.copy(this.pixels, ((y + row) * this.width + x) * 4, row * w * 4, (row + 1) * w * 4);
	}

	/* 0xRRGGBB. */
	pixel(x, y) {
		return this.pixels.readUInt32LE((y * this.width + x) * 4) & 0xffffff;
	}

	key(code, down = true) {
		const bytes = Buffer.from([4, down ? 1 : 0, 0, 0, 0, 0, 0, 0]);
		bytes.writeUInt32BE(code, 4);
		this.stream.write(bytes);
	}

	type(text) {
		for (const c of text) {
			const code = c === "\n" ? 0xff0d : c.charCodeAt(0);
			this.key(code, true);
			this.key(code, false);
		}
	}

	pointer(x, y, buttons = 0) {
		const bytes = Buffer.from([5, buttons, 0, 0, 0, 0]);
		bytes.writeUInt16BE(x, 2);
		bytes.writeUInt16BE(y, 4);
		this.stream.write(bytes);
	}
}
