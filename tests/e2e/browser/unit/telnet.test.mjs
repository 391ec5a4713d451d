/* The telnet protocol: what is taken apart, what is agreed on, what is answered. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeapStatistics } from "node:v8";
import { Agreement, MOST_REFUSALS } from "../../../../web/js/telnet/agreement.js";
import { DO, DONT, IAC, OPTION, SB, SE, WILL, WONT } from "../../../../web/js/telnet/codes.js";
import { Telnet } from "../../../../web/js/telnet/protocol.js";
import { LONGEST_BODY, Scanner } from "../../../../web/js/telnet/scanner.js";

const bytes = (...parts) =>
	Uint8Array.from(
		parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part)),
	);

/* Every way to cut a stream in two, and all of it byte by byte. */
function* cuts(stream) {
	for (let at = 0; at <= stream.length; at++) {
		yield [stream.subarray(0, at), stream.subarray(at)];
	}
	yield [...stream].map((byte) => Uint8Array.of(byte));
}

/* What a scanner makes of pieces; pieces of text that touch are one. */
function scan(pieces) {
	const seen = [];
	const scanner = new Scanner({
		text: (text) =>
			typeof seen.at(-1) === "string"
				? seen.push(seen.pop() + Buffer.from(text).toString("latin1"))
				: seen.push(Buffer.from(text).toString("latin1")),
		command: (code) => seen.push(["command", code]),
		negotiate: (verb, option) => seen.push([verb, option]),
		sub: (option, body) => seen.push(["sub", option, [...body]]),
	});
	pieces.forEach((piece) => scanner.push(piece));
	return seen;
}

describe("taking the stream apart", () => {
	const STREAM = bytes(
		"ab",
		[IAC, IAC, IAC, IAC],
		"c",
		[IAC, WILL, 1],
		[IAC, DO, 255],
		"d",
		[IAC, 241, IAC, 249],
		[IAC, SB, 24, 1, IAC, IAC, 2, IAC, SE],
		"e\r\0",
		[IAC, SB, 31, IAC, SE],
		[IAC, SE],
		"f",
	);
	const EVENTS = [
		"ab\xff\xffc",
		[WILL, 1],
		[DO, 255],
		"d",
		["command", 241],
		["command", 249],
		["sub", 24, [1, 255, 2]],
		"e\r\0",
		["sub", 31, []],
		"f",
	];

	it("comes out the same wherever it is cut", () => {
		for (const pieces of cuts(STREAM)) {
			assert.deepEqual(scan(pieces), EVENTS);
		}
	});

	it("holds no text back", () => {
		assert.deepEqual(scan([bytes("login: ")]), ["login: "]);
		assert.deepEqual(scan([bytes("x", [IAC])]), ["x"]);
	});

	it("drops a subnegotiation that is too long, and goes on behind it", () => {
		const body = (length) => new Array(length).fill(7);
		const sub = (length) => bytes([IAC, SB, 24, ...body(length), IAC, SE], "x");
		assert.deepEqual(scan([sub(LONGEST_BODY)]), [["sub", 24, body(LONGEST_BODY)], "x"]);
		assert.deepEqual(scan([sub(LONGEST_BODY + 1)]), ["x"]);
		assert.deepEqual(scan([sub(100_000)]), ["x"]);
	});

	it("keeps no more of one than that", () => {
		const scanner = new Scanner({ sub: () => assert.fail(), text: () => {} });
		const piece = new Uint8Array(1024 * 1024);
		scanner.push(bytes([IAC, SB, 24]));
		const before = getHeapStatistics().used_heap_size;
		for (let i = 0; i < 32; i++) {
			scanner.push(piece);
		}
		assert.ok(getHeapStatistics().used_heap_size - before < 32 * 1024 * 1024);
		scanner.push(bytes([IAC, SE]));
	});

	it("lets a command cut a subnegotiation that has no end", () => {
		const broken = bytes([IAC, SB, 24, 1, IAC, WILL, 1], "x", [IAC, SB, 31, 9, IAC, 241], "y");
		for (const pieces of cuts(broken)) {
			assert.deepEqual(scan(pieces), [[WILL, 1], "x", ["command", 241], "y"]);
		}
	});
});

