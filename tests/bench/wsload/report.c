/* The result: one line of JSON on standard output. Its names are what readers rely on. */
#include "load.h"

#include <stdio.h>

static void put_number(const char *name, uint64_t n)
{
	printf(",\"%s\":%llu", name, (unsigned long long)n);
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static void put_hist(const char *name, const struct hist *h)
{
	printf(",\"%s\":{\"n\":%llu,\"mean\":%.2f,\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,"
	       "\"p999\":%.2f,\"max\":%.2f}",
	       name, (unsigned long long)h->n, hist_mean_us(h), hist_percentile_us(h, 50),
	       hist_percentile_us(h, 90), hist_percentile_us(h, 99), hist_percentile_us(h, 99.9),
	       (double)h->max / 1e3);
}

static double per_second(const struct load *w, double n)
{
	return w->window_s > 0 ? n / w->window_s : 0;
}

static void put_streams(const struct load *w)
{
	uint64_t bytes = (w->o.mode != MODE_UP ? w->rx_payload : 0) +
	                 (w->o.mode != MODE_DOWN ? w->tx_payload : 0);
	put_number("bytes", bytes);
	printf(",\"MBps\":%.2f", per_second(w, (double)bytes) / 1e6);
	if (w->o.burst)
		put_hist("burst_us", &w->burst_time);
}

static void put_mode(const struct load *w)
{
	double rate = per_second(w, (double)w->messages);
	switch (w->o.mode) {
	case MODE_ECHO:
		put_number("msgs", w->messages);
		printf(",\"rate\":%.1f,\"msgsize\":%llu,\"open_loop_rate\":%.1f", rate,
		       (unsigned long long)w->o.message, w->o.rate);
		put_hist("rtt_us", &w->rtt);
		break;
	case MODE_CHURN:
		put_number("sessions", w->messages);
		printf(",\"rate\":%.1f", rate);
		put_hist("ready_us", &w->ready_time);
		put_hist("session_us", &w->session_time);
		break;
	case MODE_IDLE:
		put_number("held", w->messages);
		put_number("closed_early", w->closed_early);
		break;
	default: put_streams(w); break;
	}
}

static void put_tls(const struct load *w)
{
	printf(",\"tls_version\":\"%s\",\"tls_cipher\":\"%s\",\"tls_group\":\"%s\"", w->tls_version,
	       w->tls_cipher, w->tls_group);
	put_number("handshakes", w->handshakes);
	put_number("resumed", w->resumed);
}

static void put_counts(const struct load *w)
{
	put_number("rx_payload", w->rx_payload);
	put_number("tx_payload", w->tx_payload);
	printf(",\"client_cpu_s\":%.4f", w->cpu_s);
	put_number("frames_rx", w->frames);
	put_number("max_frame_rx", w->max_frame);
	put_number("frags_rx", w->fragments);
	put_number("pings_rx", w->pings);
	put_number("closes_rx", w->closes);
	put_number("text_rx", w->texts);
	put_number("noeof", w->no_eof);
	put_number("resets", w->resets);
	printf(",\"subprotocol\":\"%s\"", w->no_protocol ? "(none)" : w->protocol);
}

void report_print(const struct load *w)
{
	printf("{\"mode\":\"%s\",\"raw\":%s,\"tls\":%s", mode_name(w->o.mode), truth(w->o.raw),
	       truth(w->o.tls));
	put_number("conns", w->o.conns);
	put_number("errors", w->errors);
	printf(",\"first_error\":\"%s\",\"timed_out\":%s", w->first_error, truth(w->timed_out));
	printf(",\"window_s\":%.6f,\"setup_s\":%.6f", w->window_s, w->setup_s);
	put_counts(w);
	if (w->o.tls)
		put_tls(w);
	put_mode(w);
	puts("}");
}
