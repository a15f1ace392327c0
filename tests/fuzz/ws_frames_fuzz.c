/* Messages do not depend on how the bytes are split; none is above the ceiling, every text is
 * UTF-8, and after an end there is nothing. The first byte places the cuts and picks the side. */
#include <stdlib.h>

#include "base/utf8.h"
#include "net/websocket/ws_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { CEILING = 300 };

static void expect(bool holds)
{
	if (!holds) abort();
}

static void feed(struct oc_ws_in *in, struct oc_str bytes, bool *over, struct oc_buf *log)
{
	enum oc_ws_event ev;

	oc_ws_in_feed(in, bytes);
	while ((ev = oc_ws_in_next(in)) != OC_WS_MORE) {
		struct oc_str got = oc_ws_in_bytes(in);

		expect(!*over);
		expect(got.n <= CEILING);
		expect((ev != OC_WS_TEXT && ev != OC_WS_CLOSE) || oc_utf8_valid(got));
		*over = ev == OC_WS_CLOSE || ev == OC_WS_BAD;
		oc_buf_addf(log, "%d %u %zu:", ev, *over ? oc_ws_in_code(in) : 0, got.n);
		oc_buf_add(log, got);
		if (ev == OC_WS_BINARY) free(oc_ws_in_take(in));
	}
}

static void decode(struct oc_str in, bool server, size_t step, struct oc_buf *log)
{
	struct oc_ws_in *w = oc_ws_in_new(server, CEILING);
	bool over = false;

	for (size_t at = 0; at < in.n; at += step)
		feed(w, oc_str_head(oc_str_from(in, at), step), &over, log);
	oc_ws_in_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_buf whole, split;
	bool server = n && bytes[0] & 0x80;

	if (n < 2) return 0;
	struct oc_str in = { (const char *)bytes + 1, n - 1 };
	oc_buf_init(&whole, 64 * n + 1024);
	oc_buf_init(&split, 64 * n + 1024);
	decode(in, server, in.n, &whole);
	decode(in, server, 1 + bytes[0] % 16, &split);
	expect(!whole.bad && oc_str_eq(oc_buf_view(&whole), oc_buf_view(&split)));
	oc_buf_deinit(&split);
	oc_buf_deinit(&whole);
	return 0;
}
