/*
 * The way into the terminal, with a bound. A browser gives a page no means to slow a WebSocket
 * down, so a server that says more than the terminal can draw would fill the memory. What is
 * waiting to be drawn is counted; beyond MOST_PENDING text is left out until the terminal has
 * caught up, and a line says how much it was.
 */

/* Characters that may wait, and where it goes on. */
export const MOST_PENDING = 4 * 1024 * 1024;
export const FEW_PENDING = 256 * 1024;

/* Ends whatever sequence was cut, and makes the line plain. */
const NOTE = (count) =>
	`\x18\x1b[0m\r\n\x1b[7m ${count} characters left out: they came faster than can be shown \x1b[0m\r\n`;

export class Outlet {
	#write;
	#pending = 0;
	#left = 0;

	/* write(text, done): the terminal's; calls done when the text has been drawn. */
	constructor(write) {
		this.#write = write;
	}

	/* How much is waiting. */
	get pending() {
		return this.#pending;
	}

	put(text) {
		if (this.#left > 0 || this.#pending + text.length > MOST_PENDING) {
			this.#left += text.length;
			return;
		}
		this.#pass(text);
	}

	#pass(text) {
		this.#pending += text.length;
		this.#write(text, () => {
			this.#pending -= text.length;
			if (this.#left > 0 && this.#pending <= FEW_PENDING) {
				const note = NOTE(this.#left.toLocaleString("en"));
				this.#left = 0;
				this.#pass(note);
			}
		});
	}
}
