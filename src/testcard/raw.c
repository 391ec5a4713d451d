/* Raw: every pixel (RFC 6143 7.7.1). */
#include "encode.h"

size_t encode_raw(const struct tile *t, const struct pixel_format *f, uint8_t *out)
{
	size_t n = 0;

	for (int i = 0; i < t->w * t->h; i++)
		n += pixel_put(f, t->px[i], out + n);
	return n;
}
