/* A real desktop (TigerVNC's Xvnc) through the viewer: picture, keys, mouse, size, clipboard. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP,
	focusDesktop,
	inState,
	launch,
	newPage,
	openPanel,
	openViewer,
	pixelIs,
	startWebsplice,
	startXvnc,
	tool,
	until,
} from "./lib.mjs";

const COLOUR = "#2a5d84";

let browser;
let xvnc;
let server;
let page;

before(async () => {
	browser = await launch();
	xvnc = await startXvnc({ colour: COLOUR });
	server = await startWebsplice({ target: xvnc.target });
});

after(async () => {
	await browser?.close();
	await server?.stop();
	await xvnc?.stop();
});

async function open(t, rest, options = DESKTOP) {
	page = await newPage(browser, options);
	t.after(() => page.context().close());
	await openViewer(page, server.url, rest);
	await inState(page, "running");
}

const contents = async (name) => (await readFile(join(xvnc.folder, name), "utf8")).trim();

/* A terminal that writes what is typed into it to a file, line by line. */
async function terminal(t, name) {
	const file = join(xvnc.folder, name);
	const xterm = xvnc.start("xterm", "-geometry", "60x10+20+20", "-e", `cat > '${file}'`);
	t.after(() => xterm.stop());
	await until("the terminal", () => contents(name).then(() => true));
	/* and it is on the screen: keys that come before go nowhere */
	await xvnc.run("xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm");
	return name;
}

describe("a desktop in the browser", () => {
	it("shows the right pixels", async (t) => {
		await open(t);
		await pixelIs(page, 700, 500, COLOUR);
		await xvnc.run("xsetroot", "-solid", "#a03020");
		await pixelIs(page, 700, 500, "#a03020");
		await xvnc.run("xsetroot", "-solid", COLOUR);
		await pixelIs(page, 10, 10, COLOUR);
		assert.match(await page.title(), /Workbench/);
		assert.deepEqual(page.faults, []);
	});

	it("types into a terminal, capitals and signs too", async (t) => {
		await open(t);
		const name = await terminal(t, "typed");
		const canvas = page.locator("#screen canvas");
		await canvas.click({ position: { x: 100, y: 100 } });
		await page.keyboard.type("Hello, World! 42 #~");
		await page.keyboard.press("Enter");
		await until("the text", async () => (await contents(name)) === "Hello, World! 42 #~");
	});

	it("points where one points, whatever the scale", async (t) => {
		for (const resize of ["scale", "off"]) {
			await open(t, `#autoconnect=true&resize=${resize}`);
			const box = await page.locator("#screen canvas").boundingBox();
			await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.5);
			await until("the pointer", async () => {
				const seen = (await xvnc.run("xdotool", "getmouselocation"))
					.match(/x:(\d+) y:(\d+)/)
					.slice(1)
					.map(Number);
				return Math.abs(seen[0] - 600) <= 1 && Math.abs(seen[1] - 300) <= 1;
			});
		}
	});
});

