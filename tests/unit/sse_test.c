#include "check.h"

#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/client/sse.h"

/* Writes events as "type|data" in brackets; "!" = error field, "~" = at the end of the input. */
static enum oc_rc show(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	struct oc_buf *out = arg;

	(void)e;
	oc_buf_addf(out, "%s%s<", ev->error_field ? "!" : "", ev->at_eof ? "~" : "");
	if (ev->type.n) oc_buf_addf(out, "%.*s|", OC_FMT(ev->type));
	oc_buf_add(out, ev->data);
	oc_buf_addc(out, '>');
	return OC_OK;
}

/* Feeds in pieces: up to first, then of step bytes each. An error shows as "E". */
static void decode(struct oc_str in, size_t max, size_t first, size_t step, struct oc_buf *out)
{
	struct oc_sse s;
	struct oc_err e = { 0 };
	enum oc_rc rc;

	oc_sse_init(&s, max);
	rc = oc_sse_feed(&s, oc_str_head(in, first), show, out, &e);
	for (size_t at = first; !rc && at < in.n; at += step)
		rc = oc_sse_feed(&s, oc_str_head(oc_str_from(in, at), step), show, out, &e);
	if (!rc) rc = oc_sse_finish(&s, show, out, &e);
	if (rc) oc_buf_addc(out, 'E');
	oc_sse_deinit(&s);
}

static void expect(struct oc_str in, size_t max, size_t first, size_t step, const char *want)
{
	struct oc_buf out;

	oc_buf_init(&out, 65536);
	decode(in, max, first, step, &out);
	assert_string_equal(oc_buf_cstr(&out), want);
	oc_buf_deinit(&out);
}

static void expect_in_every_split(struct oc_str in, size_t max, const char *want)
{
	expect(in, max, 0, 1, want);
	for (size_t cut = 0; cut <= in.n; cut++) expect(in, max, cut, SIZE_MAX / 2, want);
	for (size_t cut = 0; cut <= in.n; cut++) expect(in, max, cut, 2, want);
}

static void events_are_the_same_in_every_split(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "data: a\n\n", "<a>" },
		{ "data: a\r\n\r\n", "<a>" },
		{ "data: a\r\rdata: b\r\r", "<a><b>" },
		{ "data: a\r\n\ndata: b\n\rdata: c\r\r\n", "<a><b><c>" },
		{ "data: a\ndata: b\r\n\r\n", "<a\nb>" },
		{ "data:{\"x\":1}\n\n", "<{\"x\":1}>" },
		{ "data:  two spaces\n\n", "< two spaces>" },
		{ ": ping\n\ndata: z\n\n", "<z>" },
		{ "data: a\n: between\ndata: b\n\n", "<a\nb>" },
		{ "event: error\ndata: {\"error\":\"no model\"}\n\n",
		  "<error|{\"error\":\"no model\"}>" },
		{ "error: {\"code\":500}\n\ndata: x\n\n", "!<{\"code\":500}><x>" },
		{ "event: a\nevent: b\ndata: x\n\ndata: y\n\n", "<b|x><y>" },
		{ "event: lost\n\ndata: x\n\n", "<x>" },
		{ "id: 7\nretry: 10\ndata: x\n\n", "<x>" },
		{ "Data: no\ndatax: no\n data: no\ndat: no\n\n", "" },
		{ "data: a\n\n\n\n\ndata: b\n\n", "<a><b>" },
		/* what means "still here" and nothing else */
		{ "data:\n\ndata\n\ndata: \n\ndata:\ndata:\n\ndata: x\n\n", "<x>" },
		{ "event: ping\ndata:\n\n", "<ping|>" },
		{ "error:\n\n", "!<>" },
		/* empty lines inside of an event belong to it */
		{ "data:\ndata: b\ndata\n\n", "<\nb\n>" },
		/* the end of the input */
		{ "data: cut", "~<cut>" },
		{ "data: cut\n", "~<cut>" },
		{ "data: cut\r", "~<cut>" },
		{ "data: a\n\ndata: b\nevent: c", "<a>~<c|b>" },
		{ "data: a\r\n\r\nda", "<a>" },
		{ "", "" },
		/* one BOM, at the begin */
		{ "\xEF\xBB\xBF"
		  "data: a\n\n",
		  "<a>" },
		{ "\xEF\xBB\xBF\xEF\xBB\xBF"
		  "data: a\n\ndata: b\n\n",
		  "<b>" },
		{ "\xEF\xBB"
		  "data: a\n\ndata: b\n\n",
		  "<b>" },
		{ "\xEF\xBB\xBF\n\ndata: \xEF\xBB\xBF"
		  "b\n\n",
		  "<\xEF\xBB\xBF"
		  "b>" },
		{ "data: \xF0\x9F\x98\x80\xC3\n\n", "<\xF0\x9F\x98\x80\xC3>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_in_every_split(oc_str(cases[i].in), 1024, cases[i].want);
}

