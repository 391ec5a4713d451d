/* Passwords, user names and server keys: asked for, sent once, kept nowhere. */

import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
	inState,
	launch,
	newPage,
	openDesktop,
	openViewer,
	pixelIs,
	startFakeVnc,
	startWebsplice,
	startXvnc,
	until,
} from "./lib.mjs";

let browser;

before(async () => {
	browser = await launch();
});
after(async () => {
	await browser?.close();
});

async function viewer(t, target) {
	const server = await startWebsplice({ target });
	const page = await newPage(browser);
	t.after(async () => {
		await page.context().close();
		await server.stop();
	});
	return { page, server };
}

async function fake(t, script) {
	const vnc = await startFakeVnc(script);
	t.after(() => vnc.stop());
	return { vnc, ...(await viewer(t, vnc.target)) };
}

const stored = (page) =>
	page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));

describe("a password (VncAuth, TigerVNC)", () => {
	let xvnc;
	before(async () => {
		xvnc = await startXvnc({ password: "s3cr+t" });
	});
	after(async () => {
		await xvnc?.stop();
	});

	const dialog = (page) => page.getByRole("dialog", { name: "Log in" });

	it("is asked for, and asked for again if it was wrong", async (t) => {
		const { page, server } = await viewer(t, xvnc.target);
		await openViewer(page, server.url);
		await dialog(page).waitFor();
		assert.equal(await dialog(page).getByLabel("User name").isVisible(), false);
		await until("the focus", () =>
			page.evaluate(() => document.activeElement.name === "password"),
		);
		await page.keyboard.type("wrong");
		await page.keyboard.press("Enter");
		await inState(page, "ended");
		assert.match(
			await page.locator("#card-ended").innerText(),
			/login was refused.*Authentication fail/s,
		);
		await page.getByRole("button", { name: "Try again" }).click();
		await dialog(page).waitFor();
		assert.equal(await dialog(page).getByText("not accepted").isVisible(), true);
		assert.equal(await dialog(page).getByLabel("Password").inputValue(), "");
		await dialog(page).getByLabel("Password").fill("s3cr+t");
		await dialog(page).getByRole("button", { name: "Log in" }).click();
		await inState(page, "running");
		await pixelIs(page, 10, 10, "#2a5d84");
		assert.doesNotMatch(await stored(page), /s3cr|wrong/);
	});

	it("can be cancelled with Esc", async (t) => {
		const { page, server } = await viewer(t, xvnc.target);
		await openViewer(page, server.url);
		await dialog(page).waitFor();
		await page.keyboard.press("Escape");
		await inState(page, "ended");
		assert.match(await page.locator("#card-ended").innerText(), /login was cancelled/);
	});

	it("comes from the fragment, and is gone from the address at once", async (t) => {
		const { page, server } = await viewer(t, xvnc.target);
		await openViewer(page, server.url, "#autoconnect=true&password=s3cr+t&resize=off");
		await inState(page, "running");
		assert.equal(page.url(), `${server.url}vnc.html#autoconnect=true&resize=off`);
		await page.goBack();
		assert.doesNotMatch(page.url(), /s3cr/);
	});

	it("is taken from a link that is pasted over the page's address, too", async (t) => {
		const { page, server } = await viewer(t, xvnc.target);
		await openViewer(page, server.url, "");
		await inState(page, "form");
		await page.evaluate(() => {
			location.hash = "autoconnect=true&password=s3cr+t";
		});
		await inState(page, "running");
		assert.doesNotMatch(page.url(), /password/);
	});

	it("in the query is not used, removed, and the page says why", async (t) => {
		const { page, server } = await viewer(t, xvnc.target);
		await openViewer(page, server.url, "?password=s3cr%2Bt&autoconnect=true");
		await dialog(page).waitFor();
		assert.doesNotMatch(page.url(), /password/);
		await page.keyboard.press("Escape");
		await page.getByRole("button", { name: "Change options" }).click();
		await page.getByText("The password in this link was ignored").waitFor();
	});

	it("is not asked for again when the connection is lost", async (t) => {
		const { page, server } = await viewer(t, xvnc.target);
		await openViewer(page, server.url, "#autoconnect=true&password=s3cr+t&reconnect_delay=200");
		await inState(page, "running");
		await server.stop();
		await inState(page, "waiting");
		const again = await startWebsplice({ target: xvnc.target, port: server.port });
		t.after(() => again.stop());
		await inState(page, "running", 60_000);
		assert.equal(await dialog(page).isVisible(), false);
	});

	it("dialog goes away when the server hangs up", async (t) => {
		const { page, hangUp } = await fakeHangUp(t);
		await dialog(page).waitFor();
		hangUp();
		await inState(page, "ended");
		assert.equal(await dialog(page).isVisible(), false);
	});

	async function fakeHangUp(t) {
		let hangUp;
		const wait = new Promise((resolve) => {
			hangUp = resolve;
		});
		const opened = await fake(t, async (client) => {
			await client.greet(2);
			client.write(Buffer.alloc(16, 7));
			await wait;
			client.end();
		});
		await openViewer(opened.page, opened.server.url);
		return { ...opened, hangUp };
	}
});

