/* When it does not work: what the page says, and whether it tries again. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import {
	DESKTOP,
	PHONE,
	freePort,
	inState,
	launch,
	newPage,
	openDesktop,
	openViewer,
	pixelIs,
	startFakeVnc,
	startProxy,
	startWebsplice,
	startXvnc,
	tool,
	until,
} from "./lib.mjs";

let browser;

before(async () => {
	browser = await launch();
});
after(async () => {
	await browser?.close();
});

async function viewer(t, options, screen = DESKTOP) {
	const server = await startWebsplice(options);
	const page = await newPage(browser, screen);
	t.after(async () => {
		await page.context().close();
		await server.stop();
	});
	return { page, server };
}

async function fake(t, script, screen) {
	const vnc = await startFakeVnc(script);
	t.after(() => vnc.stop());
	return { vnc, ...(await viewer(t, { target: vnc.target }, screen)) };
}

const words = (page) => page.locator("#card-ended").innerText();

describe("a failure is told in words", () => {
	it("a dead backend: the server's close reason", async (t) => {
		const target = `127.0.0.1:${await freePort()}`;
		const { page, server } = await viewer(t, { target });
		await openViewer(page, server.url);
		await inState(page, "ended");
		assert.match(await words(page), /The desktop cannot be reached/);
		assert.match(
			await words(page),
			new RegExp(`“backend ${target.replaceAll(".", "\\.")} refused the connection”`),
		);
		await page.getByText("Details").click();
		assert.match(await words(page), /close code 1011/);
	});

	it("no WebSocket at the path, though the web server is there", async (t) => {
		const { server, page } = await viewer(t, { target: "127.0.0.1:9" });
		const proxy = await startProxy({ prefix: "/", port: server.port, websockets: false });
		t.after(() => proxy.stop());
		await openViewer(page, proxy.url);
		await inState(page, "ended");
		assert.match(await words(page), /No WebSocket at this address.*reverse proxy/s);
	});

	it("the same for a page whose address held a password", async (t) => {
		const { server, page } = await viewer(t, { target: "127.0.0.1:9" });
		const proxy = await startProxy({ prefix: "/", port: server.port, websockets: false });
		t.after(() => proxy.stop());
		await openViewer(page, proxy.url.replace("://", "://user:secret@"));
		await inState(page, "ended");
		assert.match(await words(page), /No WebSocket at this address/);
		assert.doesNotMatch(await page.locator("body").innerHTML(), /secret/);
	});

	it("a server that has no room", async (t) => {
		const args = ["--workers=1", "--max-connections=12", "--first-byte-timeout=60"];
		const { server, page } = await viewer(t, { target: "127.0.0.1:9", args });
		await openViewer(page, server.url, "");
		await inState(page, "form");
		await page.waitForLoadState("networkidle"); /* its connections, idle now, make room for the crowd */
		const crowd = Array.from({ length: 14 }, () => connect(server.port, "127.0.0.1").on("error", () => {}));
		t.after(() => crowd.forEach((socket) => socket.destroy()));
		await until("others have taken it", () => server.program.output.includes("turned away"));
		await page.getByRole("button", { name: "Connect", exact: true }).click();
		await inState(page, "ended");
		assert.match(await words(page), /The server is busy.*“too many connections; try again later”/s);
	});

	it("a server that is gone", async (t) => {
		const { server, page } = await viewer(t, { target: "127.0.0.1:9" });
		await openViewer(page, server.url, "");
		await inState(page, "form");
		await server.stop();
		await page.getByRole("button", { name: "Connect", exact: true }).click();
		await inState(page, "ended");
		assert.match(await words(page), /cannot be reached.*does not answer any more/s);
	});

	it("a desktop that ends the session", async (t) => {
		const { page, server, vnc } = await fake(t, openDesktop());
		await openViewer(page, server.url, "#autoconnect=true&reconnect=false");
		await inState(page, "running");
		(await vnc.client()).end();
		await inState(page, "ended");
		assert.match(await words(page), /The desktop ended the connection/);
	});

	it("something that is no VNC server", async (t) => {
		const { page, server } = await fake(t, async (client) =>
			client.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
		);
		await openViewer(page, server.url);
		await inState(page, "ended");
		assert.match(await words(page), /That is not a VNC server/);
	});

	it("security types that a browser cannot do", async (t) => {
		const { page, server } = await fake(t, async (client) => {
			await client.greet(18).catch(() => {});
		});
		await openViewer(page, server.url);
		await inState(page, "ended");
		assert.match(await words(page), /No way to log in that both sides know/);
	});

	it("too many logins", async (t) => {
		const { page, server } = await fake(t, async (client) => {
			client.write("RFB 003.008\n");
			await client.read(12);
			client.write([0]);
			const reason = "Too many security failures";
			client.write([0, 0, 0, reason.length], reason);
			client.end();
		});
		await openViewer(page, server.url);
		await inState(page, "ended");
		assert.match(await words(page), /locked logins.*“Too many security failures”/s);
	});

	it("a message that makes no sense", async (t) => {
		const { page, server, vnc } = await fake(t, openDesktop());
		await openViewer(page, server.url);
		await inState(page, "running");
		await pixelIs(page, 10, 10, "#f2842b");
		(await vnc.client()).write([77]);
		await inState(page, "ended");
		assert.match(await words(page), /not understood/);
		assert.match(await page.locator("#ended-detail").textContent(), /type 77/);
	});

	it("a library that is not there", async (t) => {
		const { page, server } = await fake(t, openDesktop());
		await page.route("**/node_modules/**", (route) => route.fulfill({ status: 404 }));
		await openViewer(page, server.url);
		await inState(page, "ended");
		assert.match(await words(page), /viewer is not complete.*npm ci/s);
	});

	it("text from the other side stays text", async (t) => {
		const evil = "<img src=x onerror=alert(1)><b>name</b>\u202e";
		const { page, server, vnc } = await fake(t, openDesktop({ name: evil }));
		await openViewer(page, server.url);
		await inState(page, "running");
		assert.equal(
			await page.locator("#fact-name").textContent(),
			"<img src=x onerror=alert(1)><b>name</b>",
		);
		(await vnc.client()).cutText("<script>alert(2)</script>");
		await until("the clipboard", async () =>
			(await page.locator("#clipboard-text").inputValue()).includes("<script>"),
		);
		assert.equal(await page.locator("#dock b, #dock img, #dock script").count(), 0);
		assert.deepEqual(page.faults, []);
	});
});

