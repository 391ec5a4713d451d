/* The pages as a visitor meets them: links, prefix, plain http, colours, memory. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP,
	INSECURE_HOST,
	inState,
	launch,
	newPage,
	openDesktop,
	openPanel,
	openViewer,
	startFakeVnc,
	startProxy,
	startWebsplice,
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
		assert.equal(
			await page
				.locator("#panel-display")
				.getByLabel(/Only watch/)
				.isChecked(),
			true,
		);
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
		assert.equal(
			link,
			`${server.url}vnc.html#autoconnect=true&resize=off&view_only=true&quality=3`,
		);
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
		assert.equal(
			await page.evaluate(() => navigator.clipboard.readText()),
			await page.locator("#maker-link").inputValue(),
		);
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
		assert.deepEqual(
			lost.filter((url) => !url.endsWith("/favicon.ico")),
			[],
		);
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
		assert.equal(
			await page.getByRole("button", { name: "Send this device’s clipboard" }).isVisible(),
			false,
		);
		await openViewer(page, base, "");
		await page.locator("#notices").getByText("not encrypted").waitFor();
		assert.deepEqual(page.faults, []);
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
			await until("light", async () => (await ground(page)) === LIGHT);
			await page.locator("[data-theme-button]").first().click();
			assert.equal(await ground(page), DARK);
			await page.reload();
			assert.equal(await ground(page), DARK);
		});
	}

	it("have contrast enough, light and dark", async (t) => {
		for (const colorScheme of ["light", "dark"]) {
			const page = await open(t, "", { ...DESKTOP, colorScheme });
			for (const pair of [
				["--ink", "--paper"],
				["--ink-soft", "--paper"],
				["--ink-soft", "--back"],
				["--accent", "--back"],
				["--on-accent", "--accent"],
				["--danger", "--danger-soft"],
				["--warn", "--warn-soft"],
				["--danger", "--paper"],
			]) {
				const ratio = await page.evaluate(([front, back]) => {
					const style = getComputedStyle(document.documentElement);
					const light = (name) => {
						const [r, g, b] = style
							.getPropertyValue(name)
							.trim()
							.slice(1)
							.match(/../g)
							.map((part) => Number.parseInt(part, 16) / 255)
							.map((part) =>
								part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
							);
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
		await page
			.locator("#card-form")
			.getByLabel(/Share the desktop/)
			.uncheck();
		await page.goto(`${server.url}vnc.html?plain`);
		await page.locator("#options summary").click();
		assert.equal(
			await page.locator("#card-form").getByRole("radio", { name: "Fit" }).isChecked(),
			true,
		);
		assert.equal(
			await page
				.locator("#card-form")
				.getByLabel(/Share the desktop/)
				.isChecked(),
			false,
		);
	});

	it("are kept beside those that were made on another page meanwhile", async (t) => {
		const one = await open(t);
		const other = await one.context().newPage();
		await other.goto(`${server.url}vnc.html`);
		const stored = (page) =>
			page.evaluate(() => JSON.parse(localStorage.getItem("websplice.settings") ?? "{}"));
		await one.locator(".theme").click();
		/* What one page stores the other sees a moment later. */
		await until("the theme, there", async () => (await stored(other)).theme === "dark");
		await other.locator("#options summary").click();
		await other.locator("#card-form").getByLabel("1:1").check();
		await until("the size, here", async () => (await stored(one)).resize === "off");
		assert.deepEqual(await stored(one), { theme: "dark", resize: "off" });
	});

	it("survives nonsense in the storage", async (t) => {
		const page = await open(t, "vnc.html");
		await page.evaluate(() => {
			localStorage.setItem(
				"websplice.settings",
				'{"quality":99,"theme":5,"resize":"x","dock_at":-3,"other":1}',
			);
			localStorage.setItem("websplice.trust", "[[[");
		});
		await page.goto(`${server.url}vnc.html?again#autoconnect=true`);
		await inState(page, "running");
		await openPanel(page, "Display");
		assert.equal(await page.locator("#quality").inputValue(), "6");
		assert.deepEqual(page.faults, []);
	});
});
