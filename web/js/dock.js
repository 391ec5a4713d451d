/*
 * The toolbar over the picture. Closed it is a small tab at the top or bottom edge, which can be
 * dragged out of the way; a click opens it, working in the desktop closes it again.
 */

import { byId, ring } from "./dom.js";

const DRAG_FROM = 6; /* pixels: less is a click */
const SHOWN_FIRST = 5000; /* ms open at the start, to be seen */

export class Dock extends EventTarget {
	#dock = byId("dock");
	#grip = byId("dock-grip");
	#settings;
	#panels;
	#timer = null;
	#dragged = false;

	constructor(settings, panels) {
		super();
		this.#settings = settings;
		this.#panels = panels;
		this.#grip.addEventListener("click", (event) => this.#click(event));
		this.#grip.addEventListener("pointerdown", (event) => this.#drag(event));
		this.#dock.addEventListener("keydown", (event) => this.#key(event));
		panels.addEventListener("change", () => this.#place());
		settings.addEventListener("change", ({ detail }) => this.#follow(detail.name));
		window.addEventListener("resize", () => this.#place());
		new ResizeObserver(() => this.#place()).observe(this.#dock);
	}

	/* For a new session: open for a moment, so that people learn where it is. */
	show() {
		this.#dock.hidden = false;
		this.open();
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#rest(), SHOWN_FIRST);
	}

	hide() {
		clearTimeout(this.#timer);
		this.#panels.close();
		this.#dock.hidden = true;
	}

	open() {
		this.#set(true);
	}

	/* Opens and moves the keyboard here. */
	enter() {
		clearTimeout(this.#timer);
		this.open();
		this.#dock.querySelector(".tool:not([hidden])").focus();
	}

	/* Out of the way, unless it is to stay. */
	close() {
		clearTimeout(this.#timer);
		this.#panels.close();
		this.#set(this.#settings.get("dock_pinned"));
	}

	/* The desktop rang its bell. */
	ring() {
		ring(this.#dock);
	}

	#set(open) {
		this.#dock.dataset.open = String(open);
		this.#grip.setAttribute("aria-expanded", String(open));
		this.#place();
	}

	#rest() {
		if (!this.#panels.open && !this.#dock.matches(":hover, :focus-within")) {
			this.close();
		}
	}

	#click({ detail }) {
		/* The click that ends a drag; one of the keyboard's has no count. */
		if (this.#dragged && detail > 0) {
			return;
		}
		clearTimeout(this.#timer);
		if (this.#dock.dataset.open === "true") {
			this.#panels.close();
			this.#set(false);
		} else {
			this.open();
		}
	}

	/* Esc goes one step back: panel, toolbar, desktop. */
	#key(event) {
		if (event.key !== "Escape") {
			return;
		}
		event.preventDefault();
		if (this.#panels.open) {
			this.#panels.leave();
		} else {
			this.close();
			this.dispatchEvent(new CustomEvent("left"));
		}
	}

	#follow(name) {
		if (name === "dock_pinned" && this.#settings.get(name)) {
			this.open();
		}
	}

	#drag(event) {
		const from = { x: event.clientX, y: event.clientY };
		this.#dragged = false;
		this.#grip.setPointerCapture(event.pointerId);
		const move = (now) => {
			if (
				!this.#dragged &&
				Math.hypot(now.clientX - from.x, now.clientY - from.y) < DRAG_FROM
			) {
				return;
			}
			this.#dragged = true;
			this.#settings.set(
				"dock_at",
				Math.round((1000 * now.clientX) / window.innerWidth) / 10,
			);
			this.#settings.set(
				"dock_edge",
				now.clientY > window.innerHeight / 2 ? "bottom" : "top",
			);
			this.#place();
		};
		const end = () => {
			this.#grip.removeEventListener("pointermove", move);
			this.#grip.removeEventListener("pointerup", end);
			this.#grip.removeEventListener("pointercancel", end);
		};
		this.#grip.addEventListener("pointermove", move);
		this.#grip.addEventListener("pointerup", end);
		this.#grip.addEventListener("pointercancel", end);
	}

	/* Centred where it was dragged to, but never beyond the window. */
	#place() {
		this.#dock.dataset.edge = this.#settings.get("dock_edge");
		const room = window.innerWidth;
		const width = this.#dock.offsetWidth;
		const middle = (room * Math.min(100, Math.max(0, this.#settings.get("dock_at")))) / 100;
		const left = Math.min(Math.max(8, middle - width / 2), Math.max(8, room - width - 8));
		this.#dock.style.left = `${Math.round(left)}px`;
	}
}
