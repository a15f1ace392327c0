/* Events do not depend on how the bytes are split, and none is longer than the ceiling. The first
 * byte places the cuts. */
#include <stdlib.h>

#include "net/client/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { CEILING = 64 };

static void expect(bool holds)
{
	if (!holds) abort();
}

static enum oc_rc collect(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	struct oc_buf *out = arg;

	(void)e;
	expect(ev->data.n + ev->type.n <= CEILING);
	oc_buf_addf(out, "%d%d%zu:%zu:", ev->error_field, ev->at_eof, ev->type.n, ev->data.n);
	oc_buf_add(out, ev->type);
	oc_buf_add(out, ev->data);
	return OC_OK;
}

static void decode(struct oc_str in, size_t step, struct oc_buf *out)
{
	struct oc_sse s;
	struct oc_err e = { 0 };
	enum oc_rc rc = OC_OK;

	oc_sse_init(&s, CEILING);
	for (size_t at = 0; !rc && at < in.n; at += step)
		rc = oc_sse_feed(&s, oc_str_head(oc_str_from(in, at), step), collect, out, &e);
	if (!rc) rc = oc_sse_finish(&s, collect, out, &e);
	expect(rc == OC_OK || rc == OC_E_LIMIT);
	oc_buf_addf(out, "rc%d", rc);
	oc_sse_deinit(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_buf whole, split;

	if (n < 2) return 0;
	struct oc_str in = { (const char *)bytes + 1, n - 1 };
	oc_buf_init(&whole, 64 * n + 1024);
	oc_buf_init(&split, 64 * n + 1024);
	decode(in, in.n, &whole);
	decode(in, 1 + bytes[0] % 16, &split);
	expect(!whole.bad && oc_str_eq(oc_buf_view(&whole), oc_buf_view(&split)));
	oc_buf_deinit(&split);
	oc_buf_deinit(&whole);
	return 0;
}