describe("a user name and a password (VeNCrypt Plain)", () => {
	it("are asked for together and sent as they are", async (t) => {
		let sent;
		const { page, server } = await fake(t, async (client) => {
			await client.greet(19);
			client.write([0, 2]);
			await client.read(2);
			client.write([0], [1], [0, 0, 1, 0]);
			await client.read(4);
			const lengths = await client.read(8);
			sent = [
				await client.read(lengths.readUInt32BE(0)),
				await client.read(lengths.readUInt32BE(4)),
			].map(String);
			client.welcome();
			await client.serve();
		});
		await openViewer(page, server.url);
		const dialog = page.getByRole("dialog", { name: "Log in" });
		await dialog.getByLabel("User name").fill("ännchen");
		await dialog.getByLabel("Password").fill("pä ss");
		await page.keyboard.press("Enter");
		await inState(page, "running");
		assert.deepEqual(sent, ["ännchen", "pä ss"]);
		assert.doesNotMatch(await stored(page), /nnchen|ss/);
	});
});

describe("a machine behind the server (XVP)", () => {
	it("is asked for as well", async (t) => {
		let sent;
		const { page, server } = await fake(t, async (client) => {
			await client.greet(22);
			const [user, target] = await client.read(2);
			sent = [await client.read(user), await client.read(target)].map(String);
			client.write(Buffer.alloc(16, 7));
			await client.read(16);
			client.welcome();
			await client.serve();
		});
		await openViewer(page, server.url);
		const dialog = page.getByRole("dialog", { name: "Log in" });
		await dialog.getByLabel("User name").fill("ann");
		await dialog.getByLabel("Password").fill("pass");
		await dialog.getByLabel("Machine").fill("vm-7");
		await dialog.getByRole("button", { name: "Log in" }).click();
		await inState(page, "running");
		assert.deepEqual(sent, ["ann", "vm-7"]);
	});
});

describe("the server's key (RSA-AES)", () => {
	/* 4 bytes of length in bits, modulus, exponent, each as long as the modulus. */
	function publicKey() {
		const { n, e } = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({
			format: "jwk",
		});
		const exponent = Buffer.from(e, "base64url");
		return Buffer.concat([
			Buffer.from([0, 0, 8, 0]),
			Buffer.from(n, "base64url"),
			Buffer.alloc(256 - exponent.length),
			exponent,
		]);
	}

	/* Shows keys[n] to the n-th client, and reports the bytes that the client sends then. */
	const shows = (keys, sent) => async (client, number) => {
		await client.greet(6);
		client.write(keys[number - 1]);
		sent.push(await client.read(4 + 512).catch(() => null));
	};

	it("is shown to compare, and nothing is sent if it is refused", async (t) => {
		const key = publicKey();
		const sent = [];
		const { page, server } = await fake(t, shows([key], sent));
		await openViewer(page, server.url);
		const dialog = page.getByRole("dialog", { name: "Is this the right server?" });
		const short = createHash("sha1")
			.update(key)
			.digest("hex")
			.slice(0, 16)
			.match(/../g)
			.join("-");
		await dialog.getByText(short).waitFor();
		assert.equal(await dialog.getByText("not the one that was accepted").isVisible(), false);
		await until("the focus on the safe answer", () =>
			page.evaluate(() => document.activeElement.textContent === "Cancel"),
		);
		await page.keyboard.press("Enter");
		await inState(page, "ended");
		assert.match(await page.locator("#card-ended").innerText(), /did not accept the identity/);
		await until("the client to go", () => sent.length === 1);
		assert.equal(sent[0], null);
	});

	it("is remembered once accepted, and a change is told", async (t) => {
		const [key, other] = [publicKey(), publicKey()];
		const sent = [];
		const { page, server, vnc } = await fake(t, shows([key, key, other], sent));
		await openViewer(page, server.url);
		const dialog = page.getByRole("dialog", { name: "Is this the right server?" });
		await dialog.getByRole("button", { name: "It is the right one" }).click();
		await until("the client's key", () => sent.length === 1 && sent[0] !== null);
		await page.reload();
		await until(
			"the client's key, without a question",
			() => sent.length === 2 && sent[1] !== null,
		);
		assert.equal(vnc.clients.length, 2);
		await page.reload();
		await dialog.getByText("not the one that was accepted before").waitFor();
		await dialog.getByRole("button", { name: "Cancel" }).click();
		await until("the client to go", () => sent.length === 3);
		assert.equal(sent[2], null);
	});
});

