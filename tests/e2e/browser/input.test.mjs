/* What reaches the VNC server, message by message: a scripted one keeps the record. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP,
	PHONE,
	countBells,
	focusDesktop,
	inState,
	launch,
	newPage,
	openDesktop,
	openPanel,
	openViewer,
	pixelIs,
	startFakeVnc,
	startWebsplice,
	tool,
	until,
} from "./lib.mjs";

let browser;
let vnc;
let server;

before(async () => {
	browser = await launch();
	vnc = await startFakeVnc(openDesktop());
	server = await startWebsplice({ target: vnc.target });
});

after(async () => {
	await browser?.close();
	await server?.stop();
	await vnc?.stop();
});

/* A viewer with its picture, and the server's side of it. */
async function open(t, rest, options = DESKTOP) {
	const page = await newPage(browser, options);
	t.after(() => page.context().close());
	const known = vnc.clients.length;
	await openViewer(page, server.url, rest);
	await inState(page, "running");
	await pixelIs(page, 100, 100, "#f2842b");
	assert.equal(vnc.clients.length, known + 1);
	return { page, client: vnc.clients.at(-1) };
}

const CTRL = "ffe3";
const ALT = "ffe9";
const SHIFT = "ffe1";
const SUPER = "ffeb";

const keysAre = (client, wanted) =>
	until(`the keys ${wanted}, not ${client.keys}`, () => client.keys === wanted);

describe("keys", () => {
	it("go to the desktop, Esc, Tab and F5 too", async (t) => {
		const { page, client } = await open(t);
		for (const key of ["a", "Escape", "Tab", "F5", "Enter"]) {
			await page.keyboard.press(key);
		}
		await keysAre(client, "+61 -61 +ff1b -ff1b +ff09 -ff09 +ffc2 -ffc2 +ff0d -ff0d");
		await inState(page, "running");
	});

	it("held modifiers last for one key, or until they are let go", async (t) => {
		const { page, client } = await open(t);
		await openPanel(page, "Keys");
		const ctrl = page.locator("#keys").getByRole("button", { name: "Hold Control" });
		await ctrl.click();
		assert.equal(await ctrl.getAttribute("aria-pressed"), "true");
		await page.getByRole("button", { name: "F1", exact: true }).click();
		await keysAre(client, `+${CTRL} +ffbe -ffbe -${CTRL}`);
		assert.equal(await ctrl.getAttribute("aria-pressed"), "false");
		client.messages.length = 0;
		await ctrl.dblclick();
		await focusDesktop(page);
		await page.keyboard.press("x");
		await keysAre(client, `+${CTRL} +78 -78`);
	});

	it("Ctrl, Alt and Shift together lead to the toolbar, Esc back to the desktop", async (t) => {
		const { page, client } = await open(t);
		const focus = () =>
			page.evaluate(
				() =>
					document.activeElement.getAttribute("aria-label") ?? document.activeElement.id,
			);
		assert.match(await focus(), /^Remote desktop Fake desktop/);
		for (const key of ["Control", "Alt", "Shift"]) {
			await page.keyboard.down(key);
		}
		for (const key of ["Shift", "Alt", "Control"]) {
			await page.keyboard.up(key);
		}
		await until("the toolbar", async () => (await focus()) === "Keys");
		await keysAre(client, `+${CTRL} +${ALT} +${SHIFT} -${SHIFT} -${ALT} -${CTRL}`);
		client.messages.length = 0;
		await page.keyboard.press("Enter");
		await until("the panel", async () => (await focus()) === "panel-keys");
		await page.keyboard.press("Escape");
		assert.equal(await focus(), "Keys");
		await page.keyboard.press("Escape");
		assert.match(await focus(), /^Remote desktop/);
		await page.keyboard.press("z");
		await keysAre(client, "+7a -7a");
	});

	it("that are held are let go when the desktop loses the focus", async (t) => {
		const { page, client } = await open(t);
		await page.keyboard.down("Shift");
		await keysAre(client, `+${SHIFT}`);
		await openPanel(page, "Clipboard");
		await keysAre(client, `+${SHIFT} -${SHIFT}`);
		await page.keyboard.up("Shift");
	});

	it("that are held are let go when it becomes “only watch”", async (t) => {
		const { page, client } = await open(t);
		await openPanel(page, "Display");
		await focusDesktop(page);
		await page.keyboard.down("Shift");
		await keysAre(client, `+${SHIFT}`);
		await page.evaluate(() =>
			document.querySelector("#panel-display [data-setting=view_only]").click(),
		);
		await keysAre(client, `+${SHIFT} -${SHIFT}`);
		await page.keyboard.up("Shift");
	});
});

