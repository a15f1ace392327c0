/* Cleaned text is well formed, cleaning it again changes nothing, and only ill-formed text is
 * changed. */
#include <stdlib.h>

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_str in = { (const char *)bytes, n };
	struct oc_buf once, twice;

	oc_buf_init(&once, 3 * n + 1);
	oc_buf_init(&twice, 3 * n + 1);
	size_t replaced = oc_utf8_clean(in, &once);
	expect(oc_utf8_valid(oc_buf_view(&once)));
	expect((replaced == 0) == oc_utf8_valid(in));
	expect(oc_utf8_clean(oc_buf_view(&once), &twice) == 0);
	expect(oc_str_eq(oc_buf_view(&once), oc_buf_view(&twice)));
	for (size_t cut = 0; cut <= n && cut < 64; cut++) expect(oc_utf8_floor(in.p, cut) <= cut);
	oc_buf_deinit(&twice);
	oc_buf_deinit(&once);
	return 0;
}
