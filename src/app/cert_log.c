/* cert_log: see the header. */
#include "cert_log.h"

#include "app/tls_build.h"

#include <time.h>

enum { DATE = 32 };

static const char *date(char out[DATE], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, DATE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*out = 0;
	return out;
}

static void warn(struct log *log, const char *event, const char *file, const char *subject,
                 int64_t at)
{
	char when[DATE];

	log_event(log, LOG_WARN, event, LOG_TEXT("file", file), LOG_TEXT("subject", subject),
	          LOG_TEXT("date", date(when, at)));
}

static bool warn_of(struct log *log, const struct tls_cert *c)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec < c->not_before)
		warn(log, "a certificate is not good yet", c->name, c->subject, c->not_before);
	if (now.tv_sec >= c->ends)
		warn(log, "a certificate has expired", c->name, c->ends_subject, c->ends);
	else if (c->ends - now.tv_sec < TLS_BUILD_SOON_S)
		warn(log, "a certificate expires soon", c->name, c->ends_subject, c->ends);
	else
		return now.tv_sec < c->not_before;
	return true;
}

static bool ends_of(struct log *log, const struct tls_site *site)
{
	bool any = false;

	for (size_t i = 0; site && i < tls_site_certs(site); i++) {
		struct tls_cert c;
		tls_site_cert(site, i, &c);
		any |= warn_of(log, &c);
	}
	return any;
}

bool cert_log_ends(struct log *log, const struct site *site)
{
	bool ours = ends_of(log, site->tls);

	return ends_of(log, site->backend_tls) || ours;
}

static void tell_of(struct log *log, const struct tls_site *site, const char *towards)
{
	for (size_t i = 0; site && i < tls_site_certs(site); i++) {
		struct tls_cert c;
		char until[DATE];

		tls_site_cert(site, i, &c);
		log_event(log, LOG_INFO, "certificate", LOG_TEXT("for", towards),
		          LOG_TEXT("file", c.name), LOG_TEXT("subject", c.subject),
		          LOG_TEXT("key", c.key), LOG_TEXT("until", date(until, c.not_after)),
		          LOG_TEXT("sha256", c.fingerprint));
	}
}

void cert_log_all(struct log *log, const struct site *site)
{
	tell_of(log, site->tls, "clients");
	tell_of(log, site->backend_tls, "backend");
	cert_log_ends(log, site);
}
