/* The pages in the hand: on a phone, with the keyboard alone, and the toolbar. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP,
	PHONE,
	inState,
	launch,
	newPage,
	openDesktop,
	openPanel,
	openViewer,
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

async function open(t, path = "", options = DESKTOP) {
	const page = await newPage(browser, options);
	t.after(() => page.context().close());
	await page.goto(server.url + path);
	return page;
}

/* With the keyboard in it, the toolbar does not close by itself, as it does after a while. */
async function holdToolbar(page) {
	await page.locator("#dock-grip").focus();
	if ((await page.locator("#dock").getAttribute("data-open")) !== "true") {
		await page.keyboard.press("Enter");
	}
}

describe("on a phone", () => {
	const overflow = (page) =>
		page.evaluate(() => {
			const root = document.scrollingElement;
			return root.scrollWidth - root.clientWidth;
		});

	it("nothing is wider than the screen", async (t) => {
		const page = await open(t, "", PHONE);
		await page.locator("#reference summary").tap();
		assert.equal(await overflow(page), 0);
		await openViewer(page, server.url, "");
		for (const name of ["options", "advanced"]) {
			await page.locator(`#${name} summary`).tap();
		}
		assert.equal(await overflow(page), 0);
		assert.equal(
			await page
				.locator("#card-form")
				.evaluate((card) => card.scrollWidth - card.clientWidth),
			0,
		);
	});

	it("the toolbar and its panels fit", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true", PHONE);
		await inState(page, "running");
		for (const name of ["Keys", "Clipboard", "Display", "Session"]) {
			await openPanel(page, name);
			const panel = page.getByRole("region", { name });
			const box = await panel.boundingBox();
			assert.ok(
				box.x >= 0 && box.x + box.width <= 360 && box.y >= 0 && box.y + box.height <= 740,
				name,
			);
			const hidden = await panel.evaluate((element) =>
				[element, element.querySelector(".panel-body")].map(
					(box) => box.scrollWidth - box.clientWidth,
				),
			);
			assert.deepEqual(hidden, [0, 0], name);
			const wide = await panel
				.locator("button")
				.evaluateAll((buttons) =>
					buttons
						.filter((button) => button.scrollWidth > button.clientWidth + 1)
						.map((button) => button.textContent),
				);
			assert.deepEqual(wide, [], name);
			await panel.getByRole("button", { name: "Close" }).tap();
		}
		const bar = await page.locator(".dock-bar").boundingBox();
		assert.ok(bar.x >= 0 && bar.x + bar.width <= 360);
	});

	it("the toolbar fits with all there can be in it", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true&resize=off&view_only=true", {
			...PHONE,
			viewport: { width: 320, height: 230 },
		});
		await inState(page, "running");
		await holdToolbar(page);
		await page.locator("#tool-drag").waitFor();
		const edges = await page
			.locator(".dock-bar, .tool, .watching")
			.evaluateAll((all) =>
				all
					.map((one) => one.getBoundingClientRect())
					.flatMap(({ left, right }) => [left, right]),
			);
		assert.ok(Math.min(...edges) >= 0 && Math.max(...edges) <= 320, String(edges));
		const last = await page.locator("#tool-disconnect").boundingBox();
		const bar = await page.locator(".dock-bar").boundingBox();
		assert.ok(last.x + last.width <= bar.x + bar.width + 1);
	});

	it("held sideways, the camera is in nobody's way", async (t) => {
		const [left, right, bottom, width] = [59, 47, 21, 667];
		const page = await open(t, "", { ...PHONE, viewport: { width, height: 375 } });
		const devtools = await page.context().newCDPSession(page);
		await devtools.send("Emulation.setSafeAreaInsetsOverride", {
			insets: { left, right, bottom },
		});
		const clear = async (what) => {
			const box = await page.locator(what).boundingBox();
			assert.ok(box.x >= left, `${what} begins at ${box.x}`);
			assert.ok(box.x + box.width <= width - right, `${what} ends at ${box.x + box.width}`);
		};
		await clear("h1");
		await clear(".top .theme");
		await openViewer(page, server.url);
		await inState(page, "running");
		await clear("#screen");
		await (await tool(page, "Touch keyboard")).tap();
		await clear("#touch-row .key:first-child");
		const [picture, row] = await Promise.all(
			["#screen", "#touch-row"].map((what) => page.locator(what).boundingBox()),
		);
		assert.ok(picture.y + picture.height <= row.y, JSON.stringify([picture, row]));
		await page.locator("#touch-row").evaluate((row) => row.scrollTo(row.scrollWidth, 0));
		await clear("#touch-row .key:last-child");
		await page.goto(`${server.url}telnet.html#autoconnect=true`);
		await inState(page, "running");
		await clear(".bar .logo");
		await clear("#tool-disconnect");
		await clear(".xterm-screen");
		await clear("#touch-row .key:first-child");
		await page.getByRole("button", { name: "Session", exact: true }).tap();
		await clear("#panel-session");
	});

	it("what one taps is large enough", async (t) => {
		const page = await open(t, "vnc.html", PHONE);
		const small = await page
			.locator("#card-form button:visible, #card-form a:visible")
			.evaluateAll((all) =>
				all
					.filter((one) => one.getBoundingClientRect().height < 24)
					.map((one) => one.textContent),
			);
		assert.deepEqual(small, []);
	});
});

