/*
 * The user's choices, remembered in this browser; never a secret among them.
 *
 * Three layers, the upper one wins:
 *   page       what this page's address asks for, and FLEETING choices; lasts as long as the page
 *   chosen     what the user set, here or earlier; kept in localStorage
 *   DEFAULTS
 * A choice the user makes takes the place of what the link asked for.
 */

const KEY = "websplice.settings";

const coarse = matchMedia("(pointer: coarse)").matches;

export const DEFAULTS = {
	theme: "auto" /* auto, dark, light */,
	resize: "scale" /* off: 1:1; scale: fit; remote: the desktop follows the window */,
	view_clip: coarse /* 1:1 is moved by dragging instead of scroll bars */,
	view_only: false,
	shared: true,
	show_dot: false,
	quality: 6 /* 0 to 9 */,
	compression: 2 /* 0 to 9 */,
	reconnect: true,
	reconnect_delay: 2000 /* ms before the first new try */,
	font_size: coarse ? 13 : 15 /* of the terminal, in CSS pixels */,
	screen_reader: false /* the terminal's text is told to screen readers */,
	touch_keys: coarse /* the row of keys below the terminal */,
	clipboard: true /* keep both clipboards the same where the browser lets us */,
	dock_at: 50 /* where the toolbar hangs, per cent of the edge */,
	dock_edge: "top" /* top, bottom */,
	dock_pinned: false,
};

/* Who only watched last time wants to be asked about it, not to find the keyboard dead. */
const FLEETING = ["view_only"];

export class Settings extends EventTarget {
	#page;
	#chosen = recall();

	/* link: the parameters of the page's address; those that are no settings are left alone. */
	constructor(link = {}) {
		super();
		this.#page = Object.fromEntries(Object.entries(link).filter(([name]) => name in DEFAULTS));
	}

	get(name) {
		return this.#page[name] ?? this.#chosen[name] ?? DEFAULTS[name];
	}

	set(name, value) {
		if (this.get(name) === value) {
			return;
		}
		if (FLEETING.includes(name)) {
			this.#page[name] = value;
		} else {
			delete this.#page[name];
			this.#chosen[name] = value;
			/* Beside what other pages have stored since. */
			remember({ ...recall(), [name]: value });
		}
		this.dispatchEvent(new CustomEvent("change", { detail: { name, value } }));
	}
}

/* Storage is written by hand, by older versions, by other pages of this host: only what fits. */
function recall() {
	try {
		const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
		return Object.fromEntries(
			Object.entries(stored).filter(
				([name, value]) =>
					typeof value === typeof DEFAULTS[name] &&
					!FLEETING.includes(name) &&
					fits(name, value),
			),
		);
	} catch {
		return {};
	}
}

const WORDS = {
	theme: ["auto", "dark", "light"],
	resize: ["off", "scale", "remote"],
	dock_edge: ["top", "bottom"],
};

export const FONT_SIZES = { least: 8, most: 32 };

const MOST = {
	quality: 9,
	compression: 9,
	reconnect_delay: 3_600_000,
	dock_at: 100,
	font_size: FONT_SIZES.most,
};

const LEAST = { font_size: FONT_SIZES.least };

function fits(name, value) {
	if (name in WORDS) {
		return WORDS[name].includes(value);
	}
	return typeof value !== "number" || (value >= (LEAST[name] ?? 0) && value <= MOST[name]);
}

function remember(chosen) {
	try {
		localStorage.setItem(KEY, JSON.stringify(chosen));
	} catch {
		/* private mode or full: the choice lasts as long as the page */
	}
}

/*
 * Ties every control with data-setting="name" below `root` to its setting, both ways. Radio
 * buttons are one control each; ranges and selects with data-number give numbers.
 */
export function bindSettings(root, settings) {
	const controls = [...root.querySelectorAll("[data-setting]")];
	const show = (control) => {
		const value = settings.get(control.dataset.setting);
		if (control.type === "checkbox") {
			control.checked = value;
		} else if (control.type === "radio") {
			control.checked = control.value === value;
		} else {
			control.value = String(value);
		}
		const output = root.querySelector(`output[for="${control.id}"]`);
		if (output) {
			output.value = control.value;
		}
	};
	for (const control of controls) {
		show(control);
		control.addEventListener("input", () =>
			settings.set(control.dataset.setting, valueOf(control)),
		);
	}
	settings.addEventListener("change", ({ detail }) =>
		controls.filter((control) => control.dataset.setting === detail.name).forEach(show),
	);
}

function valueOf(control) {
	if (control.type === "checkbox") {
		return control.checked;
	}
	return control.type === "range" ? Number(control.value) : control.value;
}
