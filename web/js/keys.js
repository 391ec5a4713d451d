/*
 * Keys as data: X11 keysyms, the physical keys they sit on, and the combinations worth a button.
 *
 * `code` is the name of a physical key as in KeyboardEvent.code; servers that know QEMU's extended
 * key event get the scancode from it, all others the keysym.
 */

const key = (label, keysym, code, name = label) => ({ label, name, keysym, code });

export const KEYS = {
	Escape: key("Esc", 0xff1b, "Escape", "Escape"),
	Tab: key("Tab", 0xff09, "Tab"),
	Backspace: key("⌫", 0xff08, "Backspace", "Backspace"),
	Enter: key("⏎", 0xff0d, "Enter", "Enter"),
	Insert: key("Ins", 0xff63, "Insert", "Insert"),
	Delete: key("Del", 0xffff, "Delete", "Delete"),
	Home: key("Home", 0xff50, "Home"),
	End: key("End", 0xff57, "End"),
	PageUp: key("PgUp", 0xff55, "PageUp", "Page Up"),
	PageDown: key("PgDn", 0xff56, "PageDown", "Page Down"),
	ArrowLeft: key("←", 0xff51, "ArrowLeft", "Left arrow"),
	ArrowUp: key("↑", 0xff52, "ArrowUp", "Up arrow"),
	ArrowRight: key("→", 0xff53, "ArrowRight", "Right arrow"),
	ArrowDown: key("↓", 0xff54, "ArrowDown", "Down arrow"),
	PrintScreen: key("PrtSc", 0xff61, "PrintScreen", "Print Screen"),
	Pause: key("Pause", 0xff13, "Pause"),
	ContextMenu: key("Menu", 0xff67, "ContextMenu", "Menu"),
	ControlLeft: key("Ctrl", 0xffe3, "ControlLeft", "Control"),
	AltLeft: key("Alt", 0xffe9, "AltLeft"),
	ShiftLeft: key("Shift", 0xffe1, "ShiftLeft"),
	MetaLeft: key("Super", 0xffeb, "MetaLeft"),
	AltRight: key("AltGr", 0xfe03, "AltRight"),
};

for (let n = 1; n <= 12; n++) {
	KEYS[`F${n}`] = key(`F${n}`, 0xffbe + n - 1, `F${n}`);
}

for (const letter of "CDNTWZ") {
	KEYS[`Key${letter}`] = key(letter, letter.toLowerCase().charCodeAt(0), `Key${letter}`);
}

export const MODIFIERS = ["ControlLeft", "AltLeft", "ShiftLeft", "MetaLeft", "AltRight"];

/* Combinations that the browser or the user's own desktop would keep for itself. */
const COMBINATIONS = [
	{ label: "Ctrl+Alt+Del", keys: ["ControlLeft", "AltLeft", "Delete"] },
	{ label: "Alt+Tab", keys: ["AltLeft", "Tab"] },
	{ label: "Alt+F4", keys: ["AltLeft", "F4"] },
	{ label: "Super", keys: ["MetaLeft"] },
	{ label: "Ctrl+Shift+Esc", keys: ["ControlLeft", "ShiftLeft", "Escape"] },
	{ label: "Ctrl+W", keys: ["ControlLeft", "KeyW"] },
];

const FUNCTION_KEYS = {
	name: "Function keys",
	keys: Array.from({ length: 12 }, (_, i) => `F${i + 1}`),
};

const ARROWS = { name: "Arrows", keys: ["ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight"] };

const KEY_GROUPS = [
	{
		name: "Keys",
		keys: [
			"Escape",
			"Tab",
			"Backspace",
			"Enter",
			"Insert",
			"Delete",
			"Home",
			"End",
			"PageUp",
			"PageDown",
			"PrintScreen",
			"Pause",
			"ContextMenu",
		],
	},
	ARROWS,
	FUNCTION_KEYS,
];

/* What the key panel of a desktop shows, group by group. */
export const DESKTOP_KEYS = {
	combinations: COMBINATIONS,
	modifiers: MODIFIERS,
	groups: KEY_GROUPS,
};

/* The same for a terminal: what the browser keeps, and what a phone lacks. */
export const TERMINAL_KEYS = {
	combinations: "CDZWNT".split("").map((letter) => ({
		label: `Ctrl+${letter}`,
		keys: ["ControlLeft", `Key${letter}`],
	})),
	modifiers: ["ControlLeft", "AltLeft", "ShiftLeft"],
	groups: [
		{
			name: "Keys",
			keys: [
				"Escape",
				"Tab",
				"Backspace",
				"Enter",
				"Insert",
				"Delete",
				"Home",
				"End",
				"PageUp",
				"PageDown",
			],
		},
		ARROWS,
		FUNCTION_KEYS,
	],
};

/* What a touch keyboard lacks: the row above it. */
export const TOUCH_ROW = [
	"Escape",
	"Tab",
	"ControlLeft",
	"AltLeft",
	"MetaLeft",
	"ArrowLeft",
	"ArrowUp",
	"ArrowDown",
	"ArrowRight",
	"Delete",
	"Home",
	"End",
];

export const TERMINAL_ROW = [
	"Escape",
	"Tab",
	"ControlLeft",
	"AltLeft",
	"ArrowLeft",
	"ArrowUp",
	"ArrowDown",
	"ArrowRight",
	"Home",
	"End",
	"PageUp",
	"PageDown",
];

/* The presses and releases of a combination, in order: [code, down] pairs. */
export function pressOrder(codes) {
	return [
		...codes.map((code) => [code, true]),
		...[...codes].reverse().map((code) => [code, false]),
	];
}

/*
 * The keysym of one character. Latin-1 is itself; all others have 0x01000000 added to their
 * code point (X11 protocol, appendix A). Control characters that have a key become that key.
 * Returns undefined for what cannot be typed.
 */
export function keysymOf(character) {
	const code = character.codePointAt(0);
	if (code === 0x0a || code === 0x0d) {
		return KEYS.Enter.keysym;
	}
	if (code === 0x09) {
		return KEYS.Tab.keysym;
	}
	if (code === 0x08) {
		return KEYS.Backspace.keysym;
	}
	if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
		return undefined;
	}
	return code <= 0xff ? code : 0x01000000 + code;
}

/*
 * How an input field changed, as typing: how many characters to erase from the end, then what to
 * insert. Touch keyboards correct whole words at once, so the common start is kept.
 */
export function typedBetween(before, after) {
	const was = [...before];
	const is = [...after];
	let same = 0;
	while (same < was.length && same < is.length && was[same] === is[same]) {
		same++;
	}
	return { erase: was.length - same, insert: is.slice(same).join("") };
}
