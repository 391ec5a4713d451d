/* Two hosts and a cable, made of network namespaces: `inside` is where a program runs, `outside` is
 * somebody else on its network. They are gone when the test is over. Nothing of the machine's own
 * network is touched.
 */

import { readFileSync, readlinkSync } from "node:fs";
import { Proc, run } from "./proc.mjs";
import { later, until } from "./wait.mjs";

export const INSIDE = { ipv4: "10.219.0.1", ipv6: "fd00:219::1" };
const OUTSIDE = { ipv4: "10.219.0.2", ipv6: "fd00:219::2" };

const isRoot = process.getuid() === 0;

class Host {
	/* `by` is the host whose user namespace it shares, when we are not root. */
	constructor(by) {
		const unshare = ["unshare", isRoot || by ? "-n" : "-rn", "cat"];
		this.holder = new Proc(by ? by.argv(unshare) : unshare);
		this.user = !isRoot;
	}

	async up() {
		const own = readlinkSync("/proc/self/ns/net");
		await until("a network namespace", () => this.holder.ended
			|| (readlinkSync(`/proc/${this.holder.pid}/ns/net`) !== own
				&& readFileSync(`/proc/${this.holder.pid}/comm`, "utf8") === "cat\n"));
		return !this.holder.ended;
	}

	/* A command line that runs argv there. */
	argv(argv) {
		const user = this.user ? ["--preserve-credentials", "-U"] : [];
		return ["nsenter", ...user, "-n", "-t", String(this.holder.pid), "--", ...argv];
	}

	async run(argv, options) {
		return run(this.argv(argv), options);
	}

	/* Where TCP sockets listen: ["127.0.0.1 5901", …], sorted. */
	listening() {
		return ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/${this.holder.pid}/net/${table}`, "utf8")
			.split("\n").slice(1).map((line) => line.trim().split(/\s+/)).filter((fields) => fields[3] === "0A")
			.map((fields) => decode(fields[1]))).sort();
	}
}

/* The kernel prints addresses as 32-bit words in its own byte order. */
function decode(text) {
	const [host, port] = text.toLowerCase().split(":");
	const bytes = host.match(/.{8}/g).flatMap((word) => word.match(/../g).reverse()).join("");
	let name = bytes.match(/../g).map((byte) => parseInt(byte, 16)).join(".");
	if (bytes.length === 32) {
		const mapped = /^0{20}ffff(.{8})$/.exec(bytes);
		name = mapped ? `::ffff:${mapped[1].match(/../g).map((byte) => parseInt(byte, 16)).join(".")}`
			: new URL(`http://[${bytes.match(/.{4}/g).join(":")}]`).hostname.slice(1, -1);
	}
	return `${name} ${parseInt(port, 16)}`;
}

const wire = (peer) => `
	ip link set lo up
	ip link add cable type veth peer name cable netns ${peer}
`;
const address = ({ ipv4, ipv6 }) => `
	ip link set lo up
	ip addr add ${ipv4}/24 dev cable
	ip -6 addr add ${ipv6}/64 dev cable nodad
	ip link set cable up
`;

/* {inside, outside}, or null where namespaces cannot be made; says so in the test's report. */
export async function network(t) {
	const inside = new Host();
	later(t, () => inside.holder.stop());
	if (!await inside.up()) {
		t.skip(`no network namespaces for this user here: ${inside.holder.err.trim()}`);
		return null;
	}
	const outside = new Host(inside);
	later(t, () => outside.holder.stop());
	await outside.up();
	for (const [host, script] of [[inside, wire(outside.holder.pid)], [inside, address(INSIDE)], [outside, address(OUTSIDE)]]) {
		const { code, err } = await host.run(["sh", "-ec", script]);
		if (code !== 0)
			throw new Error(`the cable between the namespaces: ${err}`);
	}
	/* both ends have seen that the other is up */
	await until("the cable carries", async () => (await outside.run(["ip", "-br", "link", "show", "cable"])).out.includes("UP "));
	return { inside, outside };
}
