/*
 * One clipboard on both sides.
 *
 *   desktop ──copy──► text panel ──► this device, if the browser lets us
 *   this device ──when the desktop gets the focus, if we may look──► desktop
 *               ──by hand, from the text panel ──► desktop
 *
 * A browser gives a page the clipboard only over https (or from localhost), and most ask first or
 * want a click each time. The text panel always works.
 */

import { byId, toast } from "./dom.js";
import { keysymOf } from "./keys.js";

const MOST_TYPED = 5000;
const TYPED_AT_ONCE = 32;

export class Clipboard {
	#settings;
	#session = null;
	#field = byId("clipboard-text");
	#note = byId("clipboard-note");
	#pending = null; /* copied in the desktop, but the browser wants a click first */
	#known = null; /* what both sides have */

	constructor(settings) {
		this.#settings = settings;
		byId("clipboard-send").addEventListener("click", () => this.#sendField());
		byId("clipboard-type").addEventListener("click", () => this.#typeField());
		byId("clipboard-paste").addEventListener("click", () => this.#pasteHere());
		byId("clipboard-copy").addEventListener("click", () => this.#copyHere());
		byId("clipboard-paste").hidden = !navigator.clipboard?.readText;
		window.addEventListener("focus", () => this.look());
		document.addEventListener("pointerdown", () => this.#flush(), { capture: true });
		document.addEventListener("keydown", () => this.#flush(), { capture: true });
		this.#explain();
	}

	/* The session whose clipboard this is; null for none. */
	attach(session) {
		this.#session = session;
		this.#known = null;
		this.#pending = null;
		session?.addEventListener("clipboard", ({ detail }) => this.#receive(detail));
	}

	/* Sends this device's clipboard if we may read it without asking and it has changed. */
	async look() {
		if (
			!this.#session ||
			!this.#settings.get("clipboard") ||
			this.#settings.get("view_only") ||
			(await permission()) !== "granted" ||
			!document.hasFocus()
		) {
			return;
		}
		try {
			const text = await readDevice();
			if (text !== "" && text !== this.#known) {
				this.#send(text);
			}
		} catch {
			/* the focus moved on while we asked; the next look will tell */
		}
	}

	#send(text) {
		if (!this.#session || this.#onlyWatching()) {
			return false;
		}
		this.#known = text;
		this.#field.value = text;
		this.#session.rfb?.clipboardPasteFrom(text);
		return true;
	}

	/* Says so: the library would keep quiet, and it would look as if it had been sent. */
	#onlyWatching() {
		const watching = this.#settings.get("view_only");
		if (watching) {
			toast("Only watching: nothing is sent to the desktop.", "warn");
		}
		return watching;
	}

	async #receive(text) {
		this.#field.value = text;
		this.#known = text;
		this.#pending = this.#settings.get("clipboard") ? text : null;
		await this.#flush();
	}

	async #flush() {
		const text = this.#pending;
		if (text === null || !navigator.clipboard?.writeText) {
			return;
		}
		this.#pending = null;
		try {
			await navigator.clipboard.writeText(text);
		} catch {
			/* not focused, or not without a click: the next click or key tries again */
			this.#pending ??= text;
		}
	}

	#sendField() {
		if (this.#send(this.#field.value)) {
			toast("Sent. Paste it in the desktop.");
		}
	}

	/* For places that cannot paste: a login screen, a console. */
	async #typeField() {
		if (this.#onlyWatching()) {
			return;
		}
		const session = this.#session;
		const characters = [...this.#field.value].slice(0, MOST_TYPED);
		for (let i = 0; i < characters.length && session === this.#session; i++) {
			const keysym = keysymOf(characters[i]);
			if (keysym !== undefined) {
				session?.sendKey({ keysym });
			}
			if (i % TYPED_AT_ONCE === TYPED_AT_ONCE - 1) {
				await new Promise(requestAnimationFrame);
			}
		}
		toast(`Typed ${characters.length} characters.`);
	}

	async #pasteHere() {
		try {
			if (this.#send(await readDevice())) {
				toast("Sent. Paste it in the desktop.");
			}
		} catch {
			toast("The browser kept its clipboard. Paste into the text field instead.", "warn");
		}
		this.#explain();
	}

	async #copyHere() {
		try {
			await navigator.clipboard.writeText(this.#field.value);
			toast("Copied to this device.");
		} catch {
			this.#field.select();
			toast("Press Ctrl+C to copy the selected text.", "warn");
		}
	}

	async #explain() {
		this.#note.textContent = NOTES[window.isSecureContext ? await permission() : "insecure"];
	}
}

const NOTES = {
	granted: "Text that you copy is shared in both directions by itself.",
	prompt:
		"Text copied in the desktop arrives here by itself. For the other direction press " +
		"“Send this device’s clipboard” once and allow it.",
	denied: "The browser keeps its clipboard to itself. Paste into the field above, then send it.",
	unknown:
		"Text copied in the desktop arrives here. For the other direction use the buttons above.",
	insecure:
		"This page is not encrypted, so the browser keeps its clipboard to itself. " +
		"Copy and paste through the field above.",
};

/* RFB ends lines in LF alone (RFC 6143, 7.5.6); Windows does not. */
const readDevice = async () => (await navigator.clipboard.readText()).replace(/\r\n?/g, "\n");

/* granted, prompt, denied; unknown where browsers do not tell (Firefox, Safari). */
async function permission() {
	try {
		return (await navigator.permissions.query({ name: "clipboard-read" })).state;
	} catch {
		return "unknown";
	}
}
