/*
 * A line that is typed here and sent as a whole: for servers that neither echo nor want characters
 * one by one. What a terminal would do, and no more: Backspace, Ctrl+U (all), Ctrl+W (a word),
 * Ctrl+R (show again). Keys that move around are left out.
 */

/* As long as a line may be on most systems; the bell rings at the end. */
export const LONGEST_LINE = 4095;

const BELL = "\x07";
/* Backspace goes over the edge of a line only while the terminal is told to let it. */
const ERASE = (columns) => `\x1b[?45h${"\b \b".repeat(columns)}\x1b[?45l`;

/* Characters that mean something to the other side's terminal rather than to the line. */
const SIGNALS = {
	"\x03": { name: "interrupt", label: "^C" },
	"\x04": { name: "eof", label: "" },
	"\x1a": { name: "suspend", label: "^Z" },
	"\x1c": { name: "abort", label: "^\\" },
};

/*
 * What keys without a character send: CSI and SS3 sequences, and Alt with a character. And what the
 * terminal answers when the server asks for a colour or a setting: OSC and DCS strings.
 */
const SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[P\]][^\x07\x1b]*(?:\x07|\x1b\\)|.)?/su;

export class Line {
	#on;
	#line = [];

	/*
	 * on.line(text)          Enter was pressed
	 * on.show(text)          for the terminal, whether or not it may be seen
	 * on.signal(name, code)  one of codes.js' COMMANDS, with the character that stood for it;
	 *                        "eof" only on an empty line
	 */
	constructor(on) {
		this.#on = on;
	}

	/* What was typed, or pasted. */
	type(text) {
		let rest = text;
		while (rest !== "") {
			const [skipped] = SEQUENCE.exec(rest) ?? [""];
			if (skipped === "") {
				const [character] = rest;
				this.#key(character);
				rest = rest.slice(character.length);
			} else {
				rest = rest.slice(skipped.length);
			}
		}
	}

	/* Gives up the line and returns what it was. */
	take() {
		const text = this.#line.join("");
		this.#line = [];
		return text;
	}

	#key(character) {
		if (character === "\r" || character === "\n") {
			this.#on.show("\r\n");
			this.#on.line(this.take());
		} else if (character === "\x7f" || character === "\b") {
			this.#erase(1);
		} else if (character === "\x15") {
			this.#erase(this.#line.length);
		} else if (character === "\x17") {
			this.#erase(this.#lastWord());
		} else if (character === "\x12") {
			this.#on.show(`^R\r\n${this.#line.join("")}`);
		} else if (character in SIGNALS) {
			this.#signal(character);
		} else if (character >= " " || character === "\t") {
			this.#put(character);
		}
	}

	#put(character) {
		if (this.#line.length >= LONGEST_LINE) {
			this.#on.show(BELL);
			return;
		}
		/* A tab's width hangs on where it stands; a blank can be taken back. */
		const typed = character === "\t" ? " " : character;
		this.#line.push(typed);
		this.#on.show(typed);
	}

	#signal(character) {
		const { name, label } = SIGNALS[character];
		if (name === "eof") {
			if (this.#line.length > 0) {
				this.#on.show(BELL);
				return;
			}
		} else {
			this.#line = [];
			this.#on.show(`${label}\r\n`);
		}
		this.#on.signal(name, character);
	}

	#erase(count) {
		const gone = this.#line.splice(this.#line.length - Math.min(count, this.#line.length));
		const columns = gone.reduce((sum, character) => sum + columnsOf(character), 0);
		if (columns > 0) {
			this.#on.show(ERASE(columns));
		} else if (gone.length > 0) {
			/* An accent of its own: what it stood on is drawn anew. */
			this.#on.show(`\r\x1b[K${this.#line.join("")}`);
		}
	}

	#lastWord() {
		const text = this.#line.join("");
		return [...text].length - [...text.replace(/\S+\s*$/u, "")].length;
	}
}

/* How many columns a terminal gives a character: East Asian ones and most pictures take two. */
export function columnsOf(character) {
	if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) {
		return 0;
	}
	return WIDE.test(character) ? 2 : 1;
}

const WIDE =
	/^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;
