/*
 * One connection to a desktop, from the first packet to the reason it ended.
 *
 *   opening ──socket open──► greeting ──RFB ready──► running
 *      └───────────────┴──────────┬───────────────────┘
 *                               ended   (once, last; see ending.js for what it carries)
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

import { tidy } from "./ending.js";

const LIBRARY = "../node_modules/@novnc/novnc/core/rfb.js";
const OPEN_WITHIN = 20_000;
const GREET_WITHIN = 30_000;

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

export class Session extends EventTarget {
	#options;
	#socket = null;
	#rfb = null;
	#timer = null;
	#rfbOver = false;
	#over = new AbortController();
	#ending = { phase: "opening", asked: false };

	/* Counted for the information panel. */
	started = null;
	received = 0;

	/* options: url, target (element the picture goes into), settings, credentials */
	constructor(options) {
		super();
		this.#options = options;
		this.#ending.url = options.url;
	}

	get phase() {
		return this.#ending.phase;
	}
	get url() {
		return this.#options.url;
	}
	get rfb() {
		return this.#rfb;
	}
	/* Fires when the session is over: for questions that then need no answer. */
	get signal() {
		return this.#over.signal;
	}

	async start() {
		let Rfb;
		try {
			Rfb = await loadLibrary();
		} catch (error) {
			console.error(error);
			this.#end({ library: true });
			return;
		}
		if (this.signal.aborted) {
			return;
		}
		try {
			this.#openSocket();
			this.#attach(Rfb);
		} catch (error) {
			this.#end({ thrown: error.name, failure: error.message });
		}
	}

	close() {
		this.#end({ asked: true });
	}

	answer(credentials) {
		this.#wait("greeting", GREET_WITHIN);
		this.#rfb?.sendCredentials({ ...credentials });
	}

	approve() {
		this.#wait("greeting", GREET_WITHIN);
		this.#rfb?.approveServer();
	}

	refuse(what) {
		this.#end({ refused: what });
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

	#openSocket() {
		const socket = new WebSocket(this.#options.url);
		socket.binaryType = "arraybuffer";
		/* Before RFB adds its own handlers, so the code is known when RFB gives up. */
		socket.addEventListener("close", ({ code, reason }) => {
			this.#ending.code ??= code;
			this.#ending.reason ??= reason;
		});
		socket.addEventListener("message", ({ data }) => {
			this.received += data.byteLength ?? 0;
		});
		socket.addEventListener("open", () => {
			this.#enter("greeting");
			this.#wait("greeting", GREET_WITHIN);
		});
		this.#socket = socket;
		this.#wait("opening", OPEN_WITHIN);
	}

	#attach(Rfb) {
		const { target, settings, credentials } = this.#options;
		const shared = settings.get("shared");
		const rfb = new Rfb(target, this.#socket, { shared, credentials: { ...credentials } });
		rfb.background = "transparent";
		this.#rfb = rfb;
		this.apply(settings);
		const on = (name, handler) =>
			rfb.addEventListener(name, ({ detail }) => {
				if (!this.signal.aborted) {
					handler(detail);
				}
			});
		on("connect", () => this.#run());
		rfb.addEventListener("disconnect", () => {
			this.#rfbOver = true;
			this.#end({});
		});
		on("securityfailure", (detail) => {
			this.#ending.security = detail;
		});
		on("credentialsrequired", ({ types }) => this.#askUser("credentials", types));
		on("serververification", ({ publickey }) => this.#askUser("identity", publickey));
		on("desktopname", ({ name }) => this.#tell("name", tidy(name, 120)));
		on("clipboard", ({ text }) => this.#tell("clipboard", text));
		on("bell", () => this.#tell("bell"));
		on("capabilities", ({ capabilities }) => this.#tell("power", capabilities.power));
		on("clippingviewport", (clipping) => this.#tell("clipping", clipping));
	}

	#run() {
		clearTimeout(this.#timer);
		this.started = Date.now();
		this.#enter("running");
	}

	/* People may take as long as they like: the server has its own patience. */
	#askUser(name, detail) {
		clearTimeout(this.#timer);
		this.#tell(name, detail);
	}

	#enter(phase) {
		if (!this.signal.aborted) {
			this.#ending.phase = phase;
			this.#tell("phase", phase);
		}
	}

	#wait(phase, ms) {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#end({ timeout: phase }), ms);
	}

	#end(facts) {
		if (this.signal.aborted) {
			return;
		}
		clearTimeout(this.#timer);
		const failure = this.#rfb?.failure;
		Object.assign(
			this.#ending,
			{ failure: closedBySocket(failure) ? undefined : failure },
			facts,
		);
		this.#over.abort();
		if (this.#rfb && !this.#rfbOver) {
			this.#rfb.disconnect();
		}
		this.#socket?.close();
		this.#tell("ended", { ...this.#ending });
	}

	#tell(name, detail) {
		this.dispatchEvent(new CustomEvent(name, { detail }));
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
