/* Requests on one connection do not depend on how the bytes are split, and what is taken for a head
 * holds nothing that another reader could see otherwise. The first byte places the cuts. */
#include <stdlib.h>

#include "base/limits.h"
#include "net/server/http_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { CEILING = 64 };

static void expect(bool holds)
{
	if (!holds) abort();
}

/* A connection: bytes in, a log of what they mean out. */
struct reader {
	struct oc_buf in, body, *log;
	size_t seen;
	bool in_body, over;
	struct oc_http_head head;
	struct oc_http_body decoder;
};

static void end(struct reader *r, int status)
{
	oc_buf_addf(r->log, "end %d\n", status);
	r->over = true;
}

static void check_head(const struct oc_http_head *h)
{
	bool sized = oc_http_head_get(h, "content-length");

	expect(h->path[0] == '/' || h->path[0] == '*');
	expect(oc_http_head_count(h, "content-length") <= 1);
	expect(!(sized && oc_http_head_get(h, "transfer-encoding")));
	expect(h->n_fields <= OC_MAX_SERVER_HEADERS);
	for (size_t i = 0; i < h->n_fields; i++) {
		expect(h->fields[i].name[0] != '\0');
		expect(!strpbrk(h->fields[i].name, " \t\r\n:"));
		expect(!strpbrk(h->fields[i].value, "\r\n"));
	}
}

static void take_head(struct reader *r)
{
	const char *why;
	int status;
	size_t n = oc_http_head_size(oc_buf_view(&r->in), r->seen, &status);

	r->seen = r->in.n;
	if (status) end(r, status);
	if (status || !n) return;
	status = oc_http_head_parse(oc_str_head(oc_buf_view(&r->in), n), &r->head, &why);
	oc_buf_drop(&r->in, n);
	r->seen = 0;
	if (status) {
		end(r, status);
		return;
	}
	check_head(&r->head);
	oc_buf_addf(r->log, "%s %s %s\n", r->head.method, r->head.path, r->head.query);
	oc_http_body_init(&r->decoder, &r->head);
	oc_http_head_deinit(&r->head);
	oc_buf_clear(&r->body);
	r->in_body = true;
}

static void take_body(struct reader *r)
{
	size_t used;
	enum oc_rc rc = oc_http_body_feed(&r->decoder, oc_buf_view(&r->in), &r->body, &used);

	expect(used <= r->in.n && r->body.n <= CEILING);
	expect(rc == OC_OK || rc == OC_E_PROTO || rc == OC_E_LIMIT);
	oc_buf_drop(&r->in, used);
	if (rc) end(r, rc);
	if (rc || !r->decoder.done) return;
	oc_buf_addf(r->log, "%zu:", r->body.n);
	oc_buf_add(r->log, oc_buf_view(&r->body));
	r->in_body = false;
}

static void feed(struct reader *r, struct oc_str bytes)
{
	oc_buf_add(&r->in, bytes);
	for (bool moved = true; moved && !r->over;) {
		size_t before = r->in.n;
		bool was_in_body = r->in_body;

		if (r->in_body)
			take_body(r);
		else
			take_head(r);
		moved = r->in.n != before || r->in_body != was_in_body;
	}
}

static void decode(struct oc_str in, size_t step, struct oc_buf *log)
{
	struct reader r = { .log = log };

	oc_buf_init(&r.in, 1 << 20);
	oc_buf_init(&r.body, CEILING);
	for (size_t at = 0; !r.over && at < in.n; at += step)
		feed(&r, oc_str_head(oc_str_from(in, at), step));
	oc_buf_deinit(&r.body);
	oc_buf_deinit(&r.in);
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
