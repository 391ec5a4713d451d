/* Names of keys, as on a keyboard. */
#include "keys.h"

#include "base/str.h"

enum {
	KEY_BACKSPACE = 0xff08,
	KEY_KP_0 = 0xffb0,
	KEY_F1 = 0xffbe,
	KEY_F12 = 0xffc9,
	UNICODE = 0x1000000, /* plus the code point */
	UNICODE_END = 0x1110000,
};

static const struct {
	uint32_t key;
	char name[12];
} names[] = {
	{0xff09, "Tab"},      {0xff0d, "Return"},  {0xff13, "Pause"},   {0xff14, "ScrollLock"},
	{0xff1b, "Escape"},   {0xff20, "Compose"}, {0xff50, "Home"},    {0xff51, "Left"},
	{0xff52, "Up"},       {0xff53, "Right"},   {0xff54, "Down"},    {0xff55, "PageUp"},
	{0xff56, "PageDown"}, {0xff57, "End"},     {0xff61, "Print"},   {0xff63, "Insert"},
	{0xff67, "Menu"},     {0xff7f, "NumLock"}, {0xff8d, "Enter"},   {0xffe5, "CapsLock"},
	{0xffff, "Delete"},   {0xfe03, "AltGr"},   {0xfe20, "BackTab"},
};

static const struct {
	uint32_t key;
	uint8_t mod;
} mods[] = {
	{0xffe1, MOD_SHIFT}, {0xffe2, MOD_SHIFT}, {0xffe3, MOD_CONTROL}, {0xffe4, MOD_CONTROL},
	{0xffe7, MOD_META},  {0xffe8, MOD_META},  {0xffe9, MOD_ALT},     {0xffea, MOD_ALT},
	{0xffeb, MOD_META},  {0xffec, MOD_META},
};

static uint8_t mod_of(uint32_t key)
{
	for (size_t i = 0; i < sizeof mods / sizeof *mods; i++)
		if (mods[i].key == key)
			return mods[i].mod;
	return 0;
}

static const char *name_of(uint32_t key)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].key == key)
			return names[i].name;
	return NULL;
}

/* The character a key of the number pad or of the ASCII block types; 0: none. */
static char letter_of(uint32_t key)
{
	static const char pad[] = "*+,-./0123456789"; /* 0xffaa … 0xffb9 */

	if (key >= ' ' && key < 0x7f)
		return (char)key;
	if (key >= 0xffaa && key <= KEY_KP_0 + 9)
		return pad[key - 0xffaa];
	return 0;
}

static void put_key(struct str *s, uint32_t key)
{
	const char *name = name_of(key);

	if (letter_of(key))
		str_putc(s, letter_of(key));
	else if (name)
		str_fmt(s, "[%s]", name);
	else if (key >= KEY_F1 && key <= KEY_F12)
		str_fmt(s, "[F%u]", (unsigned)(key - KEY_F1 + 1));
	else if (key >= 0xa0 && key <= 0xff)
		str_fmt(s, "[U+%04X]", (unsigned)key);
	else if (key > UNICODE && key < UNICODE_END)
		str_fmt(s, "[U+%04X]", (unsigned)(key - UNICODE));
	else
		str_fmt(s, "[%#x]", (unsigned)key);
}

void keys_take(struct picture *p, uint32_t key, bool down)
{
	char text[20];
	uint8_t mod = mod_of(key);
	struct str s;

	if (mod)
		p->mods = (uint8_t)(down ? p->mods | mod : p->mods & ~mod);
	if (mod || !down)
		return;
	if (key == KEY_BACKSPACE) {
		picture_erase(p);
		return;
	}
	str_init(&s, text, sizeof text);
	put_key(&s, key);
	picture_type(p, text);
}
