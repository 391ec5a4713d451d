/* fuzz_session: whole sessions. The first byte chooses the subprotocol, the rest is a script of
 * events over memory links (tests/fake/script), which asserts what must hold of every session.
 */
#include "base/span.h"

#include "../fake/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* longer scripts say nothing new, only slower */
	if (size < 1 || size > 300)
		return 0;
	script_run(span_of(data + 1, size - 1), data[0] & 1);
	return 0;
}
