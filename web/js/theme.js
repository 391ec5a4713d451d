/*
 * Light or dark: the system's choice until the user makes one.
 */

const system = matchMedia("(prefers-color-scheme: dark)");
const NEXT = { auto: "dark", dark: "light", light: "auto" };
const NAMES = { auto: "as the system", dark: "dark", light: "light" };

/* Keeps the page in step with the setting; `button`, if any, goes round the three choices. */
export function followTheme(settings, button) {
	const show = () => {
		const theme = settings.get("theme");
		document.documentElement.dataset.theme =
			theme === "auto" ? (system.matches ? "dark" : "light") : theme;
		if (button) {
			button.querySelector("use").setAttribute("href", `icons/sprite.svg#${theme}`);
			button.title = `Colours: ${NAMES[theme]}`;
			button.setAttribute("aria-label", `${button.title}. Change to ${NAMES[NEXT[theme]]}`);
		}
	};
	settings.addEventListener("change", show);
	system.addEventListener("change", show);
	button?.addEventListener("click", () => settings.set("theme", NEXT[settings.get("theme")]));
	show();
}