describe("while it waits to try again", () => {
	/* A working session that is lost; the wait is longer than any test. */
	async function lost(t, lose, screen) {
		const { page, server, vnc } = await fake(t, openDesktop(), screen);
		await openViewer(page, server.url, "#autoconnect=true&reconnect_delay=600000");
		await inState(page, "running");
		lose(await vnc.client());
		await inState(page, "waiting");
		return page;
	}

	for (const [how, lose, told] of [
		[
			"a reset",
			(client) => client.reset(),
			/The connection to the desktop broke\s+The server says: “backend reset the connection”/,
		],
		[
			"an orderly end",
			(client) => client.end(),
			/The desktop ended the connection\s+The server says: “backend closed the connection”/,
		],
	]) {
		it(`says why, in the server's words: ${how}`, async (t) => {
			const page = await lost(t, lose);
			assert.match(await page.locator("#card-waiting").innerText(), told);
		});
	}

	it("has its buttons in sight on a phone on its side", async (t) => {
		const { width: height, height: width } = PHONE.viewport;
		const page = await lost(t, (client) => client.reset(), {
			...PHONE,
			viewport: { width, height },
		});
		for (const name of ["Try now", "Stop"]) {
			const box = await page.getByRole("button", { name }).boundingBox();
			assert.ok(box.y + box.height <= height, `${name} ends at ${box.y + box.height}`);
		}
	});
});

