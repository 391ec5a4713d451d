/*
 * The bar above the terminal, its panels, and the keys below it: tied to the session that is
 * running, if any.
 */

import { Chord } from "../chord.js";
import { askPlainly } from "../dialogs.js";
import { all, byId, ring, toast } from "../dom.js";
import { Facts } from "../facts.js";
import { tieFullscreen } from "../fullscreen.js";
import { Keypad } from "../keypad.js";
import { TERMINAL_KEYS, TERMINAL_ROW } from "../keys.js";
import { Panels } from "../panel.js";
import { FONT_SIZES, bindSettings } from "../settings.js";
import { followTheme } from "../theme.js";
import { watchCover } from "../touch.js";
import { sequenceOf, withHeld } from "./keyseq.js";
import { MOST_PASTED, cleanPaste, linesOf } from "./pasting.js";

const TITLE = "websplice";
const HELD = { ControlLeft: "control", AltLeft: "alt", ShiftLeft: "shift" };

export class Bar {
	#settings;
	#terminal;
	#session = null;
	#place = "";
	#panels = new Panels();
	#facts = new Facts();
	#chord = new Chord();
	#keypad = new Keypad((key, down) => this.#press(key, down));
	#held = { control: false, alt: false, shift: false };

	constructor(settings, terminal, disconnect) {
		this.#settings = settings;
		this.#terminal = terminal;
		this.#keypad.buildPanel(byId("keys"), TERMINAL_KEYS);
		this.#keypad.buildRow(byId("touch-row"), TERMINAL_ROW);
		byId("tool-disconnect").addEventListener("click", disconnect);
		bindSettings(document, settings);
		all("[data-theme-button]").forEach((button) => followTheme(settings, button));
		settings.addEventListener("change", () => this.#follow());
		this.#tieClipboard();
		this.#tieCommands();
		this.#tieFonts();
		tieFullscreen(byId("tool-fullscreen"), () => this.#terminal.focus());
		this.#tieKeyboard();
		watchCover();
		this.#follow();
	}

	/* A session is being opened. */
	attach(session, address) {
		this.#session = session;
		this.#place = address.place;
		byId("bar-place").textContent = address.place;
		this.#facts.attach(session, address);
		session.addEventListener("mode", () => this.#tellMode());
		this.#tellMode();
	}

	/* It is running. */
	run() {
		document.title = `${this.#place} · ${TITLE}`;
		this.#setTools(true);
		this.#terminal.fit();
		this.#terminal.focus();
	}

	/* It is over. */
	detach() {
		this.#session = null;
		this.#keypad.release();
		this.#panels.close();
		this.#terminal.blur();
		this.#chord.reset();
		this.#setTools(false);
		document.title = `Terminal · ${TITLE}`;
	}

	/* What the terminal makes of a key; a key latched on the screen counts for it. */
	typed(data) {
		const one = [...data].length === 1;
		this.#session?.type(one ? withHeld(data, this.#held) : data);
		if (one) {
			this.#keypad.used();
		}
	}

	/* A text from a clipboard; many lines at once are asked about where each would be run. */
	async paste(text) {
		const clean = cleanPaste(text);
		if (clean === "" || !this.#session) {
			return;
		}
		if (clean.length > MOST_PASTED) {
			toast("That is too much text to paste at once.", "warn");
			return;
		}
		const lines = linesOf(clean);
		const session = this.#session;
		const fine =
			lines < 2 ||
			this.#terminal.knowsPaste ||
			(await askPlainly(
				`Paste ${lines} lines?`,
				"The program there takes them as if they were typed: each line may be run at once.",
				"Paste",
			));
		if (fine && session === this.#session) {
			this.#terminal.paste(clean);
		}
		this.#terminal.focus();
	}

	/* A key of the screen. */
	#press(key, down) {
		if (key.code in HELD) {
			this.#held[HELD[key.code]] = down ?? false;
			return;
		}
		if (down === false) {
			return;
		}
		const sequence = sequenceOf(key.code, this.#held, this.#terminal.applicationKeys);
		const data = sequence ?? withHeld(String.fromCodePoint(key.keysym), this.#held);
		this.#session?.type(data);
	}

	#tellMode() {
		const session = this.#session;
		if (!session) {
			return;
		}
		const who = session.echo ? "shown by the server" : "shown here";
		this.#facts.name(
			session.byLine ? `Sent line by line, ${who}` : "Sent character by character",
		);
		byId("commands").hidden = !session.spoken;
	}

	#setTools(on) {
		for (const tool of all(".needs-session")) {
			tool.disabled = !on;
		}
	}

	#follow() {
		const size = this.#settings.get("font_size");
		byId("tool-smaller").disabled = size <= FONT_SIZES.least;
		byId("tool-larger").disabled = size >= FONT_SIZES.most;
		const keys = this.#settings.get("touch_keys");
		byId("tool-touch").setAttribute("aria-pressed", String(keys));
		byId("touch-row").hidden = !keys;
		document.body.toggleAttribute("data-touch", keys);
	}

