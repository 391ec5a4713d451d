/* What a link asks for reaches the VNC server or the address, from the query and the fragment. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	inState,
	launch,
	newPage,
	openDesktop,
	openViewer,
	startFakeVnc,
	startWebsplice,
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

async function open(t, rest) {
	const page = await newPage(browser);
	t.after(() => page.context().close());
	const asked = [];
	page.on("websocket", (socket) => asked.push(socket.url()));
	await openViewer(page, server.url, rest);
	await inState(page, "running");
	return { client: vnc.clients.at(-1), asked };
}

describe("a link's wishes", () => {
	it("leaves others connected unless it says shared=0", async (t) => {
		for (const [rest, shared] of [
			["?autoconnect=1", true],
			["?autoconnect=1&shared=1", true],
			["?autoconnect=1&shared=0", false],
			["#autoconnect=1&shared=false", false],
		]) {
			assert.equal((await open(t, rest)).client.shared, shared, rest);
		}
	});

	it("names the path, from the query or the fragment", async (t) => {
		for (const start of ["?", "#"]) {
			const rest = `${start}autoconnect=1&path=a/b%3Ftoken%3Dc`;
			const { asked } = await open(t, rest);
			const url = new URL(asked[0]);
			assert.equal(`${url.protocol}${url.pathname}${url.search}`, "ws:/a/b?token=c", rest);
		}
	});
});
