/* variants: asan */
/* Numbers of processes: a stranger never gets the signals that are meant for the command, whatever
 * number it has; and websplice as the init of a container. Both in PID namespaces, where a number can
 * be asked for; where this user may not make any, the tests are skipped and say so.
 */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folder } from "./lib/backends.mjs";
import { proc, run } from "./lib/proc.mjs";
import { BIN } from "./lib/server.mjs";
import { sanitizer } from "./lib/shim.mjs";
import { until } from "./lib/wait.mjs";

const UNSHARE = ["unshare", process.getuid() === 0 ? "-pf" : "-rpf", "--mount-proc", "--kill-child"];

/* Why not, or false. */
const { code, err } = await run([...UNSHARE, "sh", "-c", "echo 1000 >/proc/sys/kernel/ns_last_pid"]);
const skip = code !== 0 && `no PID namespaces with numbers to choose for this user here: ${err.trim()}`;

/* As the init of a namespace: $log is what websplice says, $w its number and $pid the command's. After
 * `stranger` $s is that of a process that is none of ours, of a group of its own, and of the command's
 * number if that is to be had. */
const SCRIPT = `
	says() { until grep -q "$1" "$log"; do sleep 0.02; done; }
	websplice() {
		"$bin" --wrap-mode=ignore --unix-target=/nonexistent 127.0.0.1:0 -- "$@" 2>"$log" &
		w=$!
		says 'command ended'
		pid=$(sed -n 's/.*command started.* pid=\\([0-9]*\\).*/\\1/p' "$log")
	}
	stranger() {
		echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
		setsid sleep 300 &
		s=$!
		until [ "$(cut -d' ' -f5 /proc/$s/stat)" = $s ]; do sleep 0.02; done
	}
	ends() {
		kill -TERM $w
		wait $w
		echo "websplice: $?"
		kill -0 $s && echo "the stranger lives"
		kill -KILL $s
	}
`;

async function inNamespace(t, script) {
	const env = { ...sanitizer, bin: BIN, log: path.join(folder(t), "log") };
	const { code, out, err } = await run([...UNSHARE, "sh", "-c", SCRIPT + script], { env });
	assert.equal(code, 0, out + err);
	return out;
}

describe("a stranger with the number of the command", { skip }, () => {
	test("is left alone when the command has ended", async (t) => {
		const out = await inNamespace(t, "websplice sh -c 'exit 0'; stranger; [ $s = $pid ] && echo 'the number is taken'; ends");
		assert.equal(out, "the number is taken\nwebsplice: 0\nthe stranger lives\n");
	});

	test("is none when the rest of its group ends later", async (t) => {
		const out = await inNamespace(t, `
			websplice sh -c 'sleep 300 & echo kid$!'
			says 'text=kid'
			kid=$(sed -n 's/.*text=kid\\([0-9]*\\).*/\\1/p' "$log")
			kill -KILL $kid
			while [ -e /proc/$kid ]; do sleep 0.02; done
			stranger
			ends`);
		assert.equal(out, "websplice: 0\nthe stranger lives\n");
	});
});

describe("as the init of a container", { skip }, () => {
	const init = (t, options, script) => proc(t, [...UNSHARE, BIN, ...options, "--unix-target=/nonexistent", "127.0.0.1:0", "--", "sh", "-c", script],
		{ env: sanitizer });

	test("what it starts again does not wait for what nobody else could bury", async (t) => {
		const p = init(t, ["--wrap-mode=respawn", "--wrap-stop-timeout=600"], "sleep 300 & exit 1");
		await until(() => `it is started again:\n${p.err}`, () => p.err.match(/command started/g)?.length > 1);
	});

	test("orphans of the command are buried while it runs, and its own end is known", async (t) => {
		const p = init(t, [], `
			for i in 1 2 3 4 5 6 7 8; do sh -c 'sleep 0 &'; done
			while grep -qs '^State:.Z' /proc/[0-9]*/status; do sleep 0.02; done
			exit 7`);
		await until(() => `it ends:\n${p.err}`, () => p.ended);
		assert.equal(p.code, 7, p.err);
		assert.match(p.err, /command ended .*exit code 7/);
	});

	test("without a command what becomes ours is buried, too", async (t) => {
		const fifo = path.join(folder(t), "fifo");
		const p = proc(t, [...UNSHARE, "sh", "-c", 'mkfifo "$fifo"; cat "$fifo" & exec "$bin" --unix-target=/nonexistent 127.0.0.1:0'],
			{ env: { ...sanitizer, bin: BIN, fifo } });
		const cat = () => readdirSync("/proc").find((pid) => {
			try {
				return readFileSync(`/proc/${pid}/cmdline`, "utf8") === `cat\0${fifo}\0`;
			} catch {
				return false;
			}
		});
		await until(() => `it is ready:\n${p.err}`, () => p.err.includes("listening"));
		const pid = await until("cat runs", cat);
		writeFileSync(fifo, "");
		await until(() => `cat is gone: ${readFileSync(`/proc/${pid}/status`)}`, () => !existsSync(`/proc/${pid}`));
	});
});
