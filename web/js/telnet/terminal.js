/*
 * The terminal on the page: xterm.js, loaded when it is needed, and what surrounds it.
 *
 * What the server sends goes into the terminal and nowhere else: its titles are not used, its
 * hyperlinks are plain text, it cannot reach the clipboard, and reports of the window are off.
 *
 * Events:
 *   data    detail: a string, what a key or a report of the terminal makes
 *   binary  detail: bytes, old mouse reports
 *   size    detail: {cols, rows}
 *   paste   detail: text that somebody wants in here
 *   copy    somebody pressed the keys for it
 *   bell
 */

import { coloursOf } from "./colours.js";
import { Outlet } from "./outlet.js";
import { leadStyles } from "./styles.js";
import { followTouch } from "./swipe.js";

const LIBRARY = "../../node_modules/@xterm/xterm/lib/xterm.mjs";
const FIT = "../../node_modules/@xterm/addon-fit/lib/addon-fit.mjs";
const FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
const SCROLLBACK = 5000; /* lines */

/* OSC 8 makes links that lead elsewhere than they say. */
const OSC_HYPERLINK = 8;

/* Back to what a terminal is at first, without its text being lost: for the next connection. */
const RESET =
	"\x18\x1b[?1049l\x1b[!p\x1b[0m\x1b>\x1b[?1l\x1b[?7h\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l" +
	"\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?2004l";

let library = null;

/* The library's classes, loaded once; worth asking for early. */
export function loadTerminal() {
	library ??= Promise.all([import(LIBRARY), import(FIT)]).catch((error) => {
		library = null;
		throw error;
	});
	return library;
}

export class ScreenTerminal extends EventTarget {
	#place;
	#settings;
	#xterm = null;
	#fit = null;
	#outlet = new Outlet((text, done) => this.#xterm.write(text, done));

	/* place: the element it goes into */
	constructor(place, settings) {
		super();
		this.#place = place;
		this.#settings = settings;
		settings.addEventListener("change", () => this.#follow());
		new MutationObserver(() => this.#colour()).observe(document.documentElement, {
			attributeFilter: ["data-theme"],
		});
	}

	/* Resolves when it is there; only then may the rest be called. */
	async ready() {
		if (!this.#xterm) {
			const [{ Terminal }, { FitAddon }] = await loadTerminal();
			this.#xterm ?? this.#open(Terminal, FitAddon);
		}
	}

	get size() {
		return { cols: this.#xterm?.cols ?? 80, rows: this.#xterm?.rows ?? 24 };
	}
	/* Whether a full-screen program has asked for the other kind of cursor keys. */
	get applicationKeys() {
		return this.#xterm?.modes.applicationCursorKeysMode ?? false;
	}
	/* Whether the program will know a pasted text from a typed one. */
	get knowsPaste() {
		return this.#xterm?.modes.bracketedPasteMode ?? false;
	}
	/* Whether the last text is in the lower half, where a card would hide it. */
	get low() {
		return (this.#xterm?.buffer.active.cursorY ?? 0) > this.size.rows / 2;
	}

	write(text) {
		this.#outlet.put(text);
	}

	/* For a service that ends its lines in LF alone. */
	set plainLines(on) {
		this.#xterm.options.convertEol = on;
	}

	/* Puts a text in as if it was typed; programs that want to know are told that it was pasted. */
	paste(text) {
		this.#xterm.paste(text);
	}

	/* What is selected; if nothing is, what is on the screen. */
	get copied() {
		if (!this.#xterm) {
			return "";
		}
		const selected = this.#xterm.getSelection();
		if (selected !== "") {
			return selected;
		}
		const buffer = this.#xterm.buffer.active;
		return Array.from({ length: this.#xterm.rows }, (_, row) =>
			this.#textAt(buffer.viewportY + row),
		)
			.join("\n")
			.trimEnd();
	}

	/* Ready for another connection; what was there stays to be read, above it. */
	async renew() {
		this.#colour();
		this.plainLines = true;
		this.#xterm.clearSelection();
		await this.#put(RESET);
		const buffer = this.#xterm.buffer.active;
		let row = this.#xterm.rows - 1;
		while (row >= 0 && this.#textAt(buffer.baseY + row).trim() === "") {
			row--;
		}
		if (row >= 0) {
			await this.#put(`\x1b[${row + 1};1H\r\n`);
		}
		this.#xterm.scrollToBottom();
	}

	#put(text) {
		return new Promise((done) => this.#xterm.write(text, done));
	}

	#textAt(line) {
		return this.#xterm.buffer.active.getLine(line)?.translateToString(true) ?? "";
	}

	focus() {
		this.#xterm?.focus();
	}

	blur() {
		this.#xterm?.blur();
	}

	fit() {
		this.#fit?.fit();
	}

	#open(Terminal, FitAddon) {
		leadStyles();
		const xterm = new Terminal({
			fontFamily: FONT,
			fontSize: this.#settings.get("font_size"),
			scrollback: SCROLLBACK,
			screenReaderMode: this.#settings.get("screen_reader"),
			cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
			...coloursOf(document.documentElement.dataset.theme),
			convertEol: true,
			logLevel: "off",
		});
		this.#xterm = xterm;
		this.#fit = new FitAddon();
		xterm.loadAddon(this.#fit);
		xterm.parser.registerOscHandler(OSC_HYPERLINK, () => true);
		xterm.attachCustomKeyEventHandler((event) => this.#key(event));
		xterm.open(this.#place);
		xterm.textarea.setAttribute("aria-label", "Terminal input");
		xterm.textarea.setAttribute("aria-describedby", "way-out");
		xterm.textarea.setAttribute("autocomplete", "off");
		this.#listen(xterm);
		this.fit();
	}

	#listen(xterm) {
		const tell = (name, detail) => this.dispatchEvent(new CustomEvent(name, { detail }));
		xterm.onData((data) => tell("data", data));
		xterm.onBinary((data) =>
			tell(
				"binary",
				Uint8Array.from(data, (character) => character.charCodeAt(0)),
			),
		);
		xterm.onResize(() => tell("size", this.size));
		xterm.onBell(() => tell("bell"));
		new ResizeObserver(() => this.fit()).observe(this.#place);
		followTouch(this.#place, xterm);
		this.#place.addEventListener(
			"paste",
			(event) => {
				event.preventDefault();
				event.stopImmediatePropagation();
				tell("paste", event.clipboardData?.getData("text/plain") ?? "");
			},
			{ capture: true },
		);
	}

	/* False: the terminal is to leave this key alone. */
	#key(event) {
		const control = event.ctrlKey && !event.altKey && !event.metaKey;
		if (control && event.shiftKey && event.code === "KeyV") {
			return false; /* the browser makes a paste of it */
		}
		if (control && (event.shiftKey ? event.code === "KeyC" : event.code === "Insert")) {
			if (event.type === "keydown") {
				event.preventDefault();
				this.dispatchEvent(new CustomEvent("copy"));
			}
			return false;
		}
		return true;
	}

	#follow() {
		if (this.#xterm) {
			this.#xterm.options.fontSize = this.#settings.get("font_size");
			this.#xterm.options.screenReaderMode = this.#settings.get("screen_reader");
			this.fit();
		}
	}

	#colour() {
		if (this.#xterm) {
			const options = coloursOf(document.documentElement.dataset.theme);
			Object.assign(this.#xterm.options, options);
		}
	}
}