describe("with the keyboard alone", () => {
	const focused = (page) =>
		page.evaluate(() => {
			const one = document.activeElement;
			return one.id || one.getAttribute("aria-label") || one.textContent.trim();
		});

	it("the form is in order", async (t) => {
		const page = await open(t, "vnc.html");
		await inState(page, "form");
		const order = [await focused(page)];
		for (let i = 0; i < 4; i++) {
			await page.keyboard.press("Tab");
			order.push(await focused(page));
		}
		assert.deepEqual(order.slice(0, 4), ["connect", "Options", "Another server", "Start page"]);
		assert.match(order[4], /^Colours/);
	});

	it("the toolbar is in order and comes before nothing hidden", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true");
		await inState(page, "running");
		await holdToolbar(page);
		const order = [];
		for (let i = 0; i < 6; i++) {
			await page.keyboard.press("Tab");
			order.push(await focused(page));
		}
		assert.deepEqual(order, [
			"Keys",
			"Clipboard",
			"Display",
			"tool-fullscreen",
			"Session",
			"tool-disconnect",
		]);
	});

	it("one sees where one is", async (t) => {
		for (const colorScheme of ["light", "dark"]) {
			const page = await open(t, "vnc.html", { ...DESKTOP, colorScheme });
			await page.keyboard.press("Tab");
			const outline = await page.evaluate(
				() => getComputedStyle(document.activeElement).outlineStyle,
			);
			assert.equal(outline, "solid");
		}
	});

	it("every control has a name", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true");
		await inState(page, "running");
		for (const name of ["Keys", "Clipboard", "Display", "Session"]) {
			await openPanel(page, name);
			const nameless = await page
				.locator(":is(button, input, textarea, a, summary):visible")
				.evaluateAll((all) =>
					all
						.filter(
							(one) =>
								!one.getAttribute("aria-label") &&
								!one.textContent.trim() &&
								!one.labels?.length,
						)
						.map((one) => one.outerHTML),
				);
			assert.deepEqual(nameless, []);
			await page.keyboard.press("Escape");
		}
	});
});

describe("the toolbar", () => {
	it("closes when one works in the desktop, unless it is to stay", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true");
		await inState(page, "running");
		const isOpen = () => page.locator("#dock").getAttribute("data-open");
		await openPanel(page, "Session");
		await page.locator("#screen canvas").click({ position: { x: 5, y: 200 } });
		assert.equal(await isOpen(), "false");
		await openPanel(page, "Session");
		await page.getByLabel("Keep the toolbar open").check();
		await page.locator("#screen canvas").click({ position: { x: 5, y: 200 } });
		assert.equal(await isOpen(), "true");
		assert.equal(await page.getByRole("region", { name: "Session" }).isVisible(), false);
	});

	it("can be dragged away, and stays there", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true");
		await inState(page, "running");
		const grip = page.locator("#dock-grip");
		const box = await grip.boundingBox();
		await page.mouse.move(box.x + 10, box.y + 10);
		await page.mouse.down();
		await page.mouse.move(200, 780, { steps: 4 });
		await page.mouse.up();
		const dock = page.locator("#dock");
		assert.equal(await dock.getAttribute("data-edge"), "bottom");
		const placed = await dock.boundingBox();
		assert.ok(placed.y > 700 && placed.x < 200);
		await grip.focus(); /* keeps the toolbar from closing by itself just now */
		const isOpen = await dock.getAttribute("data-open");
		await grip.press("Enter");
		assert.notEqual(await dock.getAttribute("data-open"), isOpen, "the keyboard's click");
		await grip.press("Enter");
		await page.reload();
		await inState(page, "running");
		assert.equal(await dock.getAttribute("data-edge"), "bottom");
	});

	it("knows the session", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true");
		await inState(page, "running");
		await openPanel(page, "Session");
		const panel = page.getByRole("region", { name: "Session" });
		await until("the facts", async () =>
			/Fake desktop[\s\S]*127\.0\.0\.1[\s\S]*not encrypted[\s\S]*\d:\d\d[\s\S]*kB/.test(
				await panel.innerText(),
			),
		);
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			page.getByRole("button", { name: "Save picture" }).click(),
		]);
		assert.equal(download.suggestedFilename(), "Fake-desktop.png");
	});

	it("leaves the address as it was", async (t) => {
		const page = await open(t, "vnc.html?quality=3#autoconnect=true");
		await inState(page, "running");
		await (await tool(page, "Disconnect")).click();
		await inState(page, "ended");
		assert.equal(page.url(), `${server.url}vnc.html?quality=3#autoconnect=true`);
	});
});
