/* WebSocket frames to messages: every rule, and every split of the bytes. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/websocket/ws_frames.h"

enum { MAX_MESSAGE = 200 };

/* Writes events as text: T(bytes) B(bytes) <ping> >pong> C1000(reason) !1002 */
static void feed(struct oc_ws_in *in, struct oc_str bytes, struct oc_buf *out)
{
	enum oc_ws_event ev;

	oc_ws_in_feed(in, bytes);
	while ((ev = oc_ws_in_next(in)) != OC_WS_MORE) {
		static const char *const marks[] = { "", "T", "B", "<", ">", "C", "!" };
		oc_buf_adds(out, marks[ev]);
		if (ev >= OC_WS_CLOSE) oc_buf_addf(out, "%u", oc_ws_in_code(in));
		if (ev != OC_WS_BAD) oc_buf_addf(out, "(%.*s)", OC_FMT(oc_ws_in_bytes(in)));
	}
}

static void decode(struct oc_str bytes, size_t split, size_t step, struct oc_buf *out)
{
	struct oc_ws_in *in = oc_ws_in_new(false, MAX_MESSAGE);

	feed(in, oc_str_head(bytes, split), out);
	for (size_t at = split; at < bytes.n; at += step)
		feed(in, oc_str_head(oc_str_from(bytes, at), step), out);
	oc_ws_in_free(in);
}

#define BYTES(s) OC_LIT(s)

static void frames_become_messages_in_any_split(void **state)
{
	static const struct {
		struct oc_str in;
		const char *events;
	} cases[] = {
		{ BYTES("\x81\x02hi"), "T(hi)" },
		{ BYTES("\x81\x00"), "T()" },
		{ BYTES("\x82\x02\xff\xfe"), "B(\xff\xfe)" },
		{ BYTES("\x81\x02hi\x81\x03you"), "T(hi)T(you)" },
		{ BYTES("\x01\x02he\x00\x02ll\x80\x01o"), "T(hello)" },
		{ BYTES("\x01\x02he\x89\x01p\x8a\x00\x80\x01y"), "<(p)>()T(hey)" },
		{ BYTES("\x01\x00\x80\x00"), "T()" },
		{ BYTES("\x89\x00"), "<()" },
		{ BYTES("\x88\x00"), "C1005()" },
		{ BYTES("\x88\x02\x03\xe8"), "C1000()" },
		{ BYTES("\x88\x05\x03\xf4"
			"bye"),
		  "C1012(bye)" },
		{ BYTES("\x88\x02\x03\xe8\x81\x02hi"), "C1000()" }, /* deaf after a close */
		/* UTF-8 across fragments */
		{ BYTES("\x01\x01\xc3\x80\x01\xa4"), "T(\xc3\xa4)" },
		{ BYTES("\x01\x01\xf0\x00\x02\x9f\x98\x80\x01\x80"), "T(\xf0\x9f\x98\x80)" },
		{ BYTES("\x81\x01\xc3"), "!1007" },
		{ BYTES("\x81\x02\xc3("), "!1007" },
		{ BYTES("\x01\x02\xed\xa0\x00\x01\x80"), "!1007" }, /* a surrogate */
		{ BYTES("\x01\x01\xff"), "!1007" },		    /* before the message ends */
		/* rules */
		{ BYTES("\xc1\x00"), "!1002" }, /* reserved bits */
		{ BYTES("\xa1\x00"), "!1002" },
		{ BYTES("\x91\x00"), "!1002" },
		{ BYTES("\x83\x00"), "!1002" }, /* opcodes */
		{ BYTES("\x8b\x00"), "!1002" },
		{ BYTES("\x80\x00"), "!1002" },		     /* continuation of nothing */
		{ BYTES("\x01\x01x\x81\x00"), "!1002" },     /* message in a message */
		{ BYTES("\x09\x00"), "!1002" },		     /* fragmented ping */
		{ BYTES("\x89\x7e\x00\x7e"), "!1002" },	     /* long ping */
		{ BYTES("\x81\x7e\x00\x05hello"), "!1002" }, /* length longer than needed */
		{ BYTES("\x81\x7f\0\0\0\0\0\0\xff\xff"), "!1002" },
		{ BYTES("\x81\x7f\x80\0\0\0\0\0\0\0"), "!1002" },
		{ BYTES("\x88\x01\x03"), "!1002" },
		{ BYTES("\x88\x02\x03\xe7"), "!1002" }, /* 999 */
		{ BYTES("\x88\x02\x03\xed"), "!1002" }, /* 1005 */
		{ BYTES("\x88\x03\x03\xe8\xff"), "!1007" },
		{ BYTES("\x81\x82mask\x05\x08"), "!1002" }, /* a server masks nothing */
		/* size: of a frame by its announcement, of a message by its sum */
		{ BYTES("\x81\x7e\x00\xc9x"), "!1009" },
		{ BYTES("\x82\x7f\0\0\0\x01\0\0\0\0x"), "!1009" },
		{ BYTES("\x01\x03"
			"abc\x80\x7e\x00\xc6x"),
		  "!1009" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t split = 0; split <= cases[i].in.n; split++) {
			struct oc_buf whole, bytewise;
			oc_buf_init(&whole, 1000);
			oc_buf_init(&bytewise, 1000);
			decode(cases[i].in, split, 1000, &whole);
			decode(cases[i].in, split, 1, &bytewise);
			if (strcmp(oc_buf_cstr(&whole), cases[i].events) != 0 ||
			    strcmp(oc_buf_cstr(&bytewise), cases[i].events) != 0)
				fail_msg("case %zu split %zu: %s", i, split, oc_buf_cstr(&whole));
			oc_buf_deinit(&whole);
			oc_buf_deinit(&bytewise);
		}
	}
}

