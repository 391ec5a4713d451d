/*
 * xterm.js writes its style sheets and some of its colours as text into the page, which the page's
 * policy forbids: a policy that let the library do so would let injected markup do so, too. The
 * same rules given through the browser's objects for style sheets are allowed. So the two ways
 * that the library takes are led there; nothing else on the page takes them.
 */

const sheets = new WeakMap();

/* Call before the terminal is opened. */
export function leadStyles() {
	const create = document.createElement.bind(document);
	document.createElement = (tag, options) =>
		String(tag).toLowerCase() === "style" ? standIn(create) : create(tag, options);
	HTMLSpanElement.prototype.setAttribute = function setAttribute(name, value) {
		if (name === "style") {
			this.style.cssText = value;
		} else {
			Element.prototype.setAttribute.call(this, name, value);
		}
	};
}

/* An element whose text is a style sheet of the page for as long as it is in the page. */
function standIn(create) {
	const element = create("template");
	Object.defineProperty(element, "textContent", {
		get: () => "",
		set: (css) => sheetOf(element).replaceSync(css),
	});
	element.remove = () => {
		document.adoptedStyleSheets = document.adoptedStyleSheets.filter(
			(sheet) => sheet !== sheets.get(element),
		);
		Element.prototype.remove.call(element);
	};
	return element;
}

function sheetOf(element) {
	if (!sheets.has(element)) {
		sheets.set(element, new CSSStyleSheet());
		document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheets.get(element)];
	}
	return sheets.get(element);
}
