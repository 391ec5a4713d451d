/*
 * The telnet page: visit.js with a terminal in it.
 */

import { byId } from "../dom.js";
import { Visit, boot } from "../visit.js";
import { Bar } from "./bar.js";
import { explain } from "./ending.js";
import { TelnetSession } from "./session.js";
import { ScreenTerminal, loadTerminal } from "./terminal.js";

class TelnetPage extends Visit {
	#terminal;
	#bar;

	explain = explain;
	slowWords = "The server has answered; now it is up to the telnet server behind it.";

	constructor(params) {
		super(params);
		this.#terminal = new ScreenTerminal(byId("terminal"), this.settings);
		this.#bar = new Bar(this.settings, this.#terminal, () => this.disconnect());
		this.#terminal.addEventListener("data", ({ detail }) => this.#bar.typed(detail));
		this.#terminal.addEventListener("binary", ({ detail }) =>
			this.session?.typeBytes(detail),
		);
		this.#terminal.addEventListener("size", ({ detail }) => this.session?.resize(detail));
		window.addEventListener("beforeunload", (event) => {
			if (this.session?.phase === "running") {
				event.preventDefault();
			}
		});
	}

	newConnection(url) {
		const ready = async () => {
			await this.#terminal.ready();
			await this.#terminal.renew();
			this.session?.resize(this.#terminal.size);
		};
		return new TelnetSession({ url, size: this.#terminal.size, ready });
	}

	begun(session) {
		session.addEventListener("text", ({ detail }) => this.#terminal.write(detail));
		session.addEventListener("mode", () => {
			this.#terminal.plainLines = !session.spoken;
		});
		this.#bar.attach(session, this.address);
	}

	running() {
		this.#bar.run();
	}

	left(session, said) {
		if (!said) {
			this.#bar.detach();
			document.body.toggleAttribute("data-low", this.#terminal.low);
		}
	}
}

boot(TelnetPage, { insecure: "Reading the clipboard needs https.", takesPassword: false });
/* While people look at the form; if it fails, connecting says so. */
loadTerminal().catch(() => {});
