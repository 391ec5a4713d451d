/*
 * The viewer's main line: which state the page is in, and what leads from one to the next.
 *
 *            ┌──────────────── stop, change options ───────────────┐
 *            ▼                                                     │
 *   ─────► form ──connect──► connecting ──► running ──► ended ─────┤
 *            ▲ autoconnect ─────▲   │                     ▲        │
 *            └──── cancel ──────┼───┘      lost ──► waiting ───────┘
 *                               └──────────────────────┘ countdown over, try now
 */

import { showCard, showConnecting, showCountdown, showEnded, showWaiting } from "./cards.js";
import { Clipboard } from "./clipboard.js";
import { askCredentials, askForeign, askIdentity } from "./dialogs.js";
import { byId } from "./dom.js";
import { explain } from "./ending.js";
import { Form } from "./form.js";
import { readParams } from "./params.js";
import { askPage } from "./probe.js";
import { Countdown, MOST_TRIES, retryDelay } from "./retry.js";
import { Screen } from "./screen.js";
import { Session, loadLibrary } from "./session.js";
import { Settings } from "./settings.js";
import { fingerprint, isTrusted, knownKey, trustKey, trustPlace } from "./trust.js";
import { Tools } from "./tools.js";

const SLOW = 6000; /* ms after which we say that it takes long */
const STEADY = 10_000; /* ms of a running session that make the next loss a first one */

class Viewer {
	#settings;
	#form;
	#tools;
	#clipboard;
	#link;
	#screen = new Screen();
	#countdown = new Countdown();
	#session = null;
	#address = null;
	#credentials = {};
	#refused = false;
	#attempt = 0;
	#worked = false;
	#slow = null;

