/*
 * A page's main line: which state it is in, and what leads from one to the next. The viewer
 * (viewer.js) and the terminal (telnet/page.js) derive from it.
 *
 *            ┌──────────────── stop, change options ───────────────┐
 *            ▼                                                     │
 *   ─────► form ──connect──► connecting ──► running ──► ended ─────┤
 *            ▲ autoconnect ─────▲   │                     ▲        │
 *            └──── cancel ──────┼───┘      lost ──► waiting ───────┘
 *                               └──────────────────────┘ countdown over, try now
 *
 * Who derives gives
 *   newConnection(url)        a Connection, not yet started
 *   explain(ending)           from closing.js
 *   slowWords                 what to say when the service behind the server takes long
 * and may override begun, running, left, changed and stopped.
 */

import { showCard, showConnecting, showCountdown, showEnded, showWaiting } from "./cards.js";
import { askForeign } from "./dialogs.js";
import { byId } from "./dom.js";
import { Form } from "./form.js";
import { readParams } from "./params.js";
import { askPage } from "./probe.js";
import { Countdown, MOST_TRIES, retryDelay } from "./retry.js";
import { Settings } from "./settings.js";
import { isTrusted, trustPlace } from "./trust.js";

const SLOW = 6000; /* ms after which we say that it takes long */
const STEADY = 10_000; /* ms of a running session that make the next loss a first one */

export class Visit {
	/* What the page's address says, the user's choices, and where to: see address.js. */
	link;
	settings;
	address = null;
	session = null;
	#form;
	#countdown = new Countdown();
	#attempt = 0;
	#worked = false;
	#slow = null;

	constructor({ values, notices }) {
		this.link = values;
		this.settings = new Settings(values);
		this.#form = new Form(values);
		this.#form.tell(notices);
		this.#listen();
	}

	begin() {
		showCard("form");
		if (this.link.autoconnect) {
			this.connect();
		}
	}

	/* From the form or the link: where to, and is that all right? */
	async connect() {
		const address = this.#form.read();
		if (!address) {
			return;
		}
		if (this.#form.fromLink && address.foreign && !(await this.#allowForeign(address))) {
			return;
		}
		this.changed(address, this.#form.fromLink);
		this.address = address;
		this.#attempt = 0;
		this.#worked = false;
		this.open();
	}

	disconnect() {
		if (this.session?.signal.aborted) {
			/* It is over, and #end is still asking why: nobody wants to know any more. */
			this.session = null;
			this.#stop();
			return;
		}
		this.session?.close();
	}

	/* It does not depend on the server alone how long this takes. */
	patient() {
		clearTimeout(this.#slow);
	}

	open() {
		this.#countdown.stop();
		const session = this.newConnection(this.address.url);
		this.session = session;
		session.addEventListener("phase", ({ detail }) => this.#enter(detail));
		session.addEventListener("ended", ({ detail }) => this.#end(session, detail));
		this.begun(session);
		showConnecting(`to ${this.address.place}`);
		showCard("connecting");
		this.patient();
		this.#slow = setTimeout(() => this.#tellSlow(), SLOW);
		session.start();
	}

	/* ---- for who derives ---- */

	/* Another address was chosen; fromLink: by the page's own. */
	changed() {}
	/* A connection is about to be opened. */
	begun() {}
	/* It is running. */
	running() {}
	/* It is over; said: from explain(), null while that is not known yet. */
	left() {}
	/* Back at the form. */
	stopped() {}

	#listen() {
		this.#form.addEventListener("connect", () => this.connect());
		byId("connecting-cancel").addEventListener("click", () => this.disconnect());
		byId("waiting-now").addEventListener("click", () => this.open());
		byId("waiting-stop").addEventListener("click", () => this.#stop());
		byId("ended-again").addEventListener("click", () => this.#again());
		byId("ended-form").addEventListener("click", () => this.#stop());
		window.addEventListener("online", () => this.#countdown.running && this.open());
	}

	async #allowForeign(address) {
		if (isTrusted(address.url)) {
			return true;
		}
		const allowed = await askForeign({
			place: address.place,
			page: location.host,
			password: this.link.password !== undefined,
			exposed: address.exposed,
		});
		if (allowed?.remember) {
			trustPlace(address.url);
		}
		return allowed !== null;
	}

	#tellSlow() {
		showConnecting(
			this.session?.phase === "opening"
				? `${this.address.place} is taking its time to answer.`
				: this.slowWords,
		);
	}

	#enter(phase) {
		if (phase !== "running") {
			return;
		}
		this.patient();
		this.#worked = true;
		showCard("running");
		this.running();
	}

	async #end(session, ending) {
		this.patient();
		this.left(session, null);
		const unclear = ending.library || (ending.phase === "opening" && ending.code !== undefined);
		if (unclear && !this.address.foreign) {
			ending.page = await askPage();
		}
		if (session !== this.session) {
			return;
		}
		this.session = null;
		const said = this.explain(ending);
		this.left(session, said);
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
		const insists = this.#insists;
		return (
			(said.retry || (insists && said.again)) &&
			this.settings.get("reconnect") &&
			(this.#worked || insists) &&
			(this.#attempt < MOST_TRIES || insists)
		);
	}

	get #insists() {
		return this.link.reconnect === true && this.#form.fromLink;
	}

	#wait(said) {
		const ms = retryDelay(this.#attempt, this.settings.get("reconnect_delay"));
		this.#attempt++;
		showWaiting(said, this.#attempt, this.#insists ? Infinity : MOST_TRIES);
		this.#countdown.start(
			ms,
			(left) => showCountdown(left, Math.ceil(ms / 1000)),
			() => this.open(),
		);
	}

	#again() {
		this.#attempt = 0;
		this.open();
	}

	#stop() {
		this.#countdown.stop();
		this.stopped();
		showCard("form");
	}
}

/*
 * Reads the page's address and starts. insecure: what a page without https cannot do;
 * takesPassword: whether a link may hold one.
 */
export function boot(Page, { insecure, takesPassword }) {
	const params = readParams(location.href, takesPassword);
	if (params.clean !== null) {
		history.replaceState(null, "", params.clean);
	}
	if (!window.isSecureContext) {
		params.notices.push(
			"This page is not encrypted: others on the network may be able to see what you " +
				`type. ${insecure}`,
		);
	}
	/* A link pasted over this page's address is a new link, even if only its fragment differs. */
	window.addEventListener("hashchange", () => location.reload());
	new Page(params).begin();
}
