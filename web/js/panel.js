/*
 * The panels below the toolbar: at most one is open.
 */

import { all, byId, icon, make } from "./dom.js";

export class Panels extends EventTarget {
	#panels = all(".panel");
	#buttons = all("[data-panel]");
	#opener = null;
	#open = null;

	constructor() {
		super();
		for (const button of this.#buttons) {
			button.setAttribute("aria-expanded", "false");
			button.setAttribute("aria-controls", button.dataset.panel);
			button.addEventListener("click", () => this.toggle(button.dataset.panel));
		}
		for (const panel of this.#panels) {
			panel.querySelector("header").append(this.#closer());
		}
	}

	/* The open panel's id, null for none. */
	get open() {
		return this.#open;
	}

	toggle(id) {
		this.#show(this.#open === id ? null : id);
	}

	close() {
		this.#show(null);
	}

	/* Closes and puts the focus back on the button that had opened it. */
	leave() {
		this.close();
		this.#opener?.focus();
	}

	#show(id) {
		if (this.#open === id) {
			return;
		}
		this.#open = id;
		if (id) {
			this.#opener =
				this.#buttons.find((one) => one.dataset.panel === id) ?? document.activeElement;
		}
		for (const button of this.#buttons) {
			button.setAttribute("aria-expanded", String(button.dataset.panel === id));
		}
		for (const panel of this.#panels) {
			panel.hidden = panel.id !== id;
		}
		/* The panel, not its first field: that would bring up a phone's keyboard. */
		byId(id ?? "")?.focus({ preventScroll: true });
		this.dispatchEvent(new CustomEvent("change", { detail: id }));
	}

	#closer() {
		const button = make(
			"button",
			{ type: "button", class: "icon-button", "aria-label": "Close" },
			icon("close"),
		);
		button.addEventListener("click", () => this.leave());
		return button;
	}
}
