/* Whatever a page is, its text is valid UTF-8 without anything that hides, and stripping it again
 * changes nothing. */
#include <stdlib.h>

#include "base/utf8.h"
#include "tool/web/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_html_page page;
	struct oc_buf clean, again;
	struct oc_err e = { 0 };

	oc_buf_init(&clean, 1 << 20);
	oc_buf_init(&again, 1 << 22);
	oc_utf8_clean((struct oc_str){ (const char *)bytes, n }, &clean);
	if (oc_html_extract(oc_buf_view(&clean), n % 2, &page, &e) == OC_OK) {
		expect(oc_utf8_valid(oc_buf_view(&page.text)));
		expect(!memchr(oc_buf_cstr(&page.title), '\n', page.title.n));
		oc_text_strip(oc_buf_view(&page.text), &again);
		expect(oc_str_eq(oc_buf_view(&page.text), oc_buf_view(&again)));
	}
	oc_html_page_deinit(&page);
	oc_buf_deinit(&clean);
	oc_buf_deinit(&again);
	return 0;
}
