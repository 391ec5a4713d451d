/*
 * The place where the picture is: its last frame, kept behind the cards while there is no
 * connection, and the names that screen readers get.
 */

import { byId } from "./dom.js";

export class Screen {
	#place = byId("screen");
	#last = byId("last-frame");

	get place() {
		return this.#place;
	}
	get canvas() {
		return this.#place.querySelector("canvas");
	}
	get focused() {
		return this.#place.contains(document.activeElement);
	}

	/* Once the picture is there: reachable with Tab, and named. */
	show(name) {
		this.#last.hidden = true;
		this.rename(name);
		this.canvas.tabIndex = 0;
		this.canvas.setAttribute("role", "application");
		this.canvas.setAttribute("aria-describedby", "way-out");
	}

	rename(name) {
		this.canvas?.setAttribute("aria-label", `Remote desktop ${name}`);
	}

	/* Keeps the session's last frame as a still picture. */
	freeze(rfb) {
		try {
			const frame = rfb.getImageData();
			this.#last.width = frame.width;
			this.#last.height = frame.height;
			this.#last.getContext("2d").putImageData(frame, 0, 0);
			this.#last.hidden = false;
		} catch {
			/* there never was a frame */
			this.#last.hidden = true;
		}
	}

	clear() {
		this.#last.hidden = true;
	}
}

/* Saves the picture as a file. */
export function saveFrame(rfb, name) {
	rfb.toBlob((blob) => {
		const link = document.createElement("a");
		link.href = URL.createObjectURL(blob);
		link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-") || "desktop"}.png`;
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
	}, "image/png");
}
