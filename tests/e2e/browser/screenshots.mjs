/*
 * Makes the pictures of the README: node tests/e2e/browser/screenshots.mjs [FOLDER]
 *
 * The viewer with the test card on a desktop screen, and on a phone in dark colours.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PHONE, inState, launch, newPage, openViewer, startWebsplice, tool } from "./lib.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../../docs/", import.meta.url));

/* Some frames in, with a pointer and a few keys to see. */
async function shoot(page, url, { button, file, at }) {
	await page.addInitScript((dock) => {
		localStorage.setItem("websplice.settings", JSON.stringify({ dock_at: dock }));
	}, at);
	await openViewer(page, url);
	await inState(page, "running");
	const box = await page.locator("#screen canvas").boundingBox();
	await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.4);
	await page.locator("#screen canvas").focus();
	await page.keyboard.type("hello, desktop", { delay: 120 });
	await (await tool(page, button)).click();
	await page.waitForTimeout(500);
	await page.screenshot({ path: join(folder, file) });
	await page.context().close();
}

mkdirSync(folder, { recursive: true });
const browser = await launch();
const server = await startWebsplice({ args: ["--testcard"] });
try {
	const wide = await newPage(browser, { viewport: { width: 1280, height: 800 } });
	await shoot(wide, server.url, { button: "Display", file: "screenshot.png", at: 84 });
	const phone = await newPage(browser, { ...PHONE, colorScheme: "dark" });
	await shoot(phone, server.url, {
		button: "Touch keyboard",
		file: "screenshot-phone.png",
		at: 50,
	});
} finally {
	await browser.close();
	await server.stop();
}