/*
 * Every button, group by group: what it says (and is called, if that differs), and the keys that go
 * down, in this order; up they go in reverse.
 */
const ESCAPE = ["Esc, Escape", "ff1b"];
const TAB = ["Tab", "ff09"];
const DELETE = ["Del, Delete", "ffff"];
const HOME = ["Home", "ff50"];
const END = ["End", "ff57"];
const LEFT = ["←, Left arrow", "ff51"];
const UP = ["↑, Up arrow", "ff52"];
const DOWN = ["↓, Down arrow", "ff54"];
const RIGHT = ["→, Right arrow", "ff53"];
const HOLD_CTRL = ["Ctrl, Hold Control", CTRL];
const HOLD_ALT = ["Alt, Hold Alt", ALT];
const HOLD_SUPER = ["Super, Hold Super", SUPER];
const KEY_PANEL = {
	Combinations: [
		["Ctrl+Alt+Del", `${CTRL} ${ALT} ffff`],
		["Alt+Tab", `${ALT} ff09`],
		["Alt+F4", `${ALT} ffc1`],
		["Super", SUPER],
		["Ctrl+Shift+Esc", `${CTRL} ${SHIFT} ff1b`],
		["Ctrl+W", `${CTRL} 77`],
	],
	Hold: [
		HOLD_CTRL,
		HOLD_ALT,
		["Shift, Hold Shift", SHIFT],
		HOLD_SUPER,
		["AltGr, Hold AltGr", "fe03"],
	],
	Keys: [
		ESCAPE,
		TAB,
		["⌫, Backspace", "ff08"],
		["⏎, Enter", "ff0d"],
		["Ins, Insert", "ff63"],
		DELETE,
		HOME,
		END,
		["PgUp, Page Up", "ff55"],
		["PgDn, Page Down", "ff56"],
		["PrtSc, Print Screen", "ff61"],
		["Pause", "ff13"],
		["Menu", "ff67"],
	],
	Arrows: [LEFT, UP, DOWN, RIGHT],
	"Function keys": Array.from({ length: 12 }, (_, i) => [
		`F${i + 1}`,
		(0xffbe + i).toString(16),
	]),
};
const PHONE_ROW = [
	...[ESCAPE, TAB],
	...[HOLD_CTRL, HOLD_ALT, HOLD_SUPER],
	...[LEFT, UP, DOWN, RIGHT],
	...[DELETE, HOME, END],
];

describe("buttons for keys", () => {
	const named = (buttons) =>
		buttons.evaluateAll((all) =>
			all.map(({ textContent, ariaLabel }) =>
				[...new Set([textContent, ariaLabel])].join(", "),
			),
		);
	const chord = (keys) => {
		const all = keys.split(" ");
		return [...all.map((key) => `+${key}`), ...all.reverse().map((key) => `-${key}`)].join(" ");
	};

	/* They are these, and each sends what it says: a modifier is held, kept, and let go. */
	async function are(client, buttons, wanted, press) {
		assert.deepEqual(
			await named(buttons),
			wanted.map(([name]) => name),
		);
		for (const [i, [name, keys]] of wanted.entries()) {
			client.messages.length = 0;
			for (let times = /Hold/.test(name) ? 3 : 1; times > 0; times--) {
				await buttons.nth(i)[press]();
			}
			await client.seen("key", 2 * keys.split(" ").length);
			assert.equal(client.keys, chord(keys), name);
		}
	}

	it("are in the key panel", async (t) => {
		const { page, client } = await open(t);
		await openPanel(page, "Keys");
		const groups = page.locator("#keys").getByRole("group");
		assert.deepEqual(
			await groups.evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel)),
			Object.keys(KEY_PANEL),
		);
		for (const [i, wanted] of Object.values(KEY_PANEL).entries()) {
			await are(client, groups.nth(i).getByRole("button"), wanted, "click");
		}
	});

	it("are above a phone's keyboard", async (t) => {
		const { page, client } = await open(t, "#autoconnect=true", PHONE);
		await (await tool(page, "Touch keyboard")).tap();
		await are(client, page.locator("#touch-row").getByRole("button"), PHONE_ROW, "tap");
	});
});