/* RFC 1143, section 7, as it stands there: state, event → next state, what is said. */
const HOW_TO_GET_THERE = {
	NO: [],
	YES: ["hear on"],
	WANTYES: ["want on"],
	"WANTYES OPPOSITE": ["want on", "want off"],
	WANTNO: ["hear on", "want off"],
	"WANTNO OPPOSITE": ["hear on", "want off", "want on"],
};

const RFC_1143 = [
	["NO", "hear on", "YES", "on"],
	["NO", "hear unwanted", "NO", "off"],
	["NO", "hear off", "NO", ""],
	["NO", "want on", "WANTYES", "on"],
	["NO", "want off", "NO", ""],
	["YES", "hear on", "YES", ""],
	["YES", "hear off", "NO", "off"],
	["YES", "want on", "YES", ""],
	["YES", "want off", "WANTNO", "off"],
	["WANTNO", "hear on", "NO", ""],
	["WANTNO", "hear off", "NO", ""],
	["WANTNO", "want on", "WANTNO OPPOSITE", ""],
	["WANTNO", "want off", "WANTNO", ""],
	["WANTNO OPPOSITE", "hear on", "YES", ""],
	["WANTNO OPPOSITE", "hear off", "WANTYES", "on"],
	["WANTNO OPPOSITE", "want on", "WANTNO OPPOSITE", ""],
	["WANTNO OPPOSITE", "want off", "WANTNO", ""],
	["WANTYES", "hear on", "YES", ""],
	["WANTYES", "hear off", "NO", ""],
	["WANTYES", "want on", "WANTYES", ""],
	["WANTYES", "want off", "WANTYES OPPOSITE", ""],
	["WANTYES OPPOSITE", "hear on", "WANTNO", "off"],
	["WANTYES OPPOSITE", "hear off", "NO", ""],
	["WANTYES OPPOSITE", "want on", "WANTYES", ""],
	["WANTYES OPPOSITE", "want off", "WANTYES OPPOSITE", ""],
];

const SIDES = {
	them: { hear: { on: WILL, off: WONT }, say: { [DO]: "on", [DONT]: "off" } },
	us: { hear: { on: DO, off: DONT }, say: { [WILL]: "on", [WONT]: "off" } },
};

/* Everything one side says to a list of events, and whether the option is on after each. */
function play(side, events) {
	let said = "";
	let accepts = true;
	const steps = [];
	const agreement = new Agreement({
		send: (verb) => {
			said += SIDES[side].say[verb];
		},
		accepts: () => accepts,
		changed: () => {},
	});
	for (const event of events) {
		said = "";
		accepts = event !== "hear unwanted";
		const [what, how] = event.split(" ");
		if (what === "want") {
			agreement.want(side, 42, how === "on");
		} else {
			agreement.hear(SIDES[side].hear[how === "off" ? "off" : "on"], 42);
		}
		steps.push(`${said}/${agreement.on(side, 42)}`);
	}
	return steps;
}

/* States cannot be seen, but they answer differently. */
const PROBES = ["hear on", "hear off", "want on", "want off"].flatMap((first) => [
	[first],
	...["hear on", "hear off"].map((second) => [first, second]),
]);

