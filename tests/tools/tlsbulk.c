/* tlsbulk [SECONDS]: what the TLS library that we are linked with costs, without any network: two ends
 * in memory, one thread. A table on standard output, one suite a line: bytes sealed and opened per
 * second of CPU time in full records (record layer and copies included), and handshakes. SECONDS
 * (0.5) is for each number.
 *
 * To compare: make build/release/tools/tlsbulk, and the same with MBEDTLS=system BUILD=build/system.
 */
#include "crypt/engine.h"
#include "fake/tls_duo.h"

#include <malloc.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FULL = 16384, BATCH = 32 };

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Both ends of one direction, apart: bytes per second into rates[0] and rates[1]. */
static int bulk(struct tls_duo *d, double seconds, double rates[2])
{
	static uint8_t text[FULL * BATCH];
	double spent[2] = {0, 0}, bytes = 0;
	int full = mbedtls_ssl_get_max_out_record_payload(&d->server.ssl), ret = 0;
	size_t n = (size_t)full * BATCH;

	while (ret == 0 && spent[0] + spent[1] < 2 * seconds) {
		double from = cpu_seconds(), half;

		ret = tls_duo_write(&d->server, text, n);
		half = cpu_seconds();
		ret = ret ? ret : tls_duo_read(&d->client, text, n);
		spent[0] += half - from;
		spent[1] += cpu_seconds() - half;
		bytes += (double)n;
	}
	rates[0] = bytes / spent[0];
	rates[1] = bytes / spent[1];
	return ret;
}

/* Whole handshakes per second: both sides' work. */
static int handshakes(struct tls_duo *d, double seconds, double *rate)
{
	double from = cpu_seconds();
	unsigned n = 0;
	int ret = 0;

	while (ret == 0 && cpu_seconds() - from < seconds) {
		ret = tls_duo_connect(d);
		tls_duo_close(d);
		n++;
	}
	*rate = n / (cpu_seconds() - from);
	return ret;
}

static int measure(int suite, uint16_t group, double seconds)
{
	struct tls_duo d;
	double rates[2] = {0, 0}, shakes = 0;
	size_t before = 0, after = 0;
	int ret = tls_duo_init(&d, suite, group);

	ret = ret ? ret : handshakes(&d, seconds, &shakes);
	if (ret == 0) {
		before = mallinfo2().uordblks;
		ret = tls_duo_connect(&d);
		after = mallinfo2().uordblks;
		ret = ret ? ret : bulk(&d, seconds, rates);
		tls_duo_close(&d);
	}
	tls_duo_done(&d);
	if (ret != 0) {
		fprintf(stderr, "tlsbulk: %s: error -0x%04x\n",
		        mbedtls_ssl_get_ciphersuite_name(suite), (unsigned)-ret);
		return 1;
	}
	printf("%-48s %-7s %9.0f %9.0f %9.0f %9zu\n", mbedtls_ssl_get_ciphersuite_name(suite),
	       group == MBEDTLS_SSL_IANA_TLS_GROUP_X25519 ? "X25519" : "P-256", rates[0] / 1e6,
	       rates[1] / 1e6, shakes, (after - before) / 2);
	return 0;
}

int main(int argc, char **argv)
{
	static const int suites[] = {
		MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
		MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
		MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	};
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
	char engine[ENGINE_TEXT];
	int failed = 0;

	if (argc > 2 || !(seconds > 0 && seconds <= 60)) {
		fprintf(stderr, "usage: tlsbulk [SECONDS]\n");
		return 2;
	}
	printf("Mbed TLS%s\n%-48s %-7s %9s %9s %9s %9s\n", engine_text(engine), "suite", "group",
	       "seal MB/s", "open MB/s", "shakes/s", "bytes/end");
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
		failed |= measure(suites[i], MBEDTLS_SSL_IANA_TLS_GROUP_X25519, seconds);
	failed |= measure(suites[0], MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, seconds);
	return failed;
}
