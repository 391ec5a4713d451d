/*
 * The viewer: visit.js with a desktop in it, and the questions that a VNC server brings along.
 */

import { Clipboard } from "./clipboard.js";
import { askCredentials, askIdentity } from "./dialogs.js";
import { explain } from "./ending.js";
import { Screen } from "./screen.js";
import { Session, loadLibrary } from "./session.js";
import { fingerprint, knownKey, trustKey } from "./trust.js";
import { Tools } from "./tools.js";
import { Visit, boot } from "./visit.js";

class Viewer extends Visit {
	#tools;
	#clipboard;
	#screen = new Screen();
	#credentials = {};
	#refused = false;

	explain = explain;
	slowWords = "The server has answered; now it is up to the desktop behind it.";

	constructor(params) {
		super(params);
		this.#clipboard = new Clipboard(this.settings);
		this.#tools = new Tools(this.settings, this.#screen, this.#clipboard, () =>
			this.disconnect(),
		);
		this.settings.addEventListener("change", () => this.session?.apply(this.settings));
		window.addEventListener("beforeunload", (event) => {
			if (this.session?.phase === "running" && !this.settings.get("view_only")) {
				event.preventDefault();
			}
		});
	}

	newConnection(url) {
		return new Session({
			url,
			target: this.#screen.place,
			settings: this.settings,
			credentials: this.#credentials,
		});
	}

	/* A password is for the address that it came with. */
	changed(address, fromLink) {
		if (address.url !== this.address?.url) {
			const password = fromLink ? this.link.password : undefined;
			this.#credentials = password === undefined ? {} : { password };
		}
	}

	begun(session) {
		session.addEventListener("credentials", ({ detail }) =>
			this.#askCredentials(session, detail),
		);
		session.addEventListener("identity", ({ detail }) => this.#askIdentity(session, detail));
		this.#tools.attach(session, this.address);
	}

	running() {
		this.#refused = false;
		this.#tools.run();
	}

	left(session, said) {
		if (!said) {
			this.#tools.detach(session);
		} else if (said.forget) {
			this.#credentials = {};
			this.#refused = true;
		}
	}

	stopped() {
		this.#screen.clear();
	}

	async #askCredentials(session, types) {
		this.patient();
		const given = await askCredentials(
			types,
			{
				place: this.address.place,
				refused: this.#refused,
				exposed: this.address.exposed,
			},
			session.signal,
		);
		if (session.signal.aborted) {
			return;
		}
		if (!given) {
			session.refuse("credentials");
			return;
		}
		this.#credentials = { ...this.#credentials, ...given };
		session.answer(this.#credentials);
	}

	async #askIdentity(session, key) {
		this.patient();
		const print = await fingerprint(key);
		const known = knownKey(session.url);
		const accepted =
			known === print.long ||
			(await askIdentity(
				{ place: this.address.place, print, changed: known !== undefined },
				session.signal,
			));
		if (session.signal.aborted) {
			return;
		}
		if (!accepted) {
			session.refuse("key");
			return;
		}
		trustKey(session.url, print.long);
		session.approve();
	}
}

boot(Viewer, {
	insecure: "Clipboard sharing and encrypted logins need https.",
	takesPassword: true,
});
/* While people look at the form; if it fails, connecting says so. */
loadLibrary().catch(() => {});
