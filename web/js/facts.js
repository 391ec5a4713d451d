/*
 * The facts in the session panel; counted on only while someone looks.
 */

import { byId } from "./dom.js";

export class Facts {
	#session = null;
	#place = "";
	#timer = null;

	attach(session, address) {
		this.#session = session;
		this.#place = address?.place ?? "";
		byId("fact-place").textContent = this.#place;
		byId("fact-secure").textContent = address?.secure ? "encrypted" : "not encrypted";
	}

	name(text) {
		byId("fact-name").textContent = text;
	}

	/* Starts or stops counting. */
	watch(on) {
		clearInterval(this.#timer);
		if (on) {
			this.#show();
			this.#timer = setInterval(() => this.#show(), 1000);
		}
	}

	#show() {
		const session = this.#session;
		if (!session?.started) {
			return;
		}
		byId("fact-time").textContent = duration(Date.now() - session.started);
		byId("fact-bytes").textContent = bytes(session.received);
	}
}

/* 3 723 000 → "1:02:03" */
export function duration(ms) {
	const seconds = Math.max(0, Math.floor(ms / 1000));
	const two = (number) => String(number).padStart(2, "0");
	const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/* 1 536 000 → "1.5 MB" */
export function bytes(number) {
	const units = ["bytes", "kB", "MB", "GB", "TB"];
	let unit = 0;
	while (number >= 1000 && unit < units.length - 1) {
		number /= 1000;
		unit++;
	}
	return `${unit > 0 && number < 100 ? number.toFixed(1) : Math.round(number)} ${units[unit]}`;
}
