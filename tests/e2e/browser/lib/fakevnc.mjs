/*
 * A VNC server made of a script: it says exactly what a test wants said, and remembers every
 * message of the client. RFC 6143; section numbers below are its.
 */

import { createServer } from "node:net";
import { until } from "./wait.mjs";

const u16 = (...values) =>
	Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 255])));
const u32 = (value) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
};
const counted = (text) => Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text)]);

const WIDTH = 320;
const HEIGHT = 240;
const ORANGE = [0xf2, 0x84, 0x2b];

/* One client's connection; reads wait for as many bytes as they ask for. */
class Client {
	messages = [];
	closed = false;
	#socket;
	#bytes = Buffer.alloc(0);
	#wake = () => {};

	constructor(socket) {
		this.#socket = socket;
		socket.on("data", (data) => {
			this.#bytes = Buffer.concat([this.#bytes, data]);
			this.#wake();
		});
		socket.on("close", () => {
			this.closed = true;
			this.#wake();
		});
		socket.on("error", () => {});
	}

	async read(length) {
		while (this.#bytes.length < length) {
			if (this.closed) {
				throw new Error("the client has gone");
			}
			await new Promise((resolve) => {
				this.#wake = resolve;
			});
		}
		const taken = this.#bytes.subarray(0, length);
		this.#bytes = this.#bytes.subarray(length);
		return taken;
	}

	write(...parts) {
		this.#socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
	}
	end() {
		this.#socket.end();
	}
	destroy() {
		this.#socket.destroy();
	}
	/* As a program does that crashes: without a goodbye. */
	reset() {
		this.#socket.resetAndDestroy();
	}

	/* 7.1.1, 7.1.2: version, then one security type. */
	async greet(...types) {
		this.write("RFB 003.008\n");
		await this.read(12);
		this.write([types.length, ...types]);
		return (await this.read(1))[0];
	}

	/* 7.1.3: the login worked. */
	welcome() {
		this.write(u32(0));
	}

	/* 7.1.3: it did not. */
	refuse(reason) {
		this.write(u32(1), counted(reason));
		this.end();
	}

	/* 7.3: the desktop; then answers as a server does until the client goes. */
	async serve({ name = "Fake desktop", colour = ORANGE } = {}) {
		this.shared = (await this.read(1))[0] !== 0; /* 7.3.1 */
		this.write(
			u16(WIDTH, HEIGHT),
			[32, 24, 0, 1],
			u16(255, 255, 255),
			[0, 8, 16, 0, 0, 0],
			counted(name),
		);
		this.drawn = false;
		try {
			for (;;) {
				await this.#message(colour);
			}
		} catch {
			this.end();
		}
	}

	/* 7.6.4: something was copied. */
	cutText(text) {
		this.write([3, 0, 0, 0], counted(text));
	}
	bell() {
		this.write([2]);
	}

	/* The recorded messages of one type, once there are at least `least`. */
	async seen(type, least = 1) {
		const of = () => this.messages.filter((message) => message.type === type);
		await until(`${least} ${type} messages`, () => of().length >= least);
		return of();
	}

	/* Key presses as "+ff1b -ff1b". */
	get keys() {
		return this.messages
			.filter(({ type }) => type === "key")
			.map(({ down, keysym }) => `${down ? "+" : "-"}${keysym.toString(16)}`)
			.join(" ");
	}

	/* 7.5: what clients say. */
	async #message(colour) {
		const [type] = await this.read(1);
		if (type === 0) {
			await this.read(19);
		} else if (type === 2) {
			const count = (await this.read(3)).readUInt16BE(1);
			const bytes = await this.read(4 * count);
			this.messages.push({
				type: "encodings",
				list: Array.from({ length: count }, (_, i) => bytes.readInt32BE(4 * i)),
			});
		} else if (type === 3) {
			await this.read(9);
			this.#draw(colour);
		} else if (type === 4) {
			const bytes = await this.read(7);
			this.messages.push({
				type: "key",
				down: bytes[0] === 1,
				keysym: bytes.readUInt32BE(3),
			});
		} else if (type === 5) {
			const bytes = await this.read(5);
			this.messages.push({
				type: "pointer",
				mask: bytes[0],
				x: bytes.readUInt16BE(1),
				y: bytes.readUInt16BE(3),
			});
		} else if (type === 6) {
			const length = (await this.read(7)).readUInt32BE(3);
			this.messages.push({ type: "cut", text: (await this.read(length)).toString("latin1") });
		} else {
			throw new Error(`message ${type}`);
		}
	}

	/* 7.6.1: one Raw rectangle of one colour, the first time. */
	#draw([red, green, blue]) {
		if (this.drawn) {
			return;
		}
		this.drawn = true;
		this.write([0, 0], u16(1), u16(0, 0, WIDTH, HEIGHT), u32(0));
		this.write(Buffer.alloc(WIDTH * HEIGHT * 4, Buffer.from([red, green, blue, 255])));
	}
}

/*
 * Listens and runs `script(client)` for each connection. Gives {target, port, clients, client()
 * (the newest, waits for it), stop()}.
 */
export async function startFakeVnc(script) {
	const clients = [];
	const server = createServer((socket) => {
		const client = new Client(socket);
		clients.push(client);
		Promise.resolve(script(client, clients.length)).catch(() => client.destroy());
	});
	await new Promise((resolve, reject) =>
		server.on("error", reject).listen(0, "127.0.0.1", resolve),
	);
	const { port } = server.address();
	return {
		port,
		target: `127.0.0.1:${port}`,
		clients,
		client: () => until("a client of the fake VNC server", () => clients.at(-1)),
		stop: () =>
			new Promise((resolve) => {
				server.close(resolve);
				clients.forEach((client) => client.destroy());
			}),
	};
}

/* The script of a server without a password. */
export const openDesktop = (options) => async (client) => {
	await client.greet(1);
	client.welcome();
	await client.serve(options);
};
