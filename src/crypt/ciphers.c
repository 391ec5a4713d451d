/* ciphers: see the header. Suites are dealt with as places in ciphers_table. */
#include "crypt/ciphers.h"

#include "base/str.h"
#include "ciphers_priv.h"

#include <errno.h>

enum { PLACES = CIPHERS_MAX };

struct choice {
	const int *all, *normal;
	uint8_t order[PLACES]; /* TLS 1.2 and before, what is in, in order */
	size_t n;
	uint8_t order13[PLACES]; /* of TLS 1.3, what was named */
	size_t n13;
	bool killed[PLACES];
	char *err;
	struct span nothing; /* the first entry that stood for nothing */
};

static bool has_id(const int *ids, int id)
{
	while (*ids && *ids != id)
		ids++;
	return *ids == id;
}

static bool is_13(size_t place)
{
	return ciphers_table[place].traits & MIN_TLS13;
}

/* --- names ---------------------------------------------------------------------------------- */

static int fold(int c)
{
	if (c == '_')
		return '-';
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static bool same_name(struct span s, const char *name)
{
	for (size_t i = 0; i < s.len; i++)
		if (!name[i] || fold(s.at[i]) != fold(name[i]))
			return false;
	return name[s.len] == 0;
}

/* Mbed TLS's names are IANA's with dashes, and "TLS1-3-" for "TLS_" in TLS 1.3. */
static bool is_name_of(struct span s, const struct cipher *c)
{
	static const char mbed_13[] = "TLS1-3-";
	size_t n = sizeof mbed_13 - 1;

	if (same_name(s, c->name) || same_name(s, c->iana))
		return true;
	return (c->traits & MIN_TLS13) && s.len > n && same_name(span_of(s.at, n), mbed_13) &&
	       same_name(span_of(s.at + n, s.len - n), c->iana + strlen("TLS_"));
}

const char *ciphers_name(int id)
{
	for (size_t i = 0; i < ciphers_table_n; i++)
		if (ciphers_table[i].id == id)
			return ciphers_table[i].name;
	return NULL;
}

/* --- what an entry stands for --------------------------------------------------------------- */

static bool word_fits(const struct cipher_word *w, const struct cipher *c)
{
	return (!w->any || (c->traits & w->any)) && (c->traits & w->with) == w->with;
}

/* One part of "a+b". Words are about TLS 1.2 and before, but for the one that is not. */
static bool part_fits(const struct choice *ch, struct span part, size_t place)
{
	const struct cipher *c = &ciphers_table[place];
	const struct cipher_word *w = ciphers_word(part);

	if (is_name_of(part, c))
		return true;
	if (span_eq(part, span_str("TLSv1.3")))
		return is_13(place);
	if (is_13(place))
		return false;
	if (span_eq(part, span_str("DEFAULT")))
		return has_id(ch->normal, c->id);
	if (span_eq(part, span_str("COMPLEMENTOFDEFAULT")))
		return !has_id(ch->normal, c->id);
	return w && word_fits(w, c);
}

static bool entry_fits(const struct choice *ch, struct span entry, size_t place)
{
	if (!has_id(ch->all, ciphers_table[place].id))
		return false;
	for (;;) {
		size_t n = 0;
		while (n < entry.len && entry.at[n] != '+')
			n++;
		if (!part_fits(ch, span_of(entry.at, n), place))
			return false;
		if (n == entry.len)
			return true;
		entry = span_of(entry.at + n + 1, entry.len - n - 1);
	}
}

/* --- what is done with it ------------------------------------------------------------------- */

static bool take_out(uint8_t *order, size_t *n, size_t place)
{
	for (size_t i = 0; i < *n; i++)
		if (order[i] == place) {
			memmove(order + i, order + i + 1, *n - i - 1);
			(*n)--;
			return true;
		}
	return false;
}

static void put_in(uint8_t *order, size_t *n, size_t place)
{
	for (size_t i = 0; i < *n; i++)
		if (order[i] == place)
			return;
	order[(*n)++] = (uint8_t)place;
}

static void choice_apply(struct choice *ch, char sign, size_t place)
{
	uint8_t *order = is_13(place) ? ch->order13 : ch->order;
	size_t *n = is_13(place) ? &ch->n13 : &ch->n;
	bool was_in;

	switch (sign) {
	case '!': ch->killed[place] = true; __attribute__((fallthrough));
	case '-': take_out(order, n, place); return;
	case '+':
		was_in = take_out(order, n, place);
		if (was_in)
			put_in(order, n, place);
		return;
	default:
		if (!ch->killed[place])
			put_in(order, n, place);
	}
}

/* DEFAULT comes in its own order, everything else in the table's. */
static bool add_default(struct choice *ch)
{
	for (const int *id = ch->normal; *id; id++)
		for (size_t i = 0; i < ciphers_table_n; i++)
			if (ciphers_table[i].id == *id && !is_13(i))
				choice_apply(ch, 0, i);
	return true;
}

static void choice_entry(struct choice *ch, struct span entry)
{
	char sign = 0;
	bool any = false;

	if (entry.at[0] == '!' || entry.at[0] == '-' || entry.at[0] == '+') {
		sign = (char)entry.at[0];
		entry = span_of(entry.at + 1, entry.len - 1);
	}
	if (!sign && span_eq(entry, span_str("DEFAULT")))
		any = add_default(ch);
	for (size_t i = 0; i < ciphers_table_n; i++)
		if (entry_fits(ch, entry, i)) {
			choice_apply(ch, sign, i);
			any = true;
		}
	if (!any && !sign && !ch->nothing.len)
		ch->nothing = entry;
}

/* --- @STRENGTH, @SECLEVEL ------------------------------------------------------------------- */

static void choice_sort(struct choice *ch)
{
	uint8_t sorted[PLACES] = {0};
	size_t n = 0;

	for (unsigned key = KEY_256; key >= KEY_128; key >>= 1)
		for (size_t i = 0; i < ch->n; i++)
			if (ciphers_table[ch->order[i]].traits & key)
				sorted[n++] = ch->order[i];
	memcpy(ch->order, sorted, n);
}

/* SSL_CTX_set_security_level(3): below 192 bits nothing from level 4 on, nothing without forward
 * secrecy from 3 on. What levels 0 to 2 forbid is not here. */
static void choice_level(struct choice *ch, unsigned level)
{
	for (size_t i = 0; i < ciphers_table_n; i++) {
		unsigned traits = ciphers_table[i].traits;
		if ((level >= 4 && (traits & KEY_128)) || (level >= 3 && (traits & KX_RSA)))
			choice_apply(ch, '!', i);
	}
}

static int fail_command(struct choice *ch, struct span command)
{
	struct str s;

	str_init(&s, ch->err, CIPHERS_ERROR);
	str_fmt(&s, "'%.*s' is unknown: there are @STRENGTH and @SECLEVEL=0 to 5",
	        command.len < 80 ? (int)command.len : 80, (const char *)command.at);
	return -EINVAL;
}

static int choice_command(struct choice *ch, struct span command)
{
	struct span level = span_str("@SECLEVEL=");

	if (span_eq(command, span_str("@STRENGTH"))) {
		choice_sort(ch);
		return 0;
	}
	if (command.len != level.len + 1 || memcmp(command.at, level.at, level.len) != 0 ||
	    command.at[level.len] < '0' || command.at[level.len] > '5')
		return fail_command(ch, command);
	choice_level(ch, (unsigned)(command.at[level.len] - '0'));
	return 0;
}

/* --- the list ------------------------------------------------------------------------------- */

/* The entries are between separators; a command may follow one without any ("HIGH@STRENGTH"). */
static int choice_list(struct choice *ch, const char *list)
{
	int r = 0;

	while (r == 0 && *list) {
		size_t n = strcspn(list + (*list == '@'), ":, ;@") + (*list == '@');
		if (*list == '@')
			r = choice_command(ch, span_of(list, n));
		else if (n)
			choice_entry(ch, span_of(list, n));
		list += n;
		list += strspn(list, ":, ;");
	}
	return r;
}

static void give(struct ciphers *ret, int id)
{
	if (ret->n < CIPHERS_MAX)
		ret->ids[ret->n++] = id;
}

static void give_13(struct ciphers *ret, const struct choice *ch)
{
	for (size_t i = 0; i < ch->n13; i++)
		give(ret, ciphers_table[ch->order13[i]].id);
	if (ch->n13)
		return;
	for (const int *id = ch->normal; *id; id++)
		for (size_t i = 0; i < ciphers_table_n; i++)
			if (ciphers_table[i].id == *id && is_13(i) && !ch->killed[i])
				give(ret, *id);
}

static int fail_nothing(const struct choice *ch)
{
	struct span s = ch->nothing;
	struct str to;

	str_init(&to, ch->err, CIPHERS_ERROR);
	if (s.len)
		str_fmt(&to, "'%.*s' is no cipher there is here, and nothing else is left: ",
		        s.len < 80 ? (int)s.len : 80, (const char *)s.at);
	else
		str_puts(&to, "no cipher is left: ");
	str_puts(&to, "write names such as ECDHE-RSA-AES128-GCM-SHA256 or "
	              "TLS_AES_128_GCM_SHA256, or words such as HIGH, ECDHE+AESGCM or DEFAULT, "
	              "with colons between them");
	return -EINVAL;
}

int ciphers_parse(struct ciphers *ret, const char *list, const int *all, const int *normal,
                  char err[CIPHERS_ERROR])
{
	struct choice ch = {.all = all, .normal = normal, .err = err};
	int r = choice_list(&ch, list);

	ret->n = 0;
	if (r < 0)
		return r;
	if (ch.n + ch.n13 == 0)
		return fail_nothing(&ch);
	give_13(ret, &ch);
	for (size_t i = 0; i < ch.n; i++)
		give(ret, ciphers_table[ch.order[i]].id);
	return 0;
}