describe("what is agreed on", () => {
	for (const side of ["us", "them"]) {
		it(`follows RFC 1143 in every state, on ${side === "us" ? "our" : "their"} side`, () => {
			for (const [state, event, next, said] of RFC_1143) {
				const events = [...HOW_TO_GET_THERE[state], event];
				const name = `${state}: ${event}`;
				assert.equal(play(side, events).at(-1), `${said}/${next === "YES"}`, name);
				for (const probe of PROBES) {
					assert.deepEqual(
						play(side, [...events, ...probe]).slice(-probe.length),
						play(side, [...HOW_TO_GET_THERE[next], ...probe]).slice(-probe.length),
						`${name}, then ${probe}`,
					);
				}
			}
		});
	}

	it("is the same on both sides when all has been said, whatever both want meanwhile", () => {
		let seed = 1;
		const random = (below) => {
			seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
			return (seed >>> 16) % below;
		};
		for (let round = 0; round < 200; round++) {
			const queues = [[], []];
			const ends = [0, 1].map(
				(me) =>
					new Agreement({
						send: (...message) => queues[1 - me].push(message),
						accepts: (_side, option) => option !== 3,
						changed: () => {},
					}),
			);
			let delivered = 0;
			const deliver = (to) => {
				const message = queues[to].shift();
				if (message) {
					delivered++;
					ends[to].hear(...message);
				}
			};
			for (let step = 0; step < 60; step++) {
				if (random(2)) {
					deliver(random(2));
				} else {
					const side = random(2) ? "us" : "them";
					ends[random(2)].want(side, random(4), random(2) === 1);
				}
			}
			while (queues[0].length + queues[1].length > 0) {
				assert.ok(delivered < 1000, "they are in a loop");
				deliver(queues[0].length > 0 ? 0 : 1);
			}
			for (let option = 0; option < 4; option++) {
				assert.equal(ends[0].on("us", option), ends[1].on("them", option));
				assert.equal(ends[0].on("them", option), ends[1].on("us", option));
			}
		}
	});

	it("is not asked about for ever by a peer that takes no for a question", () => {
		let said = 0;
		const agreement = new Agreement({
			send: () => said++,
			accepts: () => false,
			changed: () => {},
		});
		for (let i = 0; i < 1000; i++) {
			agreement.hear(DO, 39);
			agreement.hear(WILL, 39);
		}
		assert.equal(said, 2 * MOST_REFUSALS);
	});

	it("may be turned on and off as often as the peer likes", () => {
		const said = [];
		const agreement = new Agreement({
			send: (verb) => said.push(verb),
			accepts: () => true,
			changed: () => {},
		});
		for (let i = 0; i < 100; i++) {
			agreement.hear(WILL, 1);
			agreement.hear(WONT, 1);
		}
		assert.deepEqual(said, new Array(100).fill([DO, DONT]).flat());
	});
});

/* A Telnet with what it says kept: sent as bytes, text as one string. */
function telnet(size = { cols: 80, rows: 24 }) {
	const sent = [];
	const seen = { text: "", modes: 0 };
	const it = new Telnet(
		{
			send: (part) => sent.push(...part),
			text: (text) => {
				seen.text += text;
			},
			mode: () => seen.modes++,
		},
		size,
	);
	return {
		it,
		seen,
		sent: () => sent.splice(0),
		hear: (...parts) => it.receive(bytes(...parts)),
	};
}

const sub = (option, ...body) => [IAC, SB, option, ...body, IAC, SE];

