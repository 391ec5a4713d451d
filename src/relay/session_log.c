/* session_log: what the log is told of a session, and how loud. */
#include "session_priv.h"

#include "base/str.h"
#include "link/tls_link.h"
#include "wire/url.h"

#include <stdio.h>

void log_opened(struct client *c)
{
	char peer[ADDR_TEXT];

	if (!log_wants(c->env->log, LOG_INFO))
		return;
	log_event(c->env->log, LOG_INFO, "session started",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("backend", c->site->target_name));
}

void log_ended(struct client *c, const struct why *why)
{
	char peer[ADDR_TEXT], seconds[32];
	uint64_t ms = c->env->timers->now - c->since;
	struct str s;

	if (!log_wants(c->env->log, LOG_INFO))
		return;
	str_init(&s, seconds, sizeof seconds);
	str_put_number(&s, ms / 1000);
	str_putc(&s, '.');
	str_put_number(&s, ms / 100 % 10);
	str_put_number(&s, ms / 10 % 10);
	str_put_number(&s, ms % 10);
	log_event(c->env->log, LOG_INFO, "session ended",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("backend", c->site->target_name), LOG_NUM("up", c->splice.client.bytes),
	          LOG_NUM("down", c->splice.backend.bytes), LOG_TEXT("seconds", seconds),
	          LOG_TEXT("layer", why_layer_name(why->layer)), LOG_TEXT("reason", why->text));
}

void log_refused(struct client *c, unsigned status, const char *text)
{
	char peer[ADDR_TEXT];
	enum log_level level =
		c->full ? LOG_DEBUG : LOG_WARN; /* the worker says it for all of them */

	if (!log_wants(c->env->log, level))
		return;
	log_event(c->env->log, level, "session refused",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("backend", c->site->target_name), LOG_NUM("status", status),
	          LOG_TEXT("reason", text));
}

/* Tokens may stand in the query, so only the path is logged. */
void log_answered(struct client *c, unsigned status, const char *text)
{
	char peer[ADDR_TEXT], method[16], path[256];
	struct span path_span, query;
	enum log_level level = status >= 400 && !c->full ? LOG_INFO : LOG_DEBUG;
	const struct front *f = &c->front;

	if (!log_wants(c->env->log, level))
		return;
	url_split(f->target, &path_span, &query);
	snprintf(method, sizeof method, "%.*s", (int)f->method.len, (const char *)f->method.at);
	snprintf(path, sizeof path, "%.*s", (int)path_span.len, (const char *)path_span.at);
	log_event(c->env->log, level, status >= 400 ? "request refused" : "request answered",
	          LOG_TEXT("client", addr_text(&c->peer, peer)), LOG_NUM("status", status),
	          LOG_TEXT("method", method), LOG_TEXT("path", path),
	          LOG_TEXT("reason", text ? text : ""));
}

/* A connection that never became a session: health checks and port scans are not news, but why TLS
 * does not work is. */
void log_over(struct client *c, const struct why *why)
{
	char peer[ADDR_TEXT];
	bool tls = why->layer == WHY_TLS;
	enum log_level level = tls ? LOG_INFO : LOG_DEBUG;

	if (!log_wants(c->env->log, level))
		return;
	log_event(c->env->log, level, tls ? "TLS failed" : "connection ended",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("layer", why_layer_name(why->layer)), LOG_TEXT("reason", why->text));
}

/* Who it is matters more than how. */
void log_secure(struct client *c)
{
	const struct tls_identity *id = session_identity(&c->session);
	const struct tls *tls = tls_link_tls(c->tls);
	enum log_level level = id ? LOG_INFO : LOG_DEBUG;
	char peer[ADDR_TEXT];

	if (!log_wants(c->env->log, level))
		return;
	log_event(c->env->log, level, "TLS established",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("version", tls_version_name(tls)),
	          LOG_TEXT("suite", tls_suite_used(tls)),
	          LOG_TEXT("certificate", id ? id->subject : ""));
}
