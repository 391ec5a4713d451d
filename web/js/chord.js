/*
 * The way out of the desktop for people without a mouse: press Ctrl, Alt and Shift together, and
 * let go. The desktop gets these keys too, but on their own they mean nothing to it; nothing else
 * is taken away from it, not even Esc.
 *
 * It counts only when all of them are up again. Moving the focus while a key is held would leave
 * that key pressed in the desktop, because its release would go elsewhere.
 */

const PARTS = new Map([
	["ControlLeft", "Control"],
	["ControlRight", "Control"],
	["AltLeft", "Alt"],
	["AltRight", "Alt"],
	["ShiftLeft", "Shift"],
	["ShiftRight", "Shift"],
]);

export class Chord {
	#held = new Set();
	#seen = new Set();
	#spoilt = false;

	/* Takes each key event's code; true when the chord has just been completed. */
	press(code) {
		if (!PARTS.has(code)) {
			this.#spoilt = true;
			return;
		}
		this.#held.add(code);
		this.#seen.add(PARTS.get(code));
	}

	release(code) {
		this.#held.delete(code);
		if (this.#held.size > 0) {
			return false;
		}
		const complete = this.#seen.size === 3 && !this.#spoilt;
		this.reset();
		return complete;
	}

	reset() {
		this.#held.clear();
		this.#seen.clear();
		this.#spoilt = false;
	}
}
