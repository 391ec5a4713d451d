/* site: its reference count. app/site builds it. */
#include "relay/site.h"

#include "crypt/tls_site.h"

#include <stdlib.h>

struct site *site_ref(struct site *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void site_unref(struct site *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return;
	files_unref(s->files);
	tls_site_unref(s->tls);
	tls_site_unref(s->backend_tls);
	free(s);
}
