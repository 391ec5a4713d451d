/*
 * Our end of a telnet connection (RFC 854, 855): bytes from the socket become text for a terminal,
 * what is typed becomes bytes for the socket. Knows neither socket nor terminal nor page.
 *
 *   socket ──receive()──► Scanner ─┬─► line ends, UTF-8 ──► on.text
 *                                  └─► Agreement, subnegotiations ──► on.send
 *   keys ──type(), line()──► line ends, escaping ──► on.send
 *
 * We answer and never begin, so that a service that knows nothing of telnet gets nothing but what
 * was typed. Agreed to are
 *   theirs  ECHO, SGA, BINARY
 *   ours    SGA, BINARY, TTYPE, NAWS
 * and nothing else: not NEW-ENVIRON (it would tell the server of this machine), not LINEMODE, not
 * our own ECHO.
 *
 * RFC 858: only with both ECHO and SGA are characters sent as they are typed. Without, it is a line
 * at a time, and without ECHO it is ours to show what is typed.
 */

import { Agreement } from "./agreement.js";
import { COMMANDS, IAC, OPTION, SB, SE } from "./codes.js";
import { Scanner } from "./scanner.js";

/* RFC 1091: from the best to the plainest; what xterm.js is, then what most servers know. */
export const TERMINAL_TYPES = ["XTERM-256COLOR", "XTERM", "VT100"];

const OURS = [OPTION.SGA, OPTION.BINARY, OPTION.TTYPE, OPTION.NAWS];
const THEIRS = [OPTION.ECHO, OPTION.SGA, OPTION.BINARY];
const TTYPE_IS = 0;
const TTYPE_SEND = 1;
const NUL = 0;
const LF = 10;
const CR = 13;

export class Telnet {
	#on;
	#scanner = new Scanner({
		text: (bytes) => this.#text(bytes),
		command: () => this.#speak(),
		negotiate: (verb, option) => this.#negotiate(verb, option),
		sub: (option, body) => this.#sub(option, body),
	});
	#agreement = new Agreement({
		send: (verb, option) => this.#out.push(IAC, verb, option),
		accepts: (side, option) => (side === "us" ? OURS : THEIRS).includes(option),
		changed: (side, option, on) => this.#changed(side, option, on),
	});
	/* A character may be cut anywhere; what is no UTF-8 becomes U+FFFD. */
	#decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	#encoder = new TextEncoder();
	#out = [];
	#afterCr = false;
	#types = 0;
	#size;

	/* Whether the other side has ever spoken telnet; if not, it is a plain service. */
	spoken = false;

	/*
	 * on.send(bytes)   for the socket
	 * on.text(string)  for the terminal
	 * on.mode()        echo or byLine has changed, or spoken has
	 * size             {cols, rows} of the terminal
	 */
	constructor(on, size) {
		this.#on = on;
		this.#size = size;
	}

	/* Whether the server shows what is typed. */
	get echo() {
		return this.#agreement.on("them", OPTION.ECHO);
	}
	/* Whether it wants whole lines. */
	get byLine() {
		return !(this.echo && this.#agreement.on("them", OPTION.SGA));
	}

	receive(bytes) {
		this.#scanner.push(bytes);
		this.#flush();
	}

	/* Characters as typed; Enter is a carriage return. */
	type(text) {
		this.typeBytes(this.#encoder.encode(text));
	}

	/* The same for what is no text: old mouse reports. */
	typeBytes(bytes) {
		/* RFC 854: a bare CR is CR NUL, unless we transmit binary (RFC 856). */
		const plain = this.#agreement.on("us", OPTION.BINARY);
		for (const byte of bytes) {
			this.#escape(byte);
			if (byte === CR && !plain) {
				this.#out.push(NUL);
			}
		}
		this.#flush();
	}

	/* A whole line, without its end. */
	line(text) {
		this.#encoder.encode(text).forEach((byte) => this.#escape(byte));
		this.#out.push(CR, LF);
		this.#flush();
	}

	/* One of COMMANDS by its name. False if the other side would not know it for one. */
	command(name) {
		if (this.spoken) {
			this.#out.push(IAC, COMMANDS[name]);
			this.#flush();
		}
		return this.spoken;
	}

	/* The terminal has a new size. */
	resize(size) {
		this.#size = size;
		if (this.#agreement.on("us", OPTION.NAWS)) {
			this.#tellSize();
			this.#flush();
		}
	}

	#negotiate(verb, option) {
		this.#speak();
		this.#agreement.hear(verb, option);
	}

	#changed(side, option, on) {
		if (side === "us" && option === OPTION.NAWS && on) {
			this.#tellSize();
		}
		if (side === "us" && option === OPTION.TTYPE) {
			this.#types = 0;
		}
		if (side === "them") {
			this.#on.mode();
		}
	}

	#speak() {
		if (!this.spoken) {
			this.spoken = true;
			this.#on.mode();
		}
	}

	#sub(option, body) {
		if (
			option === OPTION.TTYPE &&
			body[0] === TTYPE_SEND &&
			this.#agreement.on("us", OPTION.TTYPE)
		) {
			this.#tellType();
		}
	}

	/* RFC 1091: one after the other; the last one twice says that it was the last. */
	#tellType() {
		const last = TERMINAL_TYPES.length - 1;
		const type = TERMINAL_TYPES[Math.min(this.#types, last)];
		this.#types = this.#types > last ? 0 : this.#types + 1;
		this.#tellSub(OPTION.TTYPE, [TTYPE_IS, ...this.#encoder.encode(type)]);
	}

	/* RFC 1073: two bytes each. */
	#tellSize() {
		const { cols, rows } = this.#size;
		this.#tellSub(OPTION.NAWS, [(cols >> 8) & 255, cols & 255, (rows >> 8) & 255, rows & 255]);
	}

	#tellSub(option, body) {
		this.#out.push(IAC, SB, option);
		body.forEach((byte) => this.#escape(byte));
		this.#out.push(IAC, SE);
	}

	#escape(byte) {
		if (byte === IAC) {
			this.#out.push(IAC);
		}
		this.#out.push(byte);
	}

	#flush() {
		if (this.#out.length > 0) {
			const out = Uint8Array.from(this.#out);
			this.#out = [];
			this.#on.send(out);
		}
	}

	/* RFC 854: CR NUL is a bare CR; not so in binary (RFC 856). */
	#text(bytes) {
		const binary = this.#agreement.on("them", OPTION.BINARY);
		const text = binary ? bytes : bytes.filter((byte) => this.#keeps(byte));
		this.#afterCr = !binary && this.#afterCr;
		const decoded = this.#decoder.decode(text, { stream: true });
		if (decoded !== "") {
			this.#on.text(decoded);
		}
	}

	#keeps(byte) {
		const keep = !(byte === NUL && this.#afterCr);
		this.#afterCr = byte === CR;
		return keep;
	}
}
