/* announce: see the header. */
#include "announce.h"

#include "app/traffic.h"

#include <stdio.h>
#include <string.h>

static void announce_tls(struct log *log, const struct options *o, const struct site *site,
                         const char *at)
{
	const char *port = strrchr(at, ':');
	char url[TARGET_HOST + 32];

	if (o->tls.old_version)
		log_event(log, LOG_WARN, "TLS 1.1 is not built in: clients need 1.2 or later",
		          LOG_TEXT("option", "--ssl-version=tlsv1_1"));
	if (!site->tls || o->unix_listen || !port)
		return;
	const char *host = o->listen_host ? o->listen_host : "localhost";
	snprintf(url, sizeof url, strchr(host, ':') ? "https://[%s]%s/" : "https://%s%s/", host,
	         port);
	log_event(log, LOG_INFO, "TLS is on", LOG_TEXT("url", url),
	          LOG_TEXT("plain", o->tls.only ? "refused" : "accepted"));
}

void announce(struct log *log, const struct options *o, const struct site *site, const char *at,
              unsigned workers)
{
	if (o->traffic) {
		fputs(traffic_legend(), stdout);
		fflush(stdout);
	}
	log_event(log, LOG_INFO, "listening", LOG_TEXT("address", at),
	          LOG_TEXT("backend", site->target_name), LOG_TEXT("web", o->web ? o->web : "off"),
	          LOG_NUM("workers", workers));
	announce_tls(log, o, site, at);
}