describe("a server's wishes", () => {
	for (const [name, option, verb, answer] of [
		["ECHO by the server", 1, WILL, DO],
		["ECHO by us", 1, DO, WONT],
		["SGA by the server", 3, WILL, DO],
		["SGA by us", 3, DO, WILL],
		["BINARY by the server", 0, WILL, DO],
		["BINARY by us", 0, DO, WILL],
		["TTYPE by us", 24, DO, WILL],
		["TTYPE by the server", 24, WILL, DONT],
		["NAWS by the server", 31, WILL, DONT],
		["NEW-ENVIRON", 39, DO, WONT],
		["ENVIRON", 36, DO, WONT],
		["LINEMODE", 34, DO, WONT],
		["XDISPLOC", 35, DO, WONT],
		["TSPEED", 32, DO, WONT],
		["STATUS", 5, WILL, DONT],
		["AUTHENTICATION", 37, DO, WONT],
		["ENCRYPT", 38, WILL, DONT],
	]) {
		it(`${name} is ${[DO, WILL].includes(answer) ? "agreed to" : "refused"}`, () => {
			const { hear, sent } = telnet();
			hear([IAC, verb, option]);
			assert.deepEqual(sent(), [IAC, answer, option]);
			hear([IAC, verb, option]);
			assert.deepEqual(sent(), [DO, WILL].includes(answer) ? [] : [IAC, answer, option]);
		});
	}

	it("are refused, every other one", () => {
		const { hear, sent } = telnet();
		for (let option = 0; option < 256; option++) {
			if (!Object.values(OPTION).includes(option)) {
				hear([IAC, DO, option, IAC, WILL, option, IAC, DONT, option, IAC, WONT, option]);
				assert.deepEqual(sent(), [IAC, WONT, option, IAC, DONT, option]);
			}
		}
	});

	it("are nothing we begin with", () => {
		const { it: us, sent } = telnet();
		us.resize({ cols: 100, rows: 30 });
		assert.deepEqual(sent(), []);
	});
});

describe("the terminal type (RFC 1091)", () => {
	const type = (name) => [...sub(24, 0, ...Buffer.from(name))];

	it("goes through the list, says the last one twice, then starts anew", () => {
		const { hear, sent } = telnet();
		hear([IAC, DO, 24]);
		sent();
		for (const name of ["XTERM-256COLOR", "XTERM", "VT100", "VT100", "XTERM-256COLOR", "XTERM"]) {
			hear(sub(24, 1));
			assert.deepEqual(sent(), type(name));
		}
		hear([IAC, DONT, 24, IAC, DO, 24]);
		sent();
		hear(sub(24, 1));
		assert.deepEqual(sent(), type("XTERM-256COLOR"));
	});

	it("is not told unless it was agreed on, nor when something else is asked", () => {
		const { hear, sent } = telnet();
		hear(sub(24, 1));
		assert.deepEqual(sent(), []);
		hear([IAC, DO, 24]);
		sent();
		hear(sub(24, 0, 65), sub(24), sub(39, 1), sub(31, 1));
		assert.deepEqual(sent(), []);
	});
});

describe("the window's size (RFC 1073)", () => {
	it("is told when it is agreed on and whenever it changes", () => {
		const { it: us, hear, sent } = telnet({ cols: 80, rows: 24 });
		hear([IAC, DO, 31]);
		assert.deepEqual(sent(), [IAC, WILL, 31, ...sub(31, 0, 80, 0, 24)]);
		us.resize({ cols: 300, rows: 50 });
		assert.deepEqual(sent(), sub(31, 1, 44, 0, 50));
	});

	it("has its 255s doubled", () => {
		const { it: us, hear, sent } = telnet();
		hear([IAC, DO, 31]);
		sent();
		us.resize({ cols: 255, rows: 65535 });
		assert.deepEqual(sent(), sub(31, 0, 255, 255, 255, 255, 255, 255));
	});

	it("is not told after it was declined", () => {
		const { it: us, hear, sent } = telnet();
		hear([IAC, DO, 31, IAC, DONT, 31]);
		sent();
		us.resize({ cols: 90, rows: 30 });
		assert.deepEqual(sent(), []);
	});
});