static void nul_bytes_are_data(void **state)
{
	struct oc_sse s;
	struct oc_buf out;
	struct oc_err e = { 0 };

	(void)state;
	oc_buf_init(&out, 64);
	oc_sse_init(&s, 64);
	assert_int_equal(oc_sse_feed(&s, OC_LIT("data: a\0b\n\n"), show, &out, &e), OC_OK);
	assert_memory_equal(oc_buf_cstr(&out), "<a\0b>", 6);
	oc_sse_deinit(&s);
	oc_buf_deinit(&out);
}

static void the_ceiling_is_an_error_in_every_split(void **state)
{
	(void)state;
	expect_in_every_split(OC_LIT("data: 56789012345\n\n"), 16, "E");
	expect_in_every_split(OC_LIT("data: 7890123456\n\n"), 16, "<7890123456>");
	expect_in_every_split(OC_LIT("data: ok\n\ndata: 345678\ndata: 90\n\n"), 13, "<ok>E");
	expect_in_every_split(OC_LIT("event: 567890\ndata: 34567\n\n"), 16, "E");
	/* Only one event is open at a time, comments are not kept, a type replaces the one before.
	 */
	expect_in_every_split(
	    OC_LIT("data: 34\n\ndata: 34\n\n:\n:\n:\n:\n:\n:\nevent: 1\nevent: 2\nevent: 3\n"), 10,
	    "<34><34>");
}

static enum oc_rc refuse(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	++*(int *)arg;
	return oc_fail(e, OC_E_PROTO, "no \"%.*s\"", OC_FMT(ev->data));
}

static void a_refusing_callback_ends_the_feed(void **state)
{
	struct oc_sse s;
	struct oc_err e = { 0 };
	int calls = 0;

	(void)state;
	oc_sse_init(&s, 64);
	assert_int_equal(oc_sse_feed(&s, OC_LIT("data: a\n\ndata: b\n\n"), refuse, &calls, &e),
			 OC_E_PROTO);
	assert_int_equal(calls, 1);
	assert_string_equal(e.msg, "no \"a\"");
	oc_sse_deinit(&s);
}

static enum oc_rc count(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	(void)e;
	*(size_t *)arg += ev->data.n;
	return OC_OK;
}

/* Quadratic work would take minutes here. */
static void the_longest_event_takes_linear_time(void **state)
{
	static const struct {
		const char *name;
		size_t line, piece; /* bytes of a line; of a piece of input */
		char end;
	} cases[] = {
		{ "one line, small pieces", OC_MAX_SSE_EVENT_BYTES, 100, '\n' },
		{ "short lines ended by CR, one piece", 16, SIZE_MAX / 2, '\r' },
		{ "short lines ended by LF, one piece", 16, SIZE_MAX / 2, '\n' },
	};
	const size_t n = OC_MAX_SSE_EVENT_BYTES;
	char *bytes = oc_alloc(n + 1);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_sse s;
		struct oc_err e = { 0 };
		size_t got = 0;
		clock_t began = clock();

		memset(bytes, 'x', n);
		for (size_t at = 0; at + 6 < n; at += cases[i].line)
			memcpy(bytes + at, "data: ", 6);
		for (size_t at = cases[i].line; at <= n; at += cases[i].line)
			bytes[at - 1] = cases[i].end;
		oc_sse_init(&s, n);
		for (size_t at = 0; at < n; at += cases[i].piece)
			assert_int_equal(
			    oc_sse_feed(
				&s,
				oc_str_head((struct oc_str){ bytes + at, n - at }, cases[i].piece),
				count, &got, &e),
			    OC_OK);
		assert_int_equal(oc_sse_finish(&s, count, &got, &e), OC_OK);
		assert_true(got > n / 2);
		assert_true((clock() - began) / CLOCKS_PER_SEC < 20);
		oc_sse_deinit(&s);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_the_same_in_every_split),
		cmocka_unit_test(nul_bytes_are_data),
		cmocka_unit_test(the_ceiling_is_an_error_in_every_split),
		cmocka_unit_test(a_refusing_callback_ends_the_feed),
		cmocka_unit_test(the_longest_event_takes_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
