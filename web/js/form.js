/*
 * The connect form: where to, and a preview of it.
 */

import { AddressError, DEFAULT_PATH, resolveAddress } from "./address.js";
import { byId, make } from "./dom.js";

const FIELDS = ["host", "port", "path", "encrypt"];

export class Form extends EventTarget {
	#link;
	#form = byId("form");
	#error = byId("form-error");

	/* link: the address's parameters; they fill the fields and count as the link's until edited. */
	constructor(link) {
		super();
		this.#link = link;
		this.#form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.dispatchEvent(new CustomEvent("connect"));
		});
		byId("advanced").addEventListener("input", () => this.#edit());
		byId("form-reset").addEventListener("click", () => this.#reset());
		this.#fill(link);
	}

	/* Whether where to connect was decided by the link and not by the user. */
	get fromLink() {
		return this.#link !== null;
	}

	/* The address to connect to; null, with the reason shown, if the fields make none. */
	read() {
		try {
			const address = resolveAddress(this.#where(), location.href);
			this.#complain(null);
			return address;
		} catch (error) {
			if (!(error instanceof AddressError)) {
				throw error;
			}
			this.#complain(error);
			return null;
		}
	}

	/* Shows sentences about the link above the button. */
	tell(notices, tone = "warn") {
		byId("notices").append(
			...notices.map((text) => make("p", { class: `note ${tone}` }, text)),
		);
	}

	#where() {
		const text = (name) => byId(name).value.trim();
		return {
			host: text("host"),
			port: text("port"),
			path: text("path") || DEFAULT_PATH,
			encrypt: byId("encrypt").checked,
			token: this.#link?.token,
		};
	}

	#fill(link) {
		byId("host").value = link.host ?? "";
		byId("port").value = link.port ?? "";
		byId("path").value = link.path ?? "";
		byId("encrypt").checked = link.encrypt ?? location.protocol === "https:";
		byId("advanced").open = FIELDS.some((name) => name in link);
		this.#preview();
	}

	#edit() {
		this.#link = null;
		this.#preview();
	}

	#reset() {
		this.#link = null;
		this.#fill({});
		byId("advanced").open = true;
		byId("connect").focus();
	}

	#preview() {
		const address = this.read();
		byId("form-url").textContent = address ? address.url.replace(/\?.*$/s, "?…") : "–";
		byId("form-place").textContent = address?.place ?? "…";
		byId("form-reset").hidden = !address?.foreign;
	}

	#complain(error) {
		this.#error.hidden = !error;
		this.#error.textContent = error?.message ?? "";
		for (const name of FIELDS) {
			byId(name).toggleAttribute("aria-invalid", false);
		}
		if (error) {
			byId("advanced").open = true;
			byId(error.field).setAttribute("aria-invalid", "true");
		}
	}
}
