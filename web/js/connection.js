/*
 * One WebSocket from its opening to the reason why it ended; what speaks over it derives from this
 * (session.js, telnet/session.js).
 *
 *   opening ──socket open──► greeting ──the other end has spoken──► running
 *      └───────────────┴──────────┬───────────────────┘
 *                               ended   (once, last; see ending.js for what it carries)
 *
 * Events: "phase" (detail: the new phase), "ended", and those of who derives.
 */

const OPEN_WITHIN = 20_000;
const GREET_WITHIN = 30_000;

export class Connection extends EventTarget {
	#url;
	#socket = null;
	#timer = null;
	#over = new AbortController();
	#ending = { phase: "opening", asked: false };

	/* Counted for the information panel. */
	started = null;
	received = 0;

	constructor(url) {
		super();
		this.#url = url;
		this.#ending.url = url;
	}

	get phase() {
		return this.#ending.phase;
	}
	get url() {
		return this.#url;
	}
	/* Fires when the connection is over: for questions that then need no answer. */
	get signal() {
		return this.#over.signal;
	}

	/* Gets what it speaks with, then a socket, and brings them together. */
	async start() {
		let library;
		try {
			library = await this.prepare();
		} catch (error) {
			console.error(error);
			this.end({ library: true });
			return;
		}
		if (this.signal.aborted) {
			return;
		}
		try {
			this.attach(this.#openSocket(), library);
		} catch (error) {
			this.end({ thrown: error.name, failure: error.message });
		}
	}

	/* The user ends it. */
	close() {
		this.end({ asked: true });
	}

	/* ---- for who derives ---- */

	/* Loads what is needed, and gives it; throws when that cannot be had. */
	async prepare() {}

	/* The socket, not open yet, and what was prepared. */
	attach() {}

	/* The other end has so long to speak. */
	awaitGreeting() {
		this.#wait("greeting", GREET_WITHIN);
	}

	/* People may take as long as they like: the server has its own patience. */
	stopWaiting() {
		clearTimeout(this.#timer);
	}

	run() {
		this.stopWaiting();
		this.started = Date.now();
		this.enter("running");
	}

	enter(phase) {
		if (!this.signal.aborted) {
			this.#ending.phase = phase;
			this.tell("phase", phase);
		}
	}

	/* Something to say should it end. */
	note(facts) {
		Object.assign(this.#ending, facts);
	}

	/* It is over, if it was not yet. */
	end(facts) {
		if (this.signal.aborted) {
			return;
		}
		this.stopWaiting();
		this.note(facts);
		this.#over.abort();
		this.leave();
		this.#socket?.close();
		this.tell("ended", { ...this.#ending });
	}

	/* What is to be done before the socket is closed. */
	leave() {}

	tell(name, detail) {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}

	/* Throws what the browser throws. */
	#openSocket() {
		const socket = new WebSocket(this.#url);
		socket.binaryType = "arraybuffer";
		/* Before anybody else's handlers, so that the code is known to them. */
		socket.addEventListener("close", ({ code, reason }) => {
			this.#ending.code ??= code;
			this.#ending.reason ??= reason;
		});
		socket.addEventListener("message", ({ data }) => {
			this.received += data.byteLength ?? 0;
		});
		socket.addEventListener("open", () => {
			this.enter("greeting");
			this.awaitGreeting();
		});
		this.#socket = socket;
		this.#wait("opening", OPEN_WITHIN);
		return socket;
	}

	#wait(phase, ms) {
		this.stopWaiting();
		this.#timer = setTimeout(() => this.end({ timeout: phase }), ms);
	}
}
