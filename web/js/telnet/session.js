/*
 * One connection to a telnet server; its phases are those of connection.js.
 *
 *   WebSocket ──► Telnet ──text──► the owner's terminal
 *             ◄──         ◄──keys── Line, while the server wants lines
 *
 * Events besides those of connection.js:
 *   text   detail: a string for the terminal
 *   mode   echo or byLine may have changed
 */

import { Connection } from "../connection.js";
import { Line } from "./line.js";
import { Telnet } from "./protocol.js";

/* A service may wait for the client to speak first (ms). */
const MUTE = 700;

/* Bytes that may wait in the browser for a server that does not read. */
export const MOST_UNSENT = 1024 * 1024;

export class TelnetSession extends Connection {
	#options;
	#socket = null;
	#telnet;
	#wasByLine = true;
	#encoder = new TextEncoder();
	#line = new Line({
		line: (text) => this.#telnet.line(text),
		show: (text) => this.#telnet.echo || this.tell("text", text),
		signal: (name, code) => this.#telnet.command(name) || this.#telnet.type(code),
	});

	/* options: url, size {cols, rows}, ready() resolves once there is a terminal */
	constructor(options) {
		super(options.url);
		this.#options = options;
		this.#telnet = new Telnet(
			{
				send: (bytes) => this.#send(bytes),
				text: (text) => this.tell("text", text),
				mode: () => this.#follow(),
			},
			options.size,
		);
	}

	/* Whether the server has spoken telnet, echoes what is typed, and takes lines only. */
	get spoken() {
		return this.#telnet.spoken;
	}
	get echo() {
		return this.#telnet.echo;
	}
	get byLine() {
		return this.#telnet.byLine;
	}

	prepare() {
		return this.#options.ready();
	}

	/* What the terminal makes of a key, or what was pasted. */
	type(text) {
		if (this.phase !== "running") {
			return;
		}
		if (this.byLine) {
			this.#line.type(text);
		} else {
			this.#telnet.type(text);
		}
	}

	/* The terminal's old mouse reports, which are no text. */
	typeBytes(bytes) {
		if (this.phase === "running" && !this.byLine) {
			this.#telnet.typeBytes(bytes);
		}
	}

	/* One of the protocol's commands; false if the server would not understand. */
	command(name) {
		return this.phase === "running" && this.#telnet.command(name);
	}

	resize(size) {
		this.#telnet.resize(size);
	}

	end(facts) {
		super.end({ heard: this.received > 0, ...facts });
	}

	attach(socket) {
		this.#socket = socket;
		socket.addEventListener("open", () => {
			const timer = setTimeout(() => this.#hear(), MUTE);
			this.signal.addEventListener("abort", () => clearTimeout(timer));
		});
		socket.addEventListener("message", ({ data }) => {
			if (!this.signal.aborted) {
				this.#hear();
				this.#telnet.receive(
					typeof data === "string" ? this.#encoder.encode(data) : new Uint8Array(data),
				);
			}
		});
		socket.addEventListener("close", () => this.end({}));
	}

	#hear() {
		if (this.phase === "greeting") {
			this.run();
		}
	}

	#send(bytes) {
		if (this.#socket?.readyState !== WebSocket.OPEN) {
			return;
		}
		if (this.#socket.bufferedAmount + bytes.length > MOST_UNSENT) {
			this.end({ stuck: true });
			return;
		}
		this.#socket.send(bytes);
	}

	/* A line begun in one way is finished in the other. */
	#follow() {
		if (this.#wasByLine && !this.byLine) {
			const begun = this.#line.take();
			if (begun !== "") {
				this.#telnet.type(begun);
			}
		}
		this.#wasByLine = this.byLine;
		this.tell("mode");
	}
}
