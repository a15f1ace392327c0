/* Whatever a command says: it is read to its end, and what is understood of it is whole. */
#include <stdlib.h>

#include "tool/sandbox/programs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_shell s;

	oc_shell_parse((struct oc_str){ (const char *)data, size }, &s);
	if (!s.opaque && !s.n) abort();
	for (size_t i = 0; i < s.n && !s.opaque; i++) {
		if (!s.v[i].words.n || !s.v[i].words.v[0][0]) abort();
		/* What the shell would expand never looks like a plain command. */
		if (memchr(data, '`', size) && !memchr(data, '\'', size) &&
		    !memchr(data, '\\', size) && !memchr(data, '#', size))
			abort();
	}
	(void)oc_programs_read_only(&s);
	oc_shell_deinit(&s);
	return 0;
}
