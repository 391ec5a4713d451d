/* The page's parameters: which are taken, which win, and that no password stays in the address. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readParams, writeParams } from "../../../../web/js/params.js";

const PAGE = "https://example.org/console/1/vnc.html";

const read = (rest) => readParams(PAGE + rest);

describe("parameters", () => {
	it("takes noVNC's names from the query", () => {
		const { values, notices, clean } = read(
			"?host=h.example&port=5901&path=a/b&encrypt=0&autoconnect=true" +
				"&resize=remote&reconnect=1&reconnect_delay=500&view_only=yes&quality=0&compression=9&shared=false" +
				"&show_dot=1&view_clip=no",
		);
		assert.deepEqual(values, {
			host: "h.example",
			port: 5901,
			path: "a/b",
			encrypt: false,
			autoconnect: true,
			resize: "remote",
			reconnect: true,
			reconnect_delay: 500,
			view_only: true,
			quality: 0,
			compression: 9,
			shared: false,
			show_dot: true,
			view_clip: false,
		});
		assert.deepEqual(notices, []);
		assert.equal(clean, null);
	});

	it("lets the fragment win", () => {
		assert.deepEqual(read("?resize=off&quality=1#resize=scale").values, {
			resize: "scale",
			quality: 1,
		});
	});

	it("takes the first of two", () => {
		assert.deepEqual(read("?quality=1&quality=2").values, { quality: 1 });
	});

	for (const raw of ["0", "no", "false", "off", "False", "NO"]) {
		it(`reads ${raw} as false`, () =>
			assert.equal(read(`#shared=${raw}`).values.shared, false));
	}

	for (const raw of ["1", "yes", "true", "on", ""]) {
		it(`reads “${raw}” as true`, () =>
			assert.equal(read(`#shared=${raw}`).values.shared, true));
	}

	for (const rest of [
		"port=0",
		"port=65536",
		"port=80x",
		"port=-1",
		"port=1e3",
		"quality=10",
		"quality=",
		"compression=4.5",
		"resize=stretch",
		"reconnect_delay=99999999999",
		"host=%E0%A4%A",
		`path=${"x".repeat(2049)}`,
	]) {
		it(`refuses ${rest.slice(0, 24)} and says so`, () => {
			const { values, notices } = read(`?${rest}`);
			assert.deepEqual(values, {});
			assert.equal(notices.length, 1);
			assert.match(notices[0], new RegExp(`“${rest.split("=")[0]}”`));
		});
	}

	it("ignores names it does not know, and those of every object", () => {
		const { values, notices } = read("?lang=de&constructor=1&__proto__=2&toString=3");
		assert.deepEqual(Object.keys(values), []);
		assert.deepEqual(notices, []);
	});

	it("does not turn a plus sign into a blank", () => {
		assert.equal(read("#password=a+b%2Bc%20d").values.password, "a+b+c d");
	});
});

describe("the password", () => {
	it("comes from the fragment and leaves the address", () => {
		const { values, clean } = read("?quality=3#autoconnect=1&password=s%26cret&resize=off");
		assert.equal(values.password, "s&cret");
		assert.equal(clean, `${PAGE}?quality=3#autoconnect=1&resize=off`);
	});

	it("is not taken from the query, but removed from it all the same", () => {
		const { values, notices, clean } = read("?password=secret&quality=3");
		assert.deepEqual(values, { quality: 3 });
		assert.match(notices[0], /password/);
		assert.doesNotMatch(notices[0], /secret/);
		assert.equal(clean, `${PAGE}?quality=3`);
	});

	it("is found under another spelling of its name", () => {
		const { values, clean } = read("#p%61ssword=secret");
		assert.equal(values.password, "secret");
		assert.doesNotMatch(clean, /secret/);
	});

	it("never shows up in a notice, even if it cannot be read", () => {
		const { values, notices, clean } = read("#password=%E0secret");
		assert.deepEqual(values, {});
		assert.doesNotMatch(notices.join(), /secret/);
		assert.doesNotMatch(clean, /secret/);
	});
});

describe("a page that takes no password", () => {
	it("ignores one wherever it is, removes it, and says so", () => {
		for (const rest of ["?password=secret&quality=3", "?quality=3#password=secret"]) {
			const { values, notices, clean } = readParams(PAGE + rest, false);
			assert.deepEqual(values, { quality: 3 });
			assert.equal(notices.length, 1);
			assert.match(notices[0], /no use for one/);
			assert.equal(clean, `${PAGE}?quality=3`);
		}
	});
});

describe("writing a link", () => {
	it("comes back the same", () => {
		const values = { path: "websockify?token=a&b", resize: "off", view_only: true, quality: 0 };
		assert.deepEqual(readParams(`${PAGE}#${writeParams(values)}`).values, values);
	});

	it("leaves out what is not set or not known", () => {
		assert.equal(
			writeParams({ host: "", quality: undefined, other: 1, autoconnect: true }),
			"autoconnect=true",
		);
	});
});
