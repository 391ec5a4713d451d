/*
 * Typing with a phone's own keyboard. It needs a text field to show itself, and it corrects what
 * was typed instead of reporting keys; so a hidden field collects the text, and what changes in it
 * is replayed as key presses.
 */

import { KEYS, keysymOf, typedBetween } from "./keys.js";

/* Something to erase, so that backspace always shows up as a change. */
const FILLER = "_".repeat(32);
const ENOUGH = 200;

export class TouchKeyboard extends EventTarget {
	#field;
	#send;
	#before = FILLER;

	/* send(key) presses and releases {keysym, code} in the desktop. */
	constructor(field, send) {
		super();
		this.#field = field;
		this.#send = send;
		field.addEventListener("input", (event) => this.#read(event.isComposing));
		field.addEventListener("compositionend", () => this.#read(false));
		field.addEventListener("keydown", (event) => this.#press(event));
		field.addEventListener("focus", () => this.#tell(true));
		field.addEventListener("blur", () => this.#tell(false));
	}

	get shown() {
		return document.activeElement === this.#field;
	}

	show() {
		this.#refill();
		this.#field.focus({ preventScroll: true });
	}

	hide() {
		this.#field.blur();
	}

	#read(composing) {
		const after = this.#field.value;
		const { erase, insert } = typedBetween(this.#before, after);
		for (let i = 0; i < Math.min(erase, FILLER.length); i++) {
			this.#send(KEYS.Backspace);
		}
		for (const character of insert) {
			const keysym = keysymOf(character);
			if (keysym !== undefined) {
				this.#send({ keysym });
			}
		}
		this.#before = after;
		if (!composing && (after.length < FILLER.length / 2 || after.length > ENOUGH)) {
			this.#refill();
		}
	}

	/* Keys that are no text; those that touch keyboards report as 229 come as text instead. */
	#press(event) {
		const key = KEYS[event.code] ?? KEYS[event.key];
		if (event.isComposing || !key || event.key.length === 1) {
			return;
		}
		event.preventDefault();
		this.#send(key);
	}

	#refill() {
		this.#field.value = FILLER;
		this.#before = FILLER;
		this.#field.setSelectionRange(FILLER.length, FILLER.length);
	}

	#tell(shown) {
		this.dispatchEvent(new CustomEvent("shown", { detail: shown }));
	}
}

/*
 * How much of the page the touch keyboard covers, in CSS pixels, as --covered on the root; so that
 * the picture and the row of keys can stay above it.
 */
export function watchCover() {
	const view = window.visualViewport;
	if (!view) {
		return;
	}
	const measure = () => {
		const covered = Math.max(0, Math.round(window.innerHeight - view.height - view.offsetTop));
		document.documentElement.style.setProperty(
			"--covered",
			view.scale > 1.01 ? "0px" : `${covered}px`,
		);
	};
	view.addEventListener("resize", measure);
	view.addEventListener("scroll", measure);
	measure();
}
