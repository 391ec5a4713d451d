/*
 * One connection to a desktop; its phases are those of connection.js.
 *
 * The socket is made here and handed to noVNC's RFB, because RFB keeps the close code and reason
 * of a socket to itself. Events, all before "ended":
 *   phase        detail: the new phase
 *   credentials  detail: the types wanted; answer with answer() or refuse("credentials")
 *   identity     detail: the server's public key; answer with approve() or refuse("key")
 *   name         detail: the desktop's name
 *   clipboard    detail: text
 *   bell, power, clipping
 */

import { Connection } from "./connection.js";
import { tidy } from "./words.js";

const LIBRARY = "../node_modules/@novnc/novnc/core/rfb.js";

let library = null;

/*
 * The library's class, loaded once; worth asking for early. _fail is a private method of it, but
 * the only place where it says what it objects to; if a later version has none, endings just
 * carry less detail.
 */
export function loadLibrary() {
	library ??= import(LIBRARY)
		.then(
			({ default: RFB }) =>
				class extends RFB {
					_fail(details) {
						this.failure ??= String(details);
						return super._fail(details);
					}
				},
		)
		.catch((error) => {
			library = null;
			throw error;
		});
	return library;
}

export class Session extends Connection {
	#options;
	#rfb = null;
	#rfbOver = false;

	/* options: url, target (element the picture goes into), settings, credentials */
	constructor(options) {
		super(options.url);
		this.#options = options;
	}

	get rfb() {
		return this.#rfb;
	}

	prepare() {
		return loadLibrary();
	}

	answer(credentials) {
		this.awaitGreeting();
		this.#rfb?.sendCredentials({ ...credentials });
	}

	approve() {
		this.awaitGreeting();
		this.#rfb?.approveServer();
	}

	refuse(what) {
		this.end({ refused: what });
	}

	/* Puts the user's settings into force; may be called at any time. */
	apply(settings) {
		const rfb = this.#rfb;
		if (!rfb) {
			return;
		}
		const resize = settings.get("resize");
		const viewOnly = settings.get("view_only");
		if (viewOnly && !rfb.viewOnly) {
			letGo();
		}
		rfb.viewOnly = viewOnly;
		rfb.clipViewport = resize === "off" && settings.get("view_clip");
		rfb.scaleViewport = resize !== "off";
		rfb.resizeSession = resize === "remote";
		rfb.qualityLevel = settings.get("quality");
		rfb.compressionLevel = settings.get("compression");
		rfb.showDotCursor = settings.get("show_dot");
	}

	/* One key: pressed, released, or both if `down` is left out. */
	sendKey({ keysym, code }, down) {
		this.#rfb?.sendKey(keysym, code ?? null, down);
	}

	attach(socket, Rfb) {
		const { target, settings, credentials } = this.#options;
		const shared = settings.get("shared");
		const rfb = new Rfb(target, socket, { shared, credentials: { ...credentials } });
		rfb.background = "transparent";
		this.#rfb = rfb;
		this.apply(settings);
		const on = (name, handler) =>
			rfb.addEventListener(name, ({ detail }) => {
				if (!this.signal.aborted) {
					handler(detail);
				}
			});
		on("connect", () => this.run());
		rfb.addEventListener("disconnect", () => {
			this.#rfbOver = true;
			this.end({});
		});
		on("securityfailure", (detail) => this.note({ security: detail }));
		on("credentialsrequired", ({ types }) => this.#askUser("credentials", types));
		on("serververification", ({ publickey }) => this.#askUser("identity", publickey));
		on("desktopname", ({ name }) => this.tell("name", tidy(name, 120)));
		on("clipboard", ({ text }) => this.tell("clipboard", text));
		on("bell", () => this.tell("bell"));
		on("capabilities", ({ capabilities }) => this.tell("power", capabilities.power));
		on("clippingviewport", (clipping) => this.tell("clipping", clipping));
	}

	#askUser(name, detail) {
		this.stopWaiting();
		this.tell(name, detail);
	}

	end(facts) {
		const failure = this.#rfb?.failure;
		super.end({ failure: closedBySocket(failure) ? undefined : failure, ...facts });
	}

	leave() {
		if (this.#rfb && !this.#rfbOver) {
			this.#rfb.disconnect();
		}
	}
}

/* What RFB says when it is only repeating that the socket closed. */
const closedBySocket = (failure) => /^Connection closed /.test(failure ?? "");

/*
 * Releases every key that is held down in the desktop. RFB does this when the window loses the
 * focus, but not when only the desktop within it does; so it is told the same.
 */
export function letGo() {
	window.dispatchEvent(new FocusEvent("blur"));
}
