/* Chromium, and the viewer in it as a person would use it. */

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { PATIENCE, until } from "./wait.mjs";

const BROWSER = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
	(path) => path && existsSync(path),
);

export const DESKTOP = { viewport: { width: 1200, height: 800 } };
export const PHONE = {
	viewport: { width: 360, height: 740 },
	hasTouch: true,
	isMobile: true,
	deviceScaleFactor: 2,
};

/* A name for the loopback that browsers do not take for it: what comes from there is not secure. */
export const INSECURE_HOST = "insecure.test";

export const launch = () =>
	chromium.launch({
		executablePath: BROWSER,
		args: [
			...(process.getuid() === 0 ? ["--no-sandbox"] : []),
			`--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
		],
	});

/*
 * A page of its own, with its own storage. `faults` collects what no page should do: exceptions,
 * violations of its policy, requests to anybody but this machine.
 */
export async function newPage(browser, options = DESKTOP) {
	const context = await browser.newContext(options);
	context.setDefaultTimeout(PATIENCE);
	const page = await context.newPage();
	page.faults = [];
	page.on("pageerror", (error) => page.faults.push(`exception: ${error.stack}`));
	page.on("console", (message) => {
		if (/Content.Security.Policy|Trusted ?Type/i.test(message.text())) {
			page.faults.push(message.text());
		}
	});
	page.on("request", (request) => {
		const url = new URL(request.url());
		if (!["127.0.0.1", INSECURE_HOST, ""].includes(url.hostname)) {
			page.faults.push(`request to ${url.href}`);
		}
	});
	return page;
}

/* The viewer with a link's parameters. */
export const openViewer = (page, url, rest = "#autoconnect=true") =>
	page.goto(`${url}vnc.html${rest}`);

export const inState = (page, state, timeout = PATIENCE) =>
	page.locator(`body[data-state="${state}"]`).waitFor({ timeout });

/* The colour of the picture at a point of the desktop, as "#rrggbb". */
export const pixel = (page, x, y) =>
	page.evaluate(
		([x, y]) => {
			const canvas = document.querySelector("#screen canvas");
			const [red, green, blue] = canvas.getContext("2d").getImageData(x, y, 1, 1).data;
			return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
		},
		[x, y],
	);

/* Waits for a colour; JPEG may be off by a little. */
export async function pixelIs(page, x, y, wanted, slack = 6) {
	const parts = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
	let seen = "nothing";
	try {
		await until("a colour", async () => {
			seen = await pixel(page, x, y);
			return parts(seen).every((part, i) => Math.abs(part - parts(wanted)[i]) <= slack);
		});
	} catch (error) {
		throw new Error(`pixel ${x},${y} is ${seen}, not ${wanted}`, { cause: error });
	}
}

/*
 * The toolbar's button of that name, to click or to tap. The toolbar is opened if it is closed;
 * also if it closes by itself just then, as it does when it has been seen for a while.
 */
export async function tool(page, name) {
	const press = (how) =>
		until(`the button “${name}”`, async () => {
			if ((await page.locator("#dock").getAttribute("data-open")) !== "true") {
				await page.locator("#dock-grip").click();
			}
			await page.getByRole("button", { name, exact: true })[how]({ timeout: 5000 });
			return true;
		});
	return { click: () => press("click"), tap: () => press("tap") };
}

export const openPanel = async (page, name) => (await tool(page, name)).click();

/* Puts the keyboard into the desktop. */
export const focusDesktop = (page) => page.locator("#screen canvas").focus();

/* Counts from now on how often the element lights up, and the timers of the page; what this gives
 * tells how many of each there were. */
export async function countBells(page, selector) {
	await page.evaluate((wanted) => {
		window.rung = { lit: 0, timers: 0 };
		new MutationObserver(() => window.rung.lit++).observe(document.querySelector(wanted), {
			attributeFilter: ["class"],
		});
		const later = window.setTimeout;
		window.setTimeout = (...how) => {
			window.rung.timers++;
			return later(...how);
		};
	}, selector);
	return () => page.evaluate(() => window.rung);
}