	constructor({ values, notices }) {
		this.#link = values;
		this.#settings = new Settings(values);
		this.#form = new Form(values);
		this.#form.tell(notices);
		this.#clipboard = new Clipboard(this.#settings);
		this.#tools = new Tools(this.#settings, this.#screen, this.#clipboard, () =>
			this.disconnect(),
		);
		this.#settings.addEventListener("change", () => this.#session?.apply(this.#settings));
		this.#listen();
	}

	begin() {
		showCard("form");
		if (this.#link.autoconnect) {
			this.connect();
		}
	}

	/* From the form or the link: where to, and is that all right? */
	async connect() {
		const address = this.#form.read();
		if (!address) {
			return;
		}
		const password = this.#form.fromLink ? this.#link.password : undefined;
		if (
			this.#form.fromLink &&
			address.foreign &&
			!(await this.#allowForeign(address, password))
		) {
			return;
		}
		if (address.url !== this.#address?.url) {
			this.#credentials = password === undefined ? {} : { password };
		}
		this.#address = address;
		this.#attempt = 0;
		this.#worked = false;
		this.#open();
	}

	disconnect() {
		this.#session?.close();
	}

	#listen() {
		this.#form.addEventListener("connect", () => this.connect());
		byId("connecting-cancel").addEventListener("click", () => this.disconnect());
		byId("waiting-now").addEventListener("click", () => this.#open());
		byId("waiting-stop").addEventListener("click", () => this.#stop());
		byId("ended-again").addEventListener("click", () => this.#again());
		byId("ended-form").addEventListener("click", () => this.#stop());
		window.addEventListener("online", () => this.#countdown.running && this.#open());
		window.addEventListener("beforeunload", (event) => {
			if (this.#session?.phase === "running" && !this.#settings.get("view_only")) {
				event.preventDefault();
			}
		});
	}

	async #allowForeign(address, password) {
		if (isTrusted(address.place)) {
			return true;
		}
		const allowed = await askForeign({
			place: address.place,
			page: location.host,
			password: password !== undefined,
			exposed: address.exposed,
		});
		if (allowed?.remember) {
			trustPlace(address.place);
		}
		return allowed !== null;
	}

	#open() {
		this.#countdown.stop();
		const session = new Session({
			url: this.#address.url,
			target: this.#screen.place,
			settings: this.#settings,
			credentials: this.#credentials,
		});
		this.#session = session;
		const on = (name, handler) =>
			session.addEventListener(name, ({ detail }) => handler(detail));
		on("phase", (phase) => this.#enter(phase));
		on("credentials", (types) => this.#askCredentials(session, types));
		on("identity", (key) => this.#askIdentity(session, key));
		on("ended", (ending) => this.#end(session, ending));
		this.#tools.attach(session, this.#address);
		showConnecting(`to ${this.#address.place}`);
		showCard("connecting");
		clearTimeout(this.#slow);
		this.#slow = setTimeout(() => this.#tellSlow(), SLOW);
		session.start();
	}

	#tellSlow() {
		showConnecting(
			this.#session?.phase === "opening"
				? `${this.#address.place} is taking its time to answer.`
				: "The server has answered; now it is up to the desktop behind it.",
		);
	}

	#enter(phase) {
		if (phase !== "running") {
			return;
		}
		clearTimeout(this.#slow);
		this.#worked = true;
		this.#refused = false;
		showCard("running");
		this.#tools.run();
	}

	async #askCredentials(session, types) {
		clearTimeout(this.#slow);
		const given = await askCredentials(
			types,
			{
				place: this.#address.place,
				refused: this.#refused,
				exposed: this.#address.exposed,
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
		clearTimeout(this.#slow);
		const print = await fingerprint(key);
		const known = knownKey(session.url);
		const accepted =
			known === print.long ||
			(await askIdentity(
				{ place: this.#address.place, print, changed: known !== undefined },
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

	async #end(session, ending) {
		clearTimeout(this.#slow);
		this.#tools.detach(session);
		const unclear = ending.library || (ending.phase === "opening" && ending.code !== undefined);
		if (unclear && !this.#address.foreign) {
			ending.page = await askPage();
		}
		if (session !== this.#session) {
			return;
		}
		this.#session = null;
		const said = explain(ending);
		if (said.forget) {
			this.#credentials = {};
			this.#refused = true;
		}
		if (ending.asked && ending.phase !== "running") {
			this.#stop();
		} else if (this.#mayRetry(said, session)) {
			this.#wait(said);
		} else {
			showEnded(said, said.calm ? "Connect again" : "Try again");
		}
	}

	/*
	 * By itself only what has worked before, unless the link insists: a screen on a wall may be
	 * switched on before its server.
	 */
	#mayRetry(said, session) {
		if (session.started && Date.now() - session.started > STEADY) {
			this.#attempt = 0;
		}
		const insists = this.#link.reconnect === true && this.#form.fromLink;
		return (
			said.retry &&
			this.#settings.get("reconnect") &&
			(this.#worked || insists) &&
			this.#attempt < MOST_TRIES
		);
	}

	#wait(said) {
		const ms = retryDelay(this.#attempt, this.#settings.get("reconnect_delay"));
		this.#attempt++;
		showWaiting(said, this.#attempt, MOST_TRIES);
		this.#countdown.start(
			ms,
			(left) => showCountdown(left, Math.ceil(ms / 1000)),
			() => this.#open(),
		);
	}

	#again() {
		this.#attempt = 0;
		this.#open();
	}

	#stop() {
		this.#countdown.stop();
		this.#screen.clear();
		showCard("form");
	}
}

function boot() {
	const params = readParams(location.href);
	if (params.clean !== null) {
		history.replaceState(null, "", params.clean);
	}
	if (!window.isSecureContext) {
		params.notices.push(
			"This page is not encrypted: others on the network may be able to see what you " +
				"type. Clipboard sharing and encrypted logins need https.",
		);
	}
	/* A link pasted over this page's address is a new link, even if only its fragment differs. */
	window.addEventListener("hashchange", () => location.reload());
	new Viewer(params).begin();
	/* While people look at the form; if it fails, connecting says so. */
	loadLibrary().catch(() => {});
}

boot();