describe("reconnecting", () => {
	it("after the VNC server comes back", async (t) => {
		const first = await startXvnc({ colour: "#2a5d84" });
		t.after(() => first.stop());
		const { page, server } = await viewer(t, { target: first.target });
		await openViewer(page, server.url, "#autoconnect=true&reconnect=true&reconnect_delay=300");
		await inState(page, "running");
		await pixelIs(page, 50, 50, "#2a5d84");
		await first.stop();
		await inState(page, "waiting");
		assert.match(
			await page.locator("#card-waiting").innerText(),
			/\d+[\s\S]*Trying again by itself: \d+$/m,
		);
		assert.equal(await page.locator("#last-frame").isVisible(), true);
		const second = await startXvnc({ colour: "#a03020", port: first.port });
		t.after(() => second.stop());
		await inState(page, "running", 60_000);
		await pixelIs(page, 50, 50, "#a03020");
		assert.equal(await page.locator("#last-frame").isVisible(), false);
	});

	it("counts down, can be hurried and stopped", async (t) => {
		const { page, server, vnc } = await fake(t, openDesktop());
		await openViewer(page, server.url, "#autoconnect=true&reconnect_delay=60000");
		await inState(page, "running");
		(await vnc.client()).end();
		await inState(page, "waiting");
		const seconds = async () => Number(await page.locator("#waiting-seconds").textContent());
		const start = await seconds();
		assert.ok(start > 40 && start <= 60, String(start));
		await until("the countdown to move", async () => (await seconds()) < start);
		await page.getByRole("button", { name: "Try now" }).click();
		await inState(page, "running");
		assert.equal(vnc.clients.length, 2);
		vnc.clients[1].end();
		await inState(page, "waiting");
		await page.getByRole("button", { name: "Stop" }).click();
		await inState(page, "form");
		assert.equal(vnc.clients.length, 2);
	});

	it("waits longer each time", async (t) => {
		const { page, server, vnc } = await fake(t, async (client, number) => {
			if (number === 1) {
				await openDesktop()(client);
			}
			client.end();
		});
		await page.addInitScript(() => {
			Math.random = () => 0;
		});
		await openViewer(page, server.url, "#autoconnect=true&reconnect_delay=8000");
		await inState(page, "running");
		(await vnc.client()).end();
		for (const [attempt, wait, before] of [
			[1, 8, 0],
			[2, 16, 8],
			[3, 30, 16],
		]) {
			await page.getByText(`Trying again by itself: ${attempt} of 20`).waitFor();
			const left = Number(await page.locator("#waiting-seconds").textContent());
			assert.ok(left > before && left <= wait, `${attempt}: ${left}`);
			await page.getByRole("button", { name: "Try now" }).click();
		}
	});

	it("not for ever", async (t) => {
		const { page, server, vnc } = await fake(t, async (client, number) => {
			if (number === 1) {
				await openDesktop()(client);
			}
			client.end();
		});
		await openViewer(page, server.url, "#autoconnect=true&reconnect_delay=0");
		await inState(page, "running");
		(await vnc.client()).end();
		await inState(page, "ended", 60_000);
		assert.equal(vnc.clients.length, 21);
		assert.match(await words(page), /hung up/);
	});

	it("for ever if the link insists, but no longer in haste", async (t) => {
		const { page, server, vnc } = await fake(t, (client) => client.end());
		await openViewer(page, server.url, "#autoconnect=true&reconnect=true&reconnect_delay=0");
		await until("the 21st connection", () => vnc.clients.length >= 21);
		await page.getByText(/^Trying again by itself: 21$/).waitFor();
		const left = Number(await page.locator("#waiting-seconds").textContent());
		assert.ok(left > 0 && left <= 30, String(left));
		await page.getByRole("button", { name: "Try now" }).click();
		await until("one more", () => vnc.clients.length === 22);
		await page.getByText(/^Trying again by itself: 22$/).waitFor();
	});

	it("not after the user has disconnected", async (t) => {
		const { page, server, vnc } = await fake(t, openDesktop());
		await openViewer(page, server.url, "#autoconnect=true&reconnect=true&reconnect_delay=0");
		await inState(page, "running");
		await (await tool(page, "Disconnect")).click();
		await inState(page, "ended");
		assert.match(await words(page), /You ended the connection/);
		await until("the VNC server to see it", () => vnc.clients[0].closed);
		assert.equal(vnc.clients.length, 1);
		await page.getByRole("button", { name: "Connect again" }).click();
		await inState(page, "running");
		assert.equal(vnc.clients.length, 2);
	});

	it("not by itself if it never worked, unless the link insists", async (t) => {
		const port = await freePort();
		const { page, server } = await viewer(t, { target: `127.0.0.1:${port}` });
		await openViewer(page, server.url, "#autoconnect=true");
		await inState(page, "ended");
		await openViewer(
			page,
			server.url,
			"?insist#autoconnect=true&reconnect=true&reconnect_delay=200",
		);
		await inState(page, "waiting");
		const late = await startXvnc({ port });
		t.after(() => late.stop());
		await inState(page, "running", 60_000);
	});
});