describe("only watching", () => {
	it("lets go of modifiers that are held by a tap, and holds none", async (t) => {
		const { page, client } = await open(t);
		await openPanel(page, "Keys");
		const ctrl = page.locator("#keys").getByRole("button", { name: "Hold Control" });
		const watch = () =>
			page.evaluate(() =>
				document.querySelector("#panel-display [data-setting=view_only]").click(),
			);
		await ctrl.dblclick();
		await keysAre(client, `+${CTRL}`);
		await watch();
		await keysAre(client, `+${CTRL} -${CTRL}`);
		assert.equal(await ctrl.getAttribute("aria-pressed"), "false");
		await ctrl.click();
		await watch();
		assert.equal(await ctrl.getAttribute("aria-pressed"), "false");
		await page.getByRole("button", { name: "F1", exact: true }).click();
		await keysAre(client, `+${CTRL} -${CTRL} +ffbe -ffbe`);
	});

	const stir = async (page) => {
		const canvas = page.locator("#screen canvas");
		await canvas.hover({ position: { x: 50, y: 50 } });
		await canvas.click({ position: { x: 60, y: 60 } });
		await page.mouse.wheel(0, 300);
		await focusDesktop(page);
		await page.keyboard.type("abc");
		await openPanel(page, "Clipboard");
		await page.locator("#clipboard-text").fill("text");
		await page.getByRole("button", { name: "Send to desktop" }).click();
		await page.getByRole("button", { name: "Type it" }).click();
		await openPanel(page, "Keys");
		await page.getByRole("button", { name: "Ctrl+Alt+Del" }).click();
		/* Travels the same way as all of the above, and so after it. */
		await openPanel(page, "Display");
		await page.locator("#compression").fill("7");
		await page.keyboard.press("Escape");
	};
	const input = (client) =>
		client.messages.map(({ type }) => type).filter((type) => type !== "encodings");
	const levels = (client) =>
		client.messages.filter(({ type }) => type === "encodings").map(({ list }) => list);
	const stirred = (client) =>
		until("the new compression", () => levels(client).some((list) => list.includes(-256 + 7)));

	it("sends nothing", async (t) => {
		const { page, client } = await open(t, "#autoconnect=true&view_only=true");
		await stir(page);
		await stirred(client);
		assert.deepEqual(input(client), []);
	});

	it("says so where something would have been sent", async (t) => {
		const { page } = await open(t, "#autoconnect=true&view_only=true");
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await openPanel(page, "Clipboard");
		await page.locator("#clipboard-text").fill("text");
		for (const name of ["Send to desktop", "Type it", "Send this device’s clipboard"]) {
			await page.evaluate(() => document.querySelector("#toasts").replaceChildren());
			await page.getByRole("button", { name }).click();
			await until("a message", async () => (await page.locator(".toast").count()) > 0);
			assert.match(await page.locator("#toasts").innerText(), /Only watching/, name);
			assert.doesNotMatch(await page.locator("#toasts").innerText(), /Sent|Typed/, name);
		}
	});

	it("shows that it does, and is over with the page", async (t) => {
		const { page } = await open(t);
		const sign = page.getByRole("img", { name: "Only watching" });
		assert.equal(await sign.isVisible(), false);
		await openPanel(page, "Display");
		await page
			.locator("#panel-display")
			.getByLabel(/Only watch/)
			.check();
		await focusDesktop(page);
		assert.equal(await sign.isVisible(), true);
		await page.reload();
		await inState(page, "running");
		assert.equal(await sign.isVisible(), false);
	});

	it("is what makes the difference", async (t) => {
		const { page, client } = await open(t);
		await stir(page);
		await stirred(client);
		for (const type of ["pointer", "key", "cut"]) {
			assert.ok(input(client).includes(type), type);
		}
	});
});

describe("quality and compression", () => {
	it("come from the link and change at once", async (t) => {
		const { page, client } = await open(t, "#autoconnect=true&quality=2&compression=8");
		const [{ list }] = await client.seen("encodings");
		assert.ok(list.includes(-32 + 2) && list.includes(-256 + 8), String(list));
		await openPanel(page, "Display");
		await page.locator("#quality").fill("9");
		await until("the new quality", () => client.messages.at(-1).list?.includes(-32 + 9));
	});
});

