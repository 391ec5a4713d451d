/*
 * What the toolbar does: ties its buttons and panels to the session that is running, if any.
 */

import { Chord } from "./chord.js";
import { askPlainly } from "./dialogs.js";
import { Dock } from "./dock.js";
import { all, byId } from "./dom.js";
import { Facts } from "./facts.js";
import { tieFullscreen } from "./fullscreen.js";
import { Keypad } from "./keypad.js";
import { DESKTOP_KEYS, TOUCH_ROW } from "./keys.js";
import { Panels } from "./panel.js";
import { saveFrame } from "./screen.js";
import { letGo } from "./session.js";
import { bindSettings } from "./settings.js";
import { followTheme } from "./theme.js";
import { TouchKeyboard, watchCover } from "./touch.js";

const TITLE = "websplice";

export class Tools {
	#settings;
	#screen;
	#clipboard;
	#session = null;
	#name = "";
	#panels = new Panels();
	#facts = new Facts();
	#chord = new Chord();
	#dock;
	#keypad;
	#touch;

	constructor(settings, screen, clipboard, disconnect) {
		this.#settings = settings;
		this.#screen = screen;
		this.#clipboard = clipboard;
		this.#dock = new Dock(settings, this.#panels);
		this.#keypad = new Keypad((key, down) => this.#session?.sendKey(key, down));
		this.#touch = new TouchKeyboard(byId("touch-field"), (key) => this.#type(key));
		this.#keypad.buildPanel(byId("keys"), DESKTOP_KEYS);
		this.#keypad.buildRow(byId("touch-row"), TOUCH_ROW);
		byId("tool-disconnect").addEventListener("click", disconnect);
		bindSettings(document, settings);
		all("[data-theme-button]").forEach((button) => followTheme(settings, button));
		settings.addEventListener("change", ({ detail }) => {
			if (detail.name === "view_only") {
				/* Before it is in force: what is held in the desktop could not be let go then. */
				this.#keypad.release();
			}
			this.#followSettings();
		});
		this.#tieDock();
		tieFullscreen(byId("tool-fullscreen"), () => this.#focusDesktop());
		this.#tieTouch();
		this.#tieKeyboard();
		this.#tieSession();
		watchCover();
	}

	/* A session is being opened. */
	attach(session, address) {
		this.#session = session;
		this.#name = address.place;
		this.#facts.attach(session, address);
		this.#facts.name("–");
		byId("power").hidden = true;
		const on = (name, handler) =>
			session.addEventListener(name, ({ detail }) => handler(detail));
		on("name", (name) => this.#rename(name));
		on("bell", () => this.#dock.ring());
		on("power", (able) => {
			byId("power").hidden = !able;
		});
		on("clipping", () => this.#followSettings());
	}

	/* It is running: the picture is there. */
	run() {
		this.#screen.show(this.#name);
		this.#clipboard.attach(this.#session);
		this.#followSettings();
		this.#dock.show();
		this.#focusDesktop();
	}

	/* It is over. */
	detach(session) {
		if (session.started && session.rfb) {
			this.#screen.freeze(session.rfb);
		}
		this.#clipboard.attach(null);
		this.#keypad.release();
		this.#touch.hide();
		this.#dock.hide();
		this.#chord.reset();
		this.#session = null;
		document.title = `Viewer · ${TITLE}`;
	}

	#rename(name) {
		this.#name = name || this.#name;
		document.title = `${this.#name} · ${TITLE}`;
		this.#facts.name(this.#name);
		this.#screen.rename(this.#name);
	}

	#focusDesktop() {
		this.#session?.rfb?.focus({ preventScroll: true });
	}

	/* A key that was made here rather than pressed. */
	#type(key) {
		this.#session?.sendKey(key);
		this.#keypad.used();
	}

	#followSettings() {
		const rfb = this.#session?.rfb;
		const drag = byId("tool-drag");
		drag.hidden = !rfb?.clippingViewport;
		if (drag.hidden) {
			drag.setAttribute("aria-pressed", "false");
		}
		if (rfb) {
			rfb.dragViewport = drag.getAttribute("aria-pressed") === "true";
		}
		byId("clip-switch").hidden = this.#settings.get("resize") !== "off";
		byId("watching").hidden = !this.#settings.get("view_only");
		document.body.dataset.resize = this.#settings.get("resize");
	}

	#tieDock() {
		this.#dock.addEventListener("left", () => this.#focusDesktop());
		this.#panels.addEventListener("change", ({ detail }) =>
			this.#facts.watch(detail === "panel-session"),
		);
		this.#screen.place.addEventListener("pointerdown", () => this.#dock.close(), {
			capture: true,
		});
		byId("tool-drag").addEventListener("click", ({ currentTarget }) => {
			const on = currentTarget.getAttribute("aria-pressed") !== "true";
			currentTarget.setAttribute("aria-pressed", String(on));
			this.#followSettings();
		});
	}

	#tieTouch() {
		const button = byId("tool-touch");
		button.hidden = !matchMedia("(any-pointer: coarse)").matches;
		/* A press that moves the focus would hide the keyboard before the click shows it again. */
		button.addEventListener("pointerdown", (event) => event.preventDefault());
		button.addEventListener("click", () => {
			this.#panels.close();
			if (this.#touch.shown) {
				this.#touch.hide();
			} else {
				this.#touch.show();
			}
		});
		this.#touch.addEventListener("shown", ({ detail }) => {
			button.setAttribute("aria-pressed", String(detail));
			byId("touch-row").hidden = !detail;
			document.body.toggleAttribute("data-touch", detail);
			if (!detail) {
				this.#keypad.release();
			}
		});
	}

	#tieKeyboard() {
		const listen = (name, handler) =>
			document.addEventListener(name, handler, { capture: true });
		listen("keydown", (event) => this.#chord.press(event.code));
		listen("keyup", (event) => {
			const complete = this.#chord.release(event.code);
			if (complete && this.#session?.phase === "running") {
				/* After the desktop has seen this release too. */
				setTimeout(() => this.#dock.enter());
			}
			if (this.#screen.focused && !event.code.match(/^(Control|Alt|Shift|Meta)/)) {
				this.#keypad.used();
			}
		});
		window.addEventListener("blur", () => this.#chord.reset());
		this.#screen.place.addEventListener("focusout", letGo);
		this.#screen.place.addEventListener("focusin", () => this.#clipboard.look());
	}

	#tieSession() {
		byId("save-frame").addEventListener("click", () => {
			if (this.#session?.rfb) {
				saveFrame(this.#session.rfb, this.#name);
			}
		});
		for (const button of all("[data-power]")) {
			button.addEventListener("click", async () => {
				const what = button.textContent;
				const sure = await askPlainly(
					`${what}?`,
					"Work that is not saved there will be lost.",
					what,
				);
				if (sure) {
					this.#session?.rfb?.[button.dataset.power]();
				}
			});
		}
	}
}
