/* The pages as a visitor meets them: links, prefix, phone, keyboard, colours, policy. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP, INSECURE_HOST, PHONE, inState, launch, newPage, openDesktop, openPanel, openViewer, startFakeVnc, startProxy,
	startWebsplice, tool, until,
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

async function open(t, path = "", options = DESKTOP, base = server.url) {
	const page = await newPage(browser, options);
	t.after(() => page.context().close());
	await page.goto(base + path);
	return page;
}

describe("the start page", () => {
	it("opens the desktop", async (t) => {
		const page = await open(t);
		await page.getByRole("link", { name: "Open the desktop" }).click();
		await inState(page, "running");
		assert.deepEqual(page.faults, []);
	});

	it("opens it to watch", async (t) => {
		const page = await open(t);
		await page.getByRole("link", { name: "Only watch" }).click();
		await inState(page, "running");
		await openPanel(page, "Display");
		assert.equal(await page.locator("#panel-display").getByLabel(/Only watch/).isChecked(), true);
	});

	it("leads to the form, and the form back", async (t) => {
		const page = await open(t);
		await page.getByRole("link", { name: /Choose options/ }).click();
		await inState(page, "form");
		await page.getByRole("link", { name: "Start page" }).click();
		await page.getByRole("heading", { name: "Your desktop is one click away" }).waitFor();
	});

	it("makes links that do what they say", async (t) => {
		const page = await open(t);
		await page.getByRole("radio", { name: "1:1" }).check();
		await page.getByLabel("Only watch", { exact: true }).check();
		await page.locator("#maker-quality").fill("3");
		const link = await page.locator("#maker-link").inputValue();
		assert.equal(link, `${server.url}vnc.html#autoconnect=true&resize=off&view_only=true&quality=3`);
		await page.getByRole("link", { name: "Open", exact: true }).click();
		await inState(page, "running");
		await openPanel(page, "Display");
		const panel = page.locator("#panel-display");
		assert.equal(await panel.getByRole("radio", { name: "1:1" }).isChecked(), true);
		assert.equal(await panel.locator("#quality").inputValue(), "3");
	});

	it("copies a link", async (t) => {
		const page = await open(t);
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await page.getByRole("button", { name: "Copy" }).click();
		await page.getByText("Copied.").waitFor();
		assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator("#maker-link").inputValue());
	});

	it("has a license of the library to show", async (t) => {
		const page = await open(t);
		const href = await page.getByRole("link", { name: "noVNC library" }).getAttribute("href");
		const reply = await page.request.get(new URL(href, server.url).href);
		assert.equal(reply.status(), 200);
	});
});

describe("under a prefix of a reverse proxy", () => {
	it("everything works as it does at the root", async (t) => {
		const proxy = await startProxy({ prefix: "/console/1/", port: server.port });
		t.after(() => proxy.stop());
		const lost = [];
		const page = await newPage(browser);
		t.after(() => page.context().close());
		page.on("response", (reply) => reply.status() >= 400 && lost.push(reply.url()));
		await page.goto(proxy.url);
		await page.getByRole("link", { name: "Open the desktop" }).click();
		await inState(page, "running");
		assert.deepEqual(lost.filter((url) => !url.endsWith("/favicon.ico")), []);
		assert.deepEqual(page.faults, []);
	});
});

describe("over http from another machine", () => {
	it("it works, and says what is missing", async (t) => {
		const base = `http://${INSECURE_HOST}:${server.port}/`;
		const page = await open(t, "", DESKTOP, base);
		await page.getByText("This page is not encrypted").waitFor();
		await page.getByRole("link", { name: "Open the desktop" }).click();
		await inState(page, "running");
		await openPanel(page, "Clipboard");
		await page.getByText("the browser keeps its clipboard to itself").waitFor();
		assert.equal(await page.getByRole("button", { name: "Send this device’s clipboard" }).isVisible(), false);
		await openViewer(page, base, "");
		await page.locator("#notices").getByText("not encrypted").waitFor();
		assert.deepEqual(page.faults, []);
	});
});

describe("on a phone", () => {
	const overflow = (page) => page.evaluate(() => {
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
		assert.equal(await page.locator("#card-form").evaluate((card) => card.scrollWidth - card.clientWidth), 0);
	});

	it("the toolbar and its panels fit", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true", PHONE);
		await inState(page, "running");
		for (const name of ["Keys", "Clipboard", "Display", "Session"]) {
			await openPanel(page, name);
			const panel = page.getByRole("region", { name });
			const box = await panel.boundingBox();
			assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.y >= 0 && box.y + box.height <= 740, name);
			const hidden = await panel.evaluate((element) => [element, element.querySelector(".panel-body")]
				.map((box) => box.scrollWidth - box.clientWidth));
			assert.deepEqual(hidden, [0, 0], name);
			const wide = await panel.locator("button").evaluateAll((buttons) => buttons
				.filter((button) => button.scrollWidth > button.clientWidth + 1).map((button) => button.textContent));
			assert.deepEqual(wide, [], name);
			await panel.getByRole("button", { name: "Close" }).tap();
		}
		const bar = await page.locator(".dock-bar").boundingBox();
		assert.ok(bar.x >= 0 && bar.x + bar.width <= 360);
	});

	it("the toolbar fits with all there can be in it", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true&resize=off&view_only=true", { ...PHONE, viewport: { width: 320, height: 230 } });
		await inState(page, "running");
		await page.locator("#tool-drag").waitFor();
		const edges = await page.locator(".dock-bar, .tool, .watching").evaluateAll((all) => all
			.map((one) => one.getBoundingClientRect()).flatMap(({ left, right }) => [left, right]));
		assert.ok(Math.min(...edges) >= 0 && Math.max(...edges) <= 320, String(edges));
		const last = await page.locator("#tool-disconnect").boundingBox();
		const bar = await page.locator(".dock-bar").boundingBox();
		assert.ok(last.x + last.width <= bar.x + bar.width + 1);
	});

	it("what one taps is large enough", async (t) => {
		const page = await open(t, "vnc.html", PHONE);
		const small = await page.locator("#card-form button:visible, #card-form a:visible").evaluateAll((all) => all
			.filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.textContent));
		assert.deepEqual(small, []);
	});
});

describe("with the keyboard alone", () => {
	const focused = (page) => page.evaluate(() => {
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
		await page.locator("#dock-grip").focus();
		const order = [];
		for (let i = 0; i < 6; i++) {
			await page.keyboard.press("Tab");
			order.push(await focused(page));
		}
		assert.deepEqual(order, ["Keys", "Clipboard", "Display", "tool-fullscreen", "Session", "tool-disconnect"]);
	});

	it("one sees where one is", async (t) => {
		for (const colorScheme of ["light", "dark"]) {
			const page = await open(t, "vnc.html", { ...DESKTOP, colorScheme });
			await page.keyboard.press("Tab");
			const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
			assert.equal(outline, "solid");
		}
	});

	it("every control has a name", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true");
		await inState(page, "running");
		for (const name of ["Keys", "Clipboard", "Display", "Session"]) {
			await openPanel(page, name);
			const nameless = await page.locator(":is(button, input, textarea, a, summary):visible").evaluateAll((all) => all
				.filter((one) => !one.getAttribute("aria-label") && !one.textContent.trim() && !one.labels?.length)
				.map((one) => one.outerHTML));
			assert.deepEqual(nameless, []);
			await page.keyboard.press("Escape");
		}
	});
});

describe("the colours", () => {
	const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const LIGHT = "rgb(232, 237, 241)";
	const DARK = "rgb(16, 23, 29)";

	for (const path of ["", "vnc.html"]) {
		it(`follow the system, then the choice (${path || "start page"})`, async (t) => {
			const page = await open(t, path, { ...DESKTOP, colorScheme: "dark" });
			assert.equal(await ground(page), DARK);
			await page.emulateMedia({ colorScheme: "light" });
			await until("light", async () => await ground(page) === LIGHT);
			await page.locator("[data-theme-button]").first().click();
			assert.equal(await ground(page), DARK);
			await page.reload();
			assert.equal(await ground(page), DARK);
		});
	}

	it("have contrast enough, light and dark", async (t) => {
		for (const colorScheme of ["light", "dark"]) {
			const page = await open(t, "", { ...DESKTOP, colorScheme });
			for (const pair of [["--ink", "--paper"], ["--ink-soft", "--paper"], ["--ink-soft", "--back"], ["--accent", "--back"],
				["--on-accent", "--accent"], ["--danger", "--danger-soft"], ["--warn", "--warn-soft"], ["--danger", "--paper"]]) {
				const ratio = await page.evaluate(([front, back]) => {
					const style = getComputedStyle(document.documentElement);
					const light = (name) => {
						const [r, g, b] = style.getPropertyValue(name).trim().slice(1).match(/../g)
							.map((part) => Number.parseInt(part, 16) / 255)
							.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
						return 0.2126 * r + 0.7152 * g + 0.0722 * b;
					};
					const [a, b] = [light(front), light(back)];
					return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
				}, pair);
				assert.ok(ratio >= 4.5, `${colorScheme} ${pair.join(" on ")}: ${ratio.toFixed(2)}`);
			}
		}
	});
});

describe("what the viewer remembers", () => {
	it("are the user's choices, not the link's", async (t) => {
		const page = await open(t, "vnc.html#resize=remote&quality=1");
		await page.locator("#options summary").click();
		const fit = page.locator("#card-form").getByRole("radio", { name: "Match window" });
		assert.equal(await fit.isChecked(), true);
		await page.locator("#card-form").getByLabel(/Share the desktop/).uncheck();
		await page.goto(`${server.url}vnc.html?plain`);
		await page.locator("#options summary").click();
		assert.equal(await page.locator("#card-form").getByRole("radio", { name: "Fit" }).isChecked(), true);
		assert.equal(await page.locator("#card-form").getByLabel(/Share the desktop/).isChecked(), false);
	});

	it("survives nonsense in the storage", async (t) => {
		const page = await open(t, "vnc.html");
		await page.evaluate(() => {
			localStorage.setItem("websplice.settings", '{"quality":99,"theme":5,"resize":"x","dock_at":-3,"other":1}');
			localStorage.setItem("websplice.trust", "[[[");
		});
		await page.goto(`${server.url}vnc.html?again#autoconnect=true`);
		await inState(page, "running");
		await openPanel(page, "Display");
		assert.equal(await page.locator("#quality").inputValue(), "6");
		assert.deepEqual(page.faults, []);
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
		await page.reload();
		await inState(page, "running");
		assert.equal(await dock.getAttribute("data-edge"), "bottom");
	});

	it("knows the session", async (t) => {
		const page = await open(t, "vnc.html#autoconnect=true");
		await inState(page, "running");
		await openPanel(page, "Session");
		const panel = page.getByRole("region", { name: "Session" });
		await until("the facts", async () => /Fake desktop[\s\S]*127\.0\.0\.1[\s\S]*not encrypted[\s\S]*0:0\d[\s\S]*kB/.test(await panel.innerText()));
		const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save picture" }).click()]);
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