describe("a phone", () => {
	it("types with its own keyboard, corrections and all", async (t) => {
		const { page, client } = await open(t, "#autoconnect=true", PHONE);
		await (await tool(page, "Touch keyboard")).tap();
		await until("the field", () =>
			page.evaluate(() => document.activeElement.id === "touch-field"),
		);
		await page.keyboard.insertText("hé");
		await keysAre(client, "+68 -68 +e9 -e9");
		client.messages.length = 0;
		await page.keyboard.press("Backspace");
		await page.keyboard.press("Enter");
		await keysAre(client, "+ff08 -ff08 +ff0d -ff0d");
		client.messages.length = 0;
		await page.evaluate(() => {
			const field = document.activeElement;
			field.value = `${field.value.slice(0, -1)}th`;
			field.dispatchEvent(new InputEvent("input"));
		});
		await keysAre(client, "+ff08 -ff08 +74 -74 +68 -68");
	});

	it("has the keys that touch keyboards lack, and stays in the field", async (t) => {
		const { page, client } = await open(t, "#autoconnect=true", PHONE);
		await (await tool(page, "Touch keyboard")).tap();
		const row = page.locator("#touch-row");
		await row.getByRole("button", { name: "Hold Control" }).tap();
		assert.equal(await page.evaluate(() => document.activeElement.id), "touch-field");
		await page.keyboard.insertText("c");
		await row.getByRole("button", { name: "Tab", exact: true }).tap();
		await keysAre(client, `+${CTRL} +63 -63 -${CTRL} +ff09 -ff09`);
		await (await tool(page, "Touch keyboard")).tap();
		await until("the row to go", () => row.isHidden());
	});

	it("clicks where one taps", async (t) => {
		const { page, client } = await open(t, "#autoconnect=true", PHONE);
		const box = await page.locator("#screen canvas").boundingBox();
		await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
		await until("a click in the middle", () =>
			client.messages.some(
				({ type, mask, x, y }) =>
					type === "pointer" &&
					mask === 1 &&
					Math.abs(x - 160) <= 2 &&
					Math.abs(y - 120) <= 2,
			),
		);
	});
});

describe("the clipboard of an old server", () => {
	it("travels both ways as Latin-1", async (t) => {
		const { page, client } = await open(t);
		client.cutText("from a server");
		await until(
			"the panel's text",
			async () => (await page.locator("#clipboard-text").inputValue()) === "from a server",
		);
		await openPanel(page, "Clipboard");
		await page.locator("#clipboard-text").fill("to a server");
		await page.getByRole("button", { name: "Send to desktop" }).click();
		const [{ text }] = await client.seen("cut");
		assert.equal(text, "to a server");
	});

	it("gets its own line ends, and no text back that came from it", async (t) => {
		const { page, client } = await open(t);
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		/* A device with Windows' line ends. */
		await page.evaluate(() => {
			window.here = "";
			window.looks = 0;
			navigator.clipboard.readText = async () => {
				window.looks++;
				return window.here.replace(/\n/g, "\r\n");
			};
			navigator.clipboard.writeText = async (text) => {
				window.here = text;
			};
		});
		client.cutText("one\ntwo");
		await page.waitForFunction(() => window.here === "one\ntwo");
		await page.locator("#dock-grip").focus();
		await page.evaluate(() => {
			window.looks = 0;
		});
		await focusDesktop(page);
		await page.waitForFunction(() => window.looks > 0);
		await page.evaluate(() => {
			window.here = "three\nfour";
		});
		await openPanel(page, "Clipboard");
		await page.getByRole("button", { name: "Send this device’s clipboard" }).click();
		await client.seen("cut");
		assert.deepEqual(
			client.messages.filter(({ type }) => type === "cut").map(({ text }) => text),
			["three\nfour"],
		);
	});
});

describe("the bell", () => {
	it("lights up the toolbar, one at a time however often it rings", async (t) => {
		const { page, client } = await open(t);
		const rung = await countBells(page, "#dock");
		for (let i = 0; i < 20_000; i++) {
			client.bell();
		}
		client.cutText("the end");
		await until(
			"the last message",
			async () => (await page.locator("#clipboard-text").inputValue()) === "the end",
		);
		const { lit, timers } = await rung();
		assert.ok(lit > 0);
		assert.ok(timers < 5000, `${timers} timers`);
	});
});

describe("full screen", () => {
	it("comes and goes, and the desktop keeps the keyboard", async (t) => {
		const { page, client } = await open(t);
		await (await tool(page, "Full screen")).click();
		await until("full screen", () => page.evaluate(() => document.fullscreenElement !== null));
		await page.keyboard.press("q");
		await keysAre(client, "+71 -71");
		await (await tool(page, "Full screen")).click();
		await until("the window", () => page.evaluate(() => document.fullscreenElement === null));
	});

	it("is no failure where the browser does not give all keys away", async (t) => {
		const { page } = await open(t);
		await page.evaluate(() => {
			navigator.keyboard.lock = async () => {
				window.refused = true;
				throw new DOMException("not in a frame", "InvalidAccessError");
			};
		});
		await (await tool(page, "Full screen")).click();
		await page.waitForFunction(() => window.refused && document.fullscreenElement !== null);
		await (await tool(page, "Full screen")).click();
		await page.waitForFunction(() => document.fullscreenElement === null);
		assert.equal(await page.getByText("did not allow full screen").count(), 0);
	});
});