describe("text from the server", () => {
	it("is UTF-8, wherever it is cut", () => {
		const words = "grüße ✓ 世界 😀 \u0000\r\n";
		for (const pieces of cuts(bytes(words))) {
			const { it: us, seen } = telnet();
			pieces.forEach((piece) => us.receive(piece));
			assert.equal(seen.text, words);
		}
	});

	it("may begin with what other programs take for a mark", () => {
		const { hear, seen } = telnet();
		hear("\ufeffa");
		assert.equal(seen.text, "\ufeffa");
	});

	it("stays whole when a command stands within a character", () => {
		const { hear, seen } = telnet();
		hear([0xe2, 0x9c], [IAC, WILL, 1], [0x93]);
		assert.equal(seen.text, "✓");
	});

	it("may hold what is no UTF-8", () => {
		const { hear, seen } = telnet();
		hear("a", [0xe4, IAC, IAC], "b");
		assert.equal(seen.text, "a\ufffd\ufffdb");
	});

	it("has CR NUL for CR, wherever it is cut, unless it is binary", () => {
		for (const pieces of cuts(bytes("a\r\0b\r\nc\0\r\r\0"))) {
			const { it: us, seen } = telnet();
			pieces.forEach((piece) => us.receive(piece));
			assert.equal(seen.text, "a\rb\r\nc\0\r\r");
		}
		const { hear, seen } = telnet();
		hear([IAC, WILL, 0], "a\r\0b");
		assert.equal(seen.text, "a\r\0b");
		hear([IAC, WONT, 0], "\r\0c");
		assert.equal(seen.text, "a\r\0b\rc");
		hear("\r", [IAC, WILL, 0], "d", [IAC, WONT, 0], "\0");
		assert.equal(seen.text, "a\r\0b\rc\rd\0");
	});
});

describe("what is typed", () => {
	it("has CR as CR NUL for a telnet server, as CR in binary", () => {
		const { it: us, hear, sent } = telnet();
		hear([IAC, WILL, 1, IAC, WILL, 3]);
		sent();
		us.type("ls\r");
		assert.deepEqual(sent(), [...Buffer.from("ls\r\0")]);
		hear([IAC, DO, 0]);
		sent();
		us.type("ls\r");
		assert.deepEqual(sent(), [...Buffer.from("ls\r")]);
		hear([IAC, DONT, 0]);
		sent();
		us.type("\r");
		assert.deepEqual(sent(), [13, 0]);
	});

	it("is UTF-8 with 255 doubled", () => {
		const { it: us, sent } = telnet();
		us.type("ä✓");
		assert.deepEqual(sent(), [...Buffer.from("ä✓")]);
		us.typeBytes(Uint8Array.of(27, 255, 32));
		assert.deepEqual(sent(), [27, 255, 255, 32]);
	});

	it("ends in CR LF when it is a line", () => {
		const { it: us, sent } = telnet();
		us.line("größe");
		assert.deepEqual(sent(), [...Buffer.from("größe\r\n")]);
	});

	it("may be a command, for who speaks telnet", () => {
		const { it: us, hear, sent } = telnet();
		assert.equal(us.command("interrupt"), false);
		assert.deepEqual(sent(), []);
		hear([IAC, WILL, 5]);
		sent();
		assert.equal(us.command("interrupt"), true);
		assert.equal(us.command("break"), true);
		assert.deepEqual(sent(), [IAC, 244, IAC, 243]);
	});
});

describe("who echoes, and when things are sent (RFC 857, 858)", () => {
	it("is lines, shown here, until the server says otherwise", () => {
		const { it: us, hear, seen } = telnet();
		const mode = () => `${us.echo ? "echo" : "no echo"}, ${us.byLine ? "lines" : "characters"}`;
		assert.equal(mode(), "no echo, lines");
		assert.equal(us.spoken, false);
		hear([IAC, WILL, 3]);
		assert.equal(mode(), "no echo, lines");
		assert.equal(us.spoken, true);
		const before = seen.modes;
		hear([IAC, WILL, 1]);
		assert.equal(mode(), "echo, characters");
		assert.equal(seen.modes, before + 1);
		hear([IAC, WONT, 3]);
		assert.equal(mode(), "echo, lines");
		assert.equal(seen.modes, before + 2);
		hear([IAC, WONT, 1]);
		assert.equal(mode(), "no echo, lines");
	});
});
