/*
 * The incoming bytes, taken apart: what is text, what is a command, what is a negotiation.
 *
 *   text ──IAC──► IAC ──IAC──► text (one byte 255)
 *                     ──WILL, WONT, DO, DONT──► option ──► text
 *                     ──SB──► option ──► body ──IAC SE──► text
 *                     ──anything else: a command──► text
 *
 * A piece may end anywhere, also within a command: the state is kept, nothing is ever held back.
 */

import { DONT, IAC, SB, SE, WILL } from "./codes.js";

/* No subnegotiation that we take is longer; what is beyond is not kept. */
export const LONGEST_BODY = 512;

const ESCAPED = Uint8Array.of(IAC);

const TEXT = 0;
const COMMAND = 1;
const NEGOTIATION = 2;
const SUB_OPTION = 3;
const SUB_BODY = 4;
const SUB_COMMAND = 5;

export class Scanner {
	#state = TEXT;
	#verb = 0;
	#option = 0;
	#body = [];
	#on;

	/*
	 * on.text(bytes)                 a piece of text, borrowed until the call returns
	 * on.command(code)               one of RFC 854's commands
	 * on.negotiate(verb, option)     verb is WILL, WONT, DO or DONT
	 * on.sub(option, body)           a whole subnegotiation, unescaped; never one that was too long
	 */
	constructor(on) {
		this.#on = on;
	}

	push(bytes) {
		let from = 0;
		for (let at = 0; at < bytes.length; at++) {
			if (this.#state !== TEXT) {
				this.#step(bytes[at]);
				from = at + 1;
			} else if (bytes[at] === IAC) {
				this.#text(bytes, from, at);
				this.#state = COMMAND;
			}
		}
		if (this.#state === TEXT) {
			this.#text(bytes, from, bytes.length);
		}
	}

	#text(bytes, from, to) {
		if (from < to) {
			this.#on.text(bytes.subarray(from, to));
		}
	}

	#step(byte) {
		switch (this.#state) {
			case COMMAND:
				this.#command(byte);
				return;
			case NEGOTIATION:
				this.#state = TEXT;
				this.#on.negotiate(this.#verb, byte);
				return;
			case SUB_OPTION:
				this.#option = byte;
				this.#body = [];
				this.#state = SUB_BODY;
				return;
			case SUB_BODY:
				if (byte === IAC) {
					this.#state = SUB_COMMAND;
				} else {
					this.#keep(byte);
				}
				return;
			case SUB_COMMAND:
				this.#subCommand(byte);
		}
	}

	#command(byte) {
		if (byte >= WILL && byte <= DONT) {
			this.#verb = byte;
			this.#state = NEGOTIATION;
		} else if (byte === SB) {
			this.#state = SUB_OPTION;
		} else {
			this.#state = TEXT;
			if (byte === IAC) {
				this.#on.text(ESCAPED);
			} else if (byte !== SE) {
				this.#on.command(byte);
			}
		}
	}

	/* IAC within a body: itself, the end, or, from a broken peer, a command that cuts the body. */
	#subCommand(byte) {
		if (byte === IAC) {
			this.#keep(byte);
			this.#state = SUB_BODY;
			return;
		}
		if (byte !== SE) {
			this.#command(byte);
			return;
		}
		this.#state = TEXT;
		if (this.#body.length <= LONGEST_BODY) {
			this.#on.sub(this.#option, Uint8Array.from(this.#body));
		}
	}

	#keep(byte) {
		if (this.#body.length <= LONGEST_BODY) {
			this.#body.push(byte);
		}
	}
}