static void a_server_wants_masks_and_takes_them_off(void **state)
{
	static const struct {
		struct oc_str in;
		const char *events;
	} cases[] = {
		{ BYTES("\x81\x82mask\x05\x08"), "T(hi)" },
		{ BYTES("\x81\x02hi"), "!1002" },
		{ BYTES("\x89\x00"), "!1002" },
		{ BYTES("\x89\x80mask"), "<()" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_ws_in *in = oc_ws_in_new(true, MAX_MESSAGE);
		struct oc_buf out;
		oc_buf_init(&out, 1000);
		feed(in, cases[i].in, &out);
		assert_string_equal(oc_buf_cstr(&out), cases[i].events);
		oc_buf_deinit(&out);
		oc_ws_in_free(in);
	}
}

static void what_is_written_is_read_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 125, 126, 127, 65535, 65536, 200000 };
	static const unsigned char mask[4] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
		bool masked = i & 1;
		size_t n = sizes[i / 2];
		struct oc_ws_in *in = oc_ws_in_new(masked, 200000);
		unsigned char header[OC_WS_HEADER_MAX];
		struct oc_buf frame;

		oc_buf_init(&frame, 300000);
		size_t h = oc_ws_header(header, 2, n, masked ? mask : NULL);
		oc_buf_add(&frame, (struct oc_str){ (char *)header, h });
		for (size_t k = 0; k < n; k++)
			oc_buf_addc(&frame, (char)(k ^ (masked ? mask[k & 3] : 0)));
		oc_ws_in_feed(in, oc_buf_view(&frame));
		assert_int_equal(oc_ws_in_next(in), OC_WS_BINARY);
		struct oc_str got = oc_ws_in_bytes(in);
		assert_int_equal(got.n, n);
		for (size_t k = 0; k < n; k++) assert_true(got.p[k] == (char)k);
		assert_int_equal(oc_ws_in_next(in), OC_WS_MORE);
		oc_buf_deinit(&frame);
		oc_ws_in_free(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_become_messages_in_any_split),
		cmocka_unit_test(a_server_wants_masks_and_takes_them_off),
		cmocka_unit_test(what_is_written_is_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