describe("connecting", () => {
	it("can be cancelled", async (t) => {
		const { page, server, vnc } = await fake(t, () => {});
		await openViewer(page, server.url);
		await inState(page, "connecting");
		await vnc.client();
		await page.getByRole("button", { name: "Cancel" }).click();
		await inState(page, "form");
		await until("the VNC server to see it", () => vnc.clients[0].closed);
	});

	it("can be cancelled while the page finds out why it failed", async (t) => {
		const { page, server } = await viewer(t, { target: "127.0.0.1:9" });
		const proxy = await startProxy({ prefix: "/", port: server.port, websockets: false });
		t.after(() => proxy.stop());
		await openViewer(page, proxy.url, "#reconnect=true");
		/* The answer takes its time; a clock that stands still keeps the page from giving it up. */
		await page.evaluate(() => {
			window.fetch = () => new Promise((resolve) => (window.answer = resolve));
		});
		await page.clock.install();
		await page.clock.pauseAt(Date.now() + 60_000);
		await page.getByRole("button", { name: "Connect", exact: true }).click();
		await page.waitForFunction(() => window.answer);
		await page.getByRole("button", { name: "Cancel" }).click();
		await inState(page, "form");
		await page.evaluate(() => window.answer());
		assert.equal(await page.locator("body").getAttribute("data-state"), "form");
	});

	it("says so when it takes long, and has an end", async (t) => {
		const { page, server, vnc } = await fake(t, () => {});
		await page.clock.install();
		await openViewer(page, server.url);
		await vnc.client();
		await page.getByText("Connecting…").waitFor();
		await page.clock.fastForward(7000);
		await page.getByText("it is up to the desktop behind it").waitFor();
		await page.clock.fastForward(30_000);
		await inState(page, "ended");
		assert.match(await words(page), /The desktop does not answer/);
		await until("the VNC server to see it", () => vnc.clients[0].closed);
	});

	it("waits for people as long as they need", async (t) => {
		const { page, server } = await fake(t, async (client) => {
			await client.greet(2);
			client.write(Buffer.alloc(16, 7));
			await client.read(16);
			client.welcome();
			await client.serve();
		});
		await page.clock.install();
		await openViewer(page, server.url);
		const dialog = page.getByRole("dialog", { name: "Log in" });
		await dialog.waitFor();
		await page.clock.fastForward(600_000);
		await dialog.getByLabel("Password").fill("late");
		await page.keyboard.press("Enter");
		await inState(page, "running");
	});
});