describe("a link to another server", () => {
	const ask = (page) => page.getByRole("dialog", { name: "Connect to another server?" });

	/* Our pages come from one server, the link leads to another one with a desktop. */
	async function foreign(t) {
		const here = await fake(t, openDesktop({ name: "Here" }));
		const vnc = await startFakeVnc(openDesktop({ name: "There" }));
		const there = await startWebsplice({ target: vnc.target, args: ["--allow-origin", "any"] });
		t.after(async () => {
			await there.stop();
			await vnc.stop();
		});
		const link = `#autoconnect=true&host=127.0.0.1&port=${there.port}`;
		return { page: here.page, here: here.server, there, vnc, link };
	}

	it("asks first, and connects to nobody if refused", async (t) => {
		const { page, here, there, vnc, link } = await foreign(t);
		await openViewer(page, here.url, `${link}&password=secret`);
		await ask(page).waitFor();
		const text = await ask(page).innerText();
		assert.match(text, new RegExp(`127\\.0\\.0\\.1:${there.port}`));
		assert.match(text, new RegExp(`127\\.0\\.0\\.1:${here.port}`));
		assert.match(text, /holds a password/);
		await until("the focus on the safe answer", () =>
			page.evaluate(() => document.activeElement.textContent === "Cancel"),
		);
		await page.keyboard.press("Escape");
		await inState(page, "form");
		assert.equal(vnc.clients.length, 0);
		await page.getByRole("button", { name: "Connect", exact: true }).click();
		await ask(page).waitFor();
		assert.equal(vnc.clients.length, 0);
	});

	it("connects if allowed, and asks again the next time unless told not to", async (t) => {
		const { page, here, there, link } = await foreign(t);
		await openViewer(page, here.url, link);
		await ask(page)
			.getByRole("button", { name: /^Connect to/ })
			.click();
		await inState(page, "running");
		assert.match(await page.title(), /There/);
		await page.reload();
		await ask(page).getByRole("checkbox").check();
		await ask(page)
			.getByRole("button", { name: /^Connect to/ })
			.click();
		await inState(page, "running");
		await page.reload();
		await inState(page, "running");
		assert.match(await stored(page), new RegExp(`127\\.0\\.0\\.1:${there.port}`));
	});

	it("asks again when the link takes the encryption away", async (t) => {
		const { page, here, link } = await foreign(t);
		await openViewer(page, here.url, `?1${link}&encrypt=true`);
		await ask(page).getByRole("checkbox").check();
		await ask(page)
			.getByRole("button", { name: /^Connect to/ })
			.click();
		/* Nobody speaks TLS there; it was allowed all the same. */
		await inState(page, "ended");
		await openViewer(page, here.url, `?2${link}&encrypt=true`);
		await inState(page, "ended");
		await openViewer(page, here.url, `?3${link}&encrypt=false`);
		await ask(page).getByRole("button", { name: "Cancel" }).click();
		await inState(page, "form");
	});

	it("does not ask when the user types the address", async (t) => {
		const { page, here, there } = await foreign(t);
		await openViewer(page, here.url, "");
		await page.getByText("Another server", { exact: true }).click();
		await page.getByLabel("Port").fill(String(there.port));
		await page.getByRole("button", { name: "Connect", exact: true }).click();
		await inState(page, "running");
		assert.match(await page.title(), /There/);
	});

	it("cannot name the host in the path", async (t) => {
		const { page, here, there, vnc } = await foreign(t);
		for (const path of [
			`//127.0.0.1:${there.port}/x`,
			`ws://127.0.0.1:${there.port}/`,
			`\\\\127.0.0.1:${there.port}\\x`,
		]) {
			await openViewer(
				page,
				here.url,
				`?n=${vnc.clients.length}${path.length}#autoconnect=true&path=${encodeURIComponent(path)}`,
			);
			await page.getByRole("alert").getByText("is not a path on that server").waitFor();
		}
		assert.equal(vnc.clients.length, 0);
	});
});
