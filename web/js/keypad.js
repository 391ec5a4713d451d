/*
 * Buttons for keys: the key panel, and the row above a touch keyboard. Both share one set of
 * latched modifiers.
 */

import { make } from "./dom.js";
import { KEYS, MODIFIERS, pressOrder } from "./keys.js";
import { Latches } from "./latches.js";

export class Keypad {
	#send;
	#latches;

	/* send(key, down) gives one of KEYS away; down left out means press and release. */
	constructor(send) {
		this.#send = send;
		this.#latches = new Latches((code, down) => send(KEYS[code], down));
	}

	/* Fills the key panel; layout as in keys.js. */
	buildPanel(panel, { combinations, modifiers, groups }) {
		panel.append(
			group(
				"Combinations",
				combinations.map((combination) => this.#combination(combination)),
			),
			group(
				"Hold",
				modifiers.map((code) => this.#modifier(code)),
			),
			...groups.map(({ name, keys }) =>
				group(
					name,
					keys.map((code) => this.#key(code)),
				),
			),
		);
	}

	/* Fills the row above a touch keyboard; tapping it must not take the focus from the field. */
	buildRow(row, codes) {
		row.append(
			...codes.map((code) =>
				MODIFIERS.includes(code) ? this.#modifier(code) : this.#key(code),
			),
		);
		row.addEventListener("pointerdown", (event) => event.preventDefault());
		row.addEventListener("mousedown", (event) => event.preventDefault());
	}

	/* A key was typed by other means: what was latched for one key is done. */
	used() {
		this.#latches.used();
	}

	release() {
		this.#latches.release();
	}

	press(code) {
		this.#send(KEYS[code]);
		this.used();
	}

	#key(code) {
		const { label, name } = KEYS[code];
		return keyButton(label, name, () => this.press(code), { "data-key": code });
	}

	#combination({ label, keys }) {
		return keyButton(
			label,
			label,
			() => {
				pressOrder(keys).forEach(([code, down]) => this.#send(KEYS[code], down));
				this.used();
			},
			{ "data-combination": keys.join("+") },
		);
	}

	#modifier(code) {
		const { label, name } = KEYS[code];
		const button = keyButton(label, `Hold ${name}`, () => this.#latches.tap(code), {
			"data-modifier": code,
			"aria-pressed": "false",
			title: "Tap for the next key, tap again to keep it held",
		});
		this.#latches.addEventListener("change", (change) => {
			if (change.code === code) {
				button.dataset.mode = change.mode;
				button.setAttribute("aria-pressed", String(change.mode !== "off"));
			}
		});
		return button;
	}
}

function keyButton(label, name, act, attributes) {
	const button = make(
		"button",
		{ type: "button", class: "key", "aria-label": name, ...attributes },
		label,
	);
	button.addEventListener("click", act);
	return button;
}

function group(name, buttons) {
	const kind = name.toLowerCase().replace(" ", "-");
	return make(
		"div",
		{ class: "keys", role: "group", "aria-label": name, "data-kind": kind },
		make("h3", {}, name),
		make("div", { class: "key-grid" }, ...buttons),
	);
}
