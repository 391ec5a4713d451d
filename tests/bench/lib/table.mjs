/* The result as a Markdown table that can also be read as it stands. */

export function median(values) {
	const sorted = [...values].sort((a, b) => a - b);
	const half = sorted.length >> 1;
	return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/* "median [least–most]". */
export function cell(values, digits) {
	if (!values?.length)
		return "–";
	const show = (n) => n.toFixed(digits);
	return `${show(median(values))} [${show(Math.min(...values))}–${show(Math.max(...values))}]`;
}

/* Round by round, so that what slows the whole machine for a while slows both. */
export function ratios(values, base) {
	return Array.from({ length: Math.min(values?.length ?? 0, base?.length ?? 0) }, (_, i) => values[i] / base[i]);
}

function targetCell({ target, absolute, unit }, values, ratio) {
	if (!target)
		return "";
	const of = absolute ? values : ratio;
	const text = absolute ? `≤ ${target} ${unit.split(" ")[0]}` : `≤ ${target.toFixed(2)}`;
	return of?.length ? `${text} ${median(of) <= target ? "met" : "missed"}` : text;
}

/* rows of cells, the first being the head; columns but the first are aligned to the right. */
function markdown(rows) {
	const widths = rows[0].map((_, i) => Math.max(3, ...rows.map((row) => row[i].length)));
	const line = (row) => `| ${row.map((text, i) => (i ? text.padStart(widths[i]) : text.padEnd(widths[i]))).join(" | ")} |`;
	const rule = `| ${widths.map((n, i) => (i ? `${"-".repeat(n - 1)}:` : "-".repeat(n))).join(" | ")} |`;
	return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

/* values: {metric: {peer name: [one a round]}}. The ratio is the first peer's to haproxy's. */
export function table(metrics, peers, values) {
	const base = peers.some((peer) => peer.name === "haproxy");
	const [first] = peers;
	const rows = [["", "unit", ...peers.map((peer) => peer.name), ...(base ? ["ratio to haproxy"] : []), "target"]];
	for (const [name, metric] of Object.entries(metrics)) {
		const of = values[name];
		if (!of)
			continue;
		const ratio = ratios(of[first.name], of.haproxy);
		rows.push([metric.title, metric.unit, ...peers.map((peer) => cell(of[peer.name], metric.digits)),
			...(base ? [first.name === "haproxy" ? "" : cell(ratio, 2)] : []),
			first.name === "websplice" ? targetCell(metric, of[first.name], ratio) : ""]);
	}
	return markdown(rows);
}
