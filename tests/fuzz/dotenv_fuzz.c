/* Any bytes give variables whose names are names and whose values come from the text. */
#include <stdlib.h>

#include "config/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *arg, struct oc_str name, struct oc_str value)
{
	const size_t *size = arg;

	if (!name.n || name.n + value.n > *size || memchr(name.p, '=', name.n)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	oc_dotenv_parse((struct oc_str){ (const char *)data, size }, check, &size);
	return 0;
}
