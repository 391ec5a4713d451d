/* A site is everybody's: workers shake hands with the same certificates, keys and tickets at the same
 * time, take and drop references, and a reload comes in between. For ThreadSanitizer above all.
 */
#include "unit.h"

#include "../fake/tls_two.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, TIMES = 12 };

struct work {
	struct tls_site *_Atomic *current; /* what a worker takes for its next connection */
	struct tls_site *client;
	pthread_mutex_t *lock;
	unsigned ready;
};

static struct tls_site *take(struct work *w)
{
	pthread_mutex_lock(w->lock);
	struct tls_site *s = tls_site_ref(*w->current);
	pthread_mutex_unlock(w->lock);
	return s;
}

static void *run(void *arg)
{
	struct work *w = arg;

	for (int i = 0; i < TIMES; i++) {
		struct tls_site *s = take(w);
		struct tls_two t;
		tls_two_shake(&t, s, w->client, i % 2 ? "one" : "two");
		tls_site_unref(s); /* the connection has its own */
		w->ready += t.server_is == TLS_READY && t.client_is == TLS_READY;
		tls_two_done(&t);
	}
	return NULL;
}

static void test_shared(void **state)
{
	struct cert ca, ec, rsa;
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct tls_site *_Atomic current;
	struct work work[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	cert_make(&ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&ec, &(struct cert_spec){.cn = "ec", .dns = {"one"}, .issuer = &ca});
	cert_make(&rsa,
	          &(struct cert_spec){.cn = "rsa", .dns = {"two"}, .issuer = &ca, .rsa = true});
	struct tls_pair pairs[2] = {cert_pair(&ec), cert_pair(&rsa)};
	struct tls_setup setup = {.pairs = pairs, .pairs_n = 2};
	struct tls_site *client = site_trusting(&ca, NULL);
	current = site_new(&setup);
	for (int i = 0; i < THREADS; i++) {
		work[i] = (struct work){&current, client, &lock, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, run, &work[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		struct tls_site *next = site_new(&setup), *old;
		pthread_mutex_lock(&lock);
		old = current;
		current = next;
		pthread_mutex_unlock(&lock);
		tls_site_unref(old);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(work[i].ready, TIMES);
	}
	tls_site_unref(current);
	tls_site_unref(client);
	cert_free(&ca);
	cert_free(&ec);
	cert_free(&rsa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_shared)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