describe("the picture's size", () => {
	const shown = () => page.locator("#screen canvas").boundingBox();

	it("fits the window", async (t) => {
		await open(t, "#autoconnect=true&resize=scale", { viewport: { width: 500, height: 700 } });
		await until("the fit", async () => Math.round((await shown()).width) === 500);
		assert.equal(Math.round((await shown()).height), 375);
		await page.setViewportSize({ width: 1200, height: 450 });
		await until("the new fit", async () => Math.round((await shown()).height) === 450);
	});

	it("is 1:1 with scroll bars", async (t) => {
		await open(t, "#autoconnect=true&resize=off", { viewport: { width: 500, height: 400 } });
		assert.equal((await shown()).width, 800);
		const scrolled = await page.evaluate(() => {
			const place = document.querySelector("#screen > div");
			place.scrollTo(10_000, 10_000);
			return [place.scrollLeft, place.scrollTop];
		});
		assert.ok(scrolled[0] >= 300 && scrolled[1] >= 200, String(scrolled));
	});

	it("is 1:1 and moved by dragging", async (t) => {
		await xvnc.run("xsetroot", "-mod", "200", "150", "-fg", "#ffffff", "-bg", COLOUR);
		t.after(() => xvnc.run("xsetroot", "-solid", COLOUR));
		await open(t, "#autoconnect=true&resize=off&view_clip=true", {
			viewport: { width: 500, height: 400 },
		});
		assert.equal((await shown()).width, 500);
		const picture = () =>
			page.evaluate(() => document.querySelector("#screen canvas").toDataURL());
		await until("the picture to settle", async () => (await picture()) === (await picture()));
		const before = await picture();
		await (await tool(page, "Move the picture")).click();
		await page.mouse.move(400, 300);
		await page.mouse.down();
		await page.mouse.move(300, 225, { steps: 5 });
		await page.mouse.up();
		await until("the picture to move", async () => (await picture()) !== before);
	});

	it("follows the window, if that is wanted", async (t) => {
		t.after(() => xvnc.run("xrandr", "-s", "800x600"));
		await open(t, "#autoconnect=true", { viewport: { width: 900, height: 640 } });
		await openPanel(page, "Display");
		await page.locator("#panel-display").getByRole("radio", { name: "Match window" }).check();
		const size = async () => (await xvnc.run("xdpyinfo")).match(/dimensions:\s+(\d+x\d+)/)[1];
		await until("the desktop's size", async () => (await size()) === "900x640");
		await page.setViewportSize({ width: 1010, height: 702 });
		await until("the desktop's new size", async () => (await size()) === "1010x702");
		await until("the picture's new size", async () => (await shown()).width === 1010);
	});
});

describe("the clipboard", () => {
	const copy = (text) => {
		const holder = xvnc.start(
			"sh",
			"-c",
			'printf %s "$1" | xclip -selection clipboard -loops 0 -quiet',
			"sh",
			text,
		);
		return holder;
	};
	const paste = () => xvnc.run("timeout", "3", "xclip", "-selection", "clipboard", "-o");

	it("comes from the desktop, into the panel and to this device", async (t) => {
		await open(t);
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await focusDesktop(page);
		const holder = copy("from the desktop: äöü €");
		t.after(() => holder.stop());
		await until(
			"the panel's text",
			async () =>
				(await page.locator("#clipboard-text").inputValue()) === "from the desktop: äöü €",
		);
		await until(
			"the device's clipboard",
			async () =>
				(await page.evaluate(() => navigator.clipboard.readText())) ===
				"from the desktop: äöü €",
		);
	});

	it("goes to the desktop by itself where the browser allows it", async (t) => {
		await open(t);
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await page.locator("#dock-grip").focus();
		await page.evaluate(() => navigator.clipboard.writeText("from the device: ñ ✓"));
		await focusDesktop(page);
		await until(
			"the desktop's clipboard",
			async () => (await paste()) === "from the device: ñ ✓",
		);
	});

	it("goes to the desktop through the panel without any permission", async (t) => {
		await open(t);
		await openPanel(page, "Clipboard");
		await page.locator("#clipboard-text").fill("by hand");
		await page.getByRole("button", { name: "Send to desktop" }).click();
		await until("the desktop's clipboard", async () => (await paste()) === "by hand");
	});

	it("can be typed where nothing can be pasted", async (t) => {
		await open(t);
		const name = await terminal(t, "typed-clipboard");
		await page.locator("#screen canvas").click({ position: { x: 100, y: 100 } });
		await openPanel(page, "Clipboard");
		await page.locator("#clipboard-text").fill("A pass-Phrase: 3+4=7\n");
		await page.getByRole("button", { name: "Type it" }).click();
		await until("the text", async () => (await contents(name)) === "A pass-Phrase: 3+4=7");
	});
});

describe("two viewers", () => {
	it("see the same desktop", async (t) => {
		await open(t);
		const first = page;
		await open(t);
		await xvnc.run("xsetroot", "-solid", "#406020");
		t.after(() => xvnc.run("xsetroot", "-solid", COLOUR));
		await pixelIs(first, 700, 500, "#406020");
		await pixelIs(page, 700, 500, "#406020");
	});
});
