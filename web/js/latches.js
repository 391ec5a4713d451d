/*
 * Modifier keys held by a tap, for hands that cannot hold two things at once.
 *
 *   off ──tap──► once ──tap──► locked ──tap──► off
 *                 └── released by itself after the next key
 */

const NEXT = { off: "once", once: "locked", locked: "off" };

export class Latches extends EventTarget {
	#modes = new Map();
	#send;

	/*
	 * send(code, down) presses or releases a key in the desktop. Changes are told as "change"
	 * with code and mode.
	 */
	constructor(send) {
		super();
		this.#send = send;
	}

	mode(code) {
		return this.#modes.get(code) ?? "off";
	}

	tap(code) {
		this.#change(code, NEXT[this.mode(code)]);
	}

	/* Another key has been typed. */
	used() {
		this.#held("once").forEach((code) => this.#change(code, "off"));
	}

	release() {
		[...this.#held("once"), ...this.#held("locked")].forEach((code) =>
			this.#change(code, "off"),
		);
	}

	#held(mode) {
		return [...this.#modes.keys()].filter((code) => this.mode(code) === mode);
	}

	#change(code, mode) {
		const was = this.mode(code);
		this.#modes.set(code, mode);
		if (was === "off" || mode === "off") {
			this.#send(code, mode !== "off");
		}
		this.dispatchEvent(Object.assign(new Event("change"), { code, mode }));
	}
}
