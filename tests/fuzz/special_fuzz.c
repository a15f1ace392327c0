/* Escaping twice changes nothing more, and what was escaped comes back whole. */
#include <stdlib.h>

#include "base/special.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_str in = { (const char *)data, size };
	struct oc_buf once, twice, back;

	oc_buf_init(&once, 1 << 20);
	oc_buf_init(&twice, 1 << 20);
	oc_buf_init(&back, 1 << 20);
	oc_special_escape(in, &once);
	oc_special_escape(oc_buf_view(&once), &twice);
	oc_special_unescape(oc_buf_view(&once), &back);
	if (!oc_str_eq(oc_buf_view(&once), oc_buf_view(&twice))) abort();
	if (!oc_str_has(in, OC_LIT("\xE2\x81\xA0")) && !oc_str_eq(oc_buf_view(&back), in)) abort();
	oc_buf_deinit(&once);
	oc_buf_deinit(&twice);
	oc_buf_deinit(&back);
	return 0;
}
