/* A desktop that websplice runs itself, and starts again: the viewer comes back by itself. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { inState, launch, newPage, openViewer, pixelIs, startWebsplice, until } from "./lib.mjs";

let browser;

before(async () => {
	browser = await launch();
});
after(async () => {
	await browser?.close();
});

const number = 22100 + (process.pid % 300);
const xvnc = (port) =>
	["Xvnc", `:${number}`, "-rfbport", port, "-SecurityTypes", "None", "-geometry", "640x480"]
		.concat("-depth", "24", "-wr", "-nolisten", "tcp")
		.map(String);

describe("websplice --wrap-mode=respawn PORT -- Xvnc", () => {
	it("is killed in the middle of a session: the viewer reconnects", async (t) => {
		const server = await startWebsplice({ args: ["--wrap-mode=respawn"], command: xvnc });
		const page = await newPage(browser);
		t.after(async () => {
			await page.context().close();
			await server.stop();
			await until("Xvnc to tidy up", () => !existsSync(`/tmp/.X11-unix/X${number}`));
		});
		const pids = () =>
			[...server.program.output.matchAll(/command is ready .*pid=(\d+)/g)].map(([, pid]) => pid);
		await openViewer(page, server.url, "#autoconnect=true&reconnect=true&reconnect_delay=300");
		for (let i = 1; i <= 2; i++) {
			await inState(page, "running", 60_000);
			await pixelIs(page, 50, 50, "#ffffff");
			await until(`word of start ${i}`, () => pids().length >= i);
			process.kill(Number(pids()[i - 1]), "SIGKILL");
			await until(`start ${i + 1}`, () => pids().length > i);
			await until("the viewer to have noticed", () =>
				server.program.output.split("session ended").length > i,
			);
		}
		await inState(page, "running", 60_000);
		await pixelIs(page, 50, 50, "#ffffff");
		assert.equal(new Set(pids()).size, 3);
	});
});