	#tieClipboard() {
		byId("tool-copy").addEventListener("click", () => this.#copy());
		byId("tool-paste").addEventListener("click", () => this.#askClipboard());
		byId("paste-send").addEventListener("click", () => {
			const text = byId("paste-text").value;
			byId("paste-text").value = "";
			this.#panels.close();
			this.paste(text);
		});
		this.#terminal.addEventListener("copy", () => this.#copy());
		this.#terminal.addEventListener("paste", ({ detail }) => this.paste(detail));
	}

	async #copy() {
		const text = this.#terminal.copied;
		this.#terminal.focus();
		if (text === "") {
			toast("There is nothing to copy.", "warn");
			return;
		}
		try {
			await navigator.clipboard.writeText(text);
			toast("Copied.");
		} catch {
			this.#panels.open === "panel-paste" || this.#panels.toggle("panel-paste");
			byId("paste-text").value = text;
			byId("paste-text").select();
			toast("Press Ctrl+C to copy the selected text.", "warn");
		}
	}

	/* Browsers that do not give their clipboard away get a field to paste into. */
	async #askClipboard() {
		try {
			await this.paste(await navigator.clipboard.readText());
		} catch {
			this.#panels.toggle("panel-paste");
			byId("paste-text").focus();
		}
	}

	#tieCommands() {
		for (const button of all("[data-command]")) {
			button.addEventListener("click", () => {
				if (this.#session?.command(button.dataset.command)) {
					toast("Sent.");
				}
			});
		}
	}

	#tieFonts() {
		const change = (by) => () => {
			const size = this.#settings.get("font_size") + by;
			this.#settings.set(
				"font_size",
				Math.min(FONT_SIZES.most, Math.max(FONT_SIZES.least, size)),
			);
		};
		byId("tool-smaller").addEventListener("click", change(-1));
		byId("tool-larger").addEventListener("click", change(1));
		byId("tool-touch").addEventListener("click", () =>
			this.#settings.set("touch_keys", !this.#settings.get("touch_keys")),
		);
	}

	/* Esc goes one step back: panel, bar, terminal. */
	#leave(event) {
		if (event.key !== "Escape") {
			return;
		}
		event.preventDefault();
		if (this.#panels.open) {
			this.#panels.leave();
		} else {
			this.#terminal.focus();
		}
	}

	/* Ctrl+Alt+Shift leads out of the terminal, which keeps Tab for itself. */
	#tieKeyboard() {
		const listen = (name, handler) =>
			document.addEventListener(name, handler, { capture: true });
		listen("keydown", (event) => this.#chord.press(event.code));
		listen("keyup", (event) => {
			if (this.#chord.release(event.code) && this.#session?.phase === "running") {
				setTimeout(() => byId("bar").querySelector(".tool:not([hidden], :disabled)").focus());
			}
		});
		window.addEventListener("blur", () => this.#chord.reset());
		for (const id of ["bar", "panels"]) {
			byId(id).addEventListener("keydown", (event) => this.#leave(event));
		}
		this.#panels.addEventListener("change", ({ detail }) =>
			this.#facts.watch(detail === "panel-session"),
		);
		byId("terminal").addEventListener("pointerdown", () => this.#panels.close(), {
			capture: true,
		});
		this.#terminal.addEventListener("bell", () => ring(byId("bar")));
	}
}
