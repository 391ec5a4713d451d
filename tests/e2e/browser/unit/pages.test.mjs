/*
 * The pages as files: they need nothing from elsewhere, run under a strict policy, and hold
 * together (every id and icon that is named exists).
 */

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { describe, it } from "node:test";

const WEB = new URL("../../../../web/", import.meta.url);
const read = (name) => readFileSync(new URL(name, WEB), "utf8");
const inside = (folder, ending) =>
	readdirSync(new URL(folder, WEB), { withFileTypes: true }).flatMap((entry) =>
		entry.isDirectory()
			? inside(`${folder}${entry.name}/`, ending)
			: entry.name.endsWith(ending)
				? [folder + entry.name]
				: [],
	);

const PAGES = ["index.html", "vnc.html", "telnet.html"];
const SCRIPTS = inside("js/", ".js");
const SHEETS = inside("css/", ".css");
const sprite = read("icons/sprite.svg");

describe("the pages", () => {
	for (const page of PAGES) {
		const html = read(page);

		it(`${page} has no inline script, style or handler`, () => {
			assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/i);
			assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=/i);
			assert.match(html, /Content-Security-Policy.*default-src 'none'.*script-src 'self'/);
			assert.doesNotMatch(html, /unsafe-/);
		});

		it(`${page} names only files that are there, beside it`, () => {
			for (const [, url] of html.matchAll(/\s(?:href|src)="([^"#?]*)[^"]*"/g)) {
				assert.doesNotMatch(url, /^([a-z]+:|\/)/i, url);
				if (url && url !== "./") {
					assert.ok(statSync(new URL(url, WEB)).isFile(), url);
				}
			}
		});

		it(`${page} has no id twice and no icon that is not drawn`, () => {
			const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
			assert.equal(new Set(ids).size, ids.length);
			for (const [, name] of html.matchAll(/sprite\.svg#([a-z]+)/g)) {
				assert.match(sprite, new RegExp(`<symbol id="${name}"`));
			}
		});

		it(`${page} labels everything with a name`, () => {
			for (const [button] of html.matchAll(/<button[^>]*>(?:<svg.*?<\/svg>)<\/button>/g)) {
				assert.match(button, /aria-label=|data-theme-button/, button);
			}
		});
	}
});

describe("the scripts and sheets", () => {
	it("ask nobody else for anything", () => {
		for (const name of [...SCRIPTS, ...SHEETS, "manifest.json", ...inside("icons/", ".svg")]) {
			const text = read(name)
				.replaceAll("http://www.w3.org/2000/svg", "")
				.replace(/\/\*.*?\*\//gs, "");
			assert.doesNotMatch(text, /(?:https?|wss?):\/\/[a-z0-9]/i, name);
			if (!name.endsWith(".js")) {
				assert.doesNotMatch(text, /@import|url\((?!#)/, name);
			}
		}
	});

	it("never make HTML or code from text", () => {
		for (const name of SCRIPTS) {
			assert.doesNotMatch(
				read(name),
				/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc/,
				name,
			);
		}
	});

	it("find every element that they name in a page", () => {
		const ids = new Set(
			PAGES.flatMap((page) =>
				[...read(page).matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id),
			),
		);
		for (const name of SCRIPTS) {
			for (const [, id] of read(name).matchAll(/byId\("([^"]+)"\)/g)) {
				assert.ok(ids.has(id), `${name}: #${id}`);
			}
		}
	});

	it("stay small", () => {
		for (const name of [...SCRIPTS, ...SHEETS]) {
			assert.ok(read(name).split("\n").length <= 400, name);
		}
	});
});

describe("the lock files", () => {
	for (const name of ["package-lock.json", "../tests/e2e/package-lock.json"]) {
		it(`${name} holds versions and checksums, no addresses`, () => {
			const lock = JSON.parse(read(name));
			for (const [path, entry] of Object.entries(lock.packages).filter(([path]) => path)) {
				assert.match(entry.integrity, /^sha512-/, path);
			}
			assert.doesNotMatch(read(name), /"resolved"|https?:/);
		});
	}
});
