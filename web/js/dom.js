/*
 * Small handles on the page. Text from outside goes through textContent only; the page's policy
 * (trusted types) makes the browser refuse anything else.
 */

export const byId = (id) => document.getElementById(id);

export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/* <tag class="…" …attributes>children</tag>; children are elements or text. */
export function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== undefined && value !== false) {
			element.setAttribute(name, value === true ? "" : value);
		}
	}
	element.append(...children);
	return element;
}

/* An icon of icons/sprite.svg; decoration, so hidden from screen readers. */
export function icon(name) {
	const namespace = "http://www.w3.org/2000/svg";
	const svg = document.createElementNS(namespace, "svg");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const use = document.createElementNS(namespace, "use");
	use.setAttribute("href", `icons/sprite.svg#${name}`);
	svg.append(use);
	return svg;
}

/* Lights up for a moment. A server may ring as fast as it can send: while it is lit, that is one. */
export function ring(element) {
	if (!element.classList.contains("bell")) {
		element.classList.add("bell");
		setTimeout(() => element.classList.remove("bell"), 250);
	}
}

/* Shows a short message for a few seconds, in the page's live region. */
export function toast(message, tone = "info") {
	const box = byId("toasts");
	const item = make("div", { class: "toast", "data-tone": tone }, message);
	box.append(item);
	while (box.children.length > 3) {
		box.firstElementChild.remove();
	}
	setTimeout(() => item.remove(), 4000 + 50 * message.length);
}
