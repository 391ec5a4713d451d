/* Keys: the tables make sense, text becomes keysyms, changes of a field become typing. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chord } from "../../../../web/js/chord.js";
import {
	DESKTOP_KEYS,
	KEYS,
	TERMINAL_KEYS,
	TERMINAL_ROW,
	TOUCH_ROW,
	keysymOf,
	pressOrder,
	typedBetween,
} from "../../../../web/js/keys.js";
import { Latches } from "../../../../web/js/latches.js";
import KeyTable from "../../../../web/node_modules/@novnc/novnc/core/input/keysym.js";
import lookup from "../../../../web/node_modules/@novnc/novnc/core/input/keysymdef.js";
import XtScancode from "../../../../web/node_modules/@novnc/novnc/core/input/xtscancodes.js";

describe("the tables", () => {
	it("name only keys that there are", () => {
		const used = [
			...[DESKTOP_KEYS, TERMINAL_KEYS].flatMap(({ combinations, modifiers, groups }) => [
				...[...combinations, ...groups].flatMap(({ keys }) => keys),
				...modifiers,
			]),
			...TOUCH_ROW,
			...TERMINAL_ROW,
		];
		for (const code of used) {
			assert.ok(KEYS[code], code);
		}
	});

	it("agree with noVNC's own names and scancodes", () => {
		const names = {
			Escape: "XK_Escape",
			Tab: "XK_Tab",
			Backspace: "XK_BackSpace",
			Enter: "XK_Return",
			Insert: "XK_Insert",
			Delete: "XK_Delete",
			Home: "XK_Home",
			End: "XK_End",
			PageUp: "XK_Prior",
			PageDown: "XK_Next",
			ArrowLeft: "XK_Left",
			ArrowUp: "XK_Up",
			ArrowRight: "XK_Right",
			ArrowDown: "XK_Down",
			PrintScreen: "XK_Print",
			Pause: "XK_Pause",
			ContextMenu: "XK_Menu",
			ControlLeft: "XK_Control_L",
			AltLeft: "XK_Alt_L",
			ShiftLeft: "XK_Shift_L",
			MetaLeft: "XK_Super_L",
			AltRight: "XK_ISO_Level3_Shift",
			...Object.fromEntries(
				[..."CDNTWZ"].map((letter) => [`Key${letter}`, `XK_${letter.toLowerCase()}`]),
			),
			...Object.fromEntries(
				Array.from({ length: 12 }, (_, i) => [`F${i + 1}`, `XK_F${i + 1}`]),
			),
		};
		for (const [code, { keysym, code: physical }] of Object.entries(KEYS)) {
			assert.equal(keysym, KeyTable[names[code]], code);
			assert.equal(physical, code);
			assert.ok(XtScancode[code], `scancode of ${code}`);
		}
	});
});

describe("a combination", () => {
	it("is pressed in order and released in reverse", () => {
		assert.deepEqual(pressOrder(["ControlLeft", "AltLeft", "Delete"]), [
			["ControlLeft", true],
			["AltLeft", true],
			["Delete", true],
			["Delete", false],
			["AltLeft", false],
			["ControlLeft", false],
		]);
	});
});

describe("keysyms of text", () => {
	it("are those of noVNC for all of Latin-1 and for what has no older name", () => {
		for (let code = 0x20; code <= 0xff; code++) {
			if (code < 0x7f || code >= 0xa0) {
				assert.equal(keysymOf(String.fromCodePoint(code)), lookup.lookup(code));
			}
		}
		for (const character of ["世", "😀", "ấ"]) {
			assert.equal(keysymOf(character), lookup.lookup(character.codePointAt(0)));
		}
	});

	it("are keys for line ends and tabs, and nothing for other controls", () => {
		assert.equal(keysymOf("\n"), KEYS.Enter.keysym);
		assert.equal(keysymOf("\t"), KEYS.Tab.keysym);
		assert.equal(keysymOf("\u0007"), undefined);
		assert.equal(keysymOf("\u0085"), undefined);
	});
});

describe("a changed field", () => {
	for (const [before, after, erase, insert] of [
		["___", "___a", 0, "a"],
		["___", "__", 1, ""],
		["___teh", "___the ", 2, "he "],
		["___", "___😀", 0, "😀"],
		["___😀", "___", 1, ""],
		["abc", "abc", 0, ""],
		["", "x", 0, "x"],
	]) {
		it(`${before} → ${after}`, () =>
			assert.deepEqual(typedBetween(before, after), { erase, insert }));
	}
});

describe("the way out of the desktop", () => {
	const play = (events) => {
		const chord = new Chord();
		return events.split(" ").filter((event) => {
			const code = event.slice(1);
			return event[0] === "+" ? chord.press(code) : chord.release(code);
		}).length;
	};

	it("is Ctrl, Alt and Shift in any order, once all are up", () => {
		assert.equal(play("+ControlLeft +AltLeft +ShiftLeft -ShiftLeft -AltLeft -ControlLeft"), 1);
		assert.equal(
			play("+ShiftRight +AltLeft +ControlRight -AltLeft -ShiftRight -ControlRight"),
			1,
		);
		assert.equal(play("+ControlLeft +AltLeft +ShiftLeft -ShiftLeft -AltLeft"), 0);
	});

	it("is not a combination with another key, nor two of them", () => {
		assert.equal(
			play("+ControlLeft +AltLeft +ShiftLeft +KeyT -KeyT -ShiftLeft -AltLeft -ControlLeft"),
			0,
		);
		assert.equal(
			play("+KeyA +ControlLeft +AltLeft +ShiftLeft -ShiftLeft -AltLeft -ControlLeft -KeyA"),
			0,
		);
		assert.equal(play("+ControlLeft +AltLeft -AltLeft -ControlLeft"), 0);
		assert.equal(
			play("+ControlLeft +ControlRight +AltLeft -AltLeft -ControlRight -ControlLeft"),
			0,
		);
	});

	it("works again after it was spoilt", () => {
		assert.equal(
			play("+KeyA -KeyA +ControlLeft +AltLeft +ShiftLeft -ShiftLeft -AltLeft -ControlLeft"),
			1,
		);
	});
});

describe("latched modifiers", () => {
	const sent = [];
	const latches = () => {
		sent.length = 0;
		return new Latches((code, down) => sent.push(`${down ? "+" : "-"}${code}`));
	};

	it("hold for one key, or until tapped again", () => {
		const held = latches();
		held.tap("ControlLeft");
		held.used();
		assert.deepEqual(sent, ["+ControlLeft", "-ControlLeft"]);
		held.tap("AltLeft");
		held.tap("AltLeft");
		held.used();
		assert.equal(held.mode("AltLeft"), "locked");
		held.tap("AltLeft");
		assert.deepEqual(sent.slice(2), ["+AltLeft", "-AltLeft"]);
	});

	it("are all let go at the end", () => {
		const held = latches();
		held.tap("ControlLeft");
		held.tap("AltLeft");
		held.tap("AltLeft");
		held.release();
		assert.deepEqual(sent.slice(2).sort(), ["-AltLeft", "-ControlLeft"]);
		held.release();
		assert.equal(sent.length, 4);
	});
});
