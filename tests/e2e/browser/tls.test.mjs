/* A real desktop through the viewer over https: the page picks wss by itself, and the browser takes
 * what came that way for secure, whatever the host is called. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP,
	INSECURE_HOST,
	inState,
	launch,
	newPage,
	openViewer,
	pixelIs,
	startWebsplice,
	startXvnc,
} from "./lib.mjs";
import { make, pair } from "../lib/certs.mjs";

const COLOUR = "#316b3a";

let browser;
let xvnc;

before(async () => {
	browser = await launch();
	xvnc = await startXvnc({ colour: COLOUR });
});
after(async () => {
	await browser?.close();
	await xvnc?.stop();
});

/* The viewer at that address of a server with these words; gives the page and its WebSockets. */
async function open(t, args, host) {
	const server = await startWebsplice({ target: xvnc.target, args });
	t.after(() => server.stop());
	const page = await newPage(browser, { ...DESKTOP, ignoreHTTPSErrors: true });
	t.after(() => page.context().close());
	const sockets = [];
	page.on("websocket", (socket) => sockets.push(socket.url()));
	await openViewer(page, `https://${host}:${server.port}/`);
	await inState(page, "running");
	return { server, page, sockets };
}

describe("the viewer over TLS", () => {
	it("with --ssl-only and a certificate: wss, a secure context, the picture", async (t) => {
		make("server", "named", INSECURE_HOST);
		const { page, sockets } = await open(t, ["--ssl-only", ...pair("named")], INSECURE_HOST);
		await pixelIs(page, 700, 500, COLOUR);
		assert.equal(sockets.length, 1);
		assert.match(sockets[0], new RegExp(`^wss://${INSECURE_HOST}:\\d+/`));
		assert.equal(await page.evaluate(() => window.isSecureContext && Boolean(navigator.clipboard)), true);
		assert.deepEqual(page.faults, []);
	});

	it("with --self-signed, beside plain ws on the same port", async (t) => {
		const { server, page, sockets } = await open(t, ["--self-signed"], "127.0.0.1");
		await pixelIs(page, 700, 500, COLOUR);
		assert.match(sockets[0], /^wss:/);
		const plain = await newPage(browser);
		t.after(() => plain.context().close());
		await openViewer(plain, server.url);
		await inState(plain, "running");
		assert.deepEqual([...page.faults, ...plain.faults], []);
	});
});
