/*
 * What a key that has no character sends, as xterm does it: the cursor keys as CSI, or as SS3 while
 * a full-screen program has asked for that; modifiers as a number.
 */

const CURSOR = {
	ArrowUp: "A",
	ArrowDown: "B",
	ArrowRight: "C",
	ArrowLeft: "D",
	Home: "H",
	End: "F",
};

const NUMBERED = {
	Insert: 2,
	Delete: 3,
	PageUp: 5,
	PageDown: 6,
	F5: 15,
	F6: 17,
	F7: 18,
	F8: 19,
	F9: 20,
	F10: 21,
	F11: 23,
	F12: 24,
};

const FUNCTION = { F1: "P", F2: "Q", F3: "R", F4: "S" };

const PLAIN = { Escape: "\x1b", Tab: "\t", Enter: "\r", Backspace: "\x7f" };

/*
 * code as in KeyboardEvent.code; held: {shift, alt, control}. applicationKeys: whether the program
 * has asked for SS3. Undefined for a key that sends nothing by itself.
 */
export function sequenceOf(code, held = {}, applicationKeys = false) {
	const modifier = 1 + (held.shift ? 1 : 0) + (held.alt ? 2 : 0) + (held.control ? 4 : 0);
	if (code in CURSOR) {
		return modifier > 1
			? `\x1b[1;${modifier}${CURSOR[code]}`
			: `\x1b${applicationKeys ? "O" : "["}${CURSOR[code]}`;
	}
	if (code in FUNCTION) {
		return modifier > 1 ? `\x1b[1;${modifier}${FUNCTION[code]}` : `\x1bO${FUNCTION[code]}`;
	}
	if (code in NUMBERED) {
		return `\x1b[${NUMBERED[code]}${modifier > 1 ? `;${modifier}` : ""}~`;
	}
	if (code === "Tab" && held.shift) {
		return "\x1b[Z";
	}
	return code in PLAIN ? withHeld(PLAIN[code], held) : undefined;
}

/* A typed text with Control or Alt held: only the first character is meant. */
export function withHeld(text, { control, alt }) {
	const [first = ""] = text;
	const changed = (control ? controlOf(first) : first) + text.slice(first.length);
	return alt && first !== "" ? `\x1b${changed}` : changed;
}

/* Ctrl with a character: @ to _ and a to z lose their upper bits; what has no such form stays. */
function controlOf(character) {
	const upper = character.toUpperCase();
	if (/^[@-_]$/.test(upper)) {
		return String.fromCharCode(upper.charCodeAt(0) & 31);
	}
	return { " ": "\0", "?": "\x7f" }[character] ?? character;
}
