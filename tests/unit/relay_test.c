/* The pure parts of the relay: what the begin of an answer is, and which headers go through. */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/relay.h"

#define SSE  "text/event-stream"
#define JSON "application/json"

static const struct {
	const char *name, *type, *body;
	enum oc_peek verdict; /* of the whole */
} answers[] = {
	{ "first chunk", SSE, "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n",
	  OC_PEEK_PASS },
	{ "LM Studio's error event", SSE,
	  "event: error\ndata: {\"error\":{\"message\":\"no model\"}}\n\n", OC_PEEK_FAILED },
	{ "error event with text", SSE, "event: error\ndata: oops\n\n", OC_PEEK_FAILED },
	{ "error object as a plain event", SSE, "data: {\"error\":{\"message\":\"x\"}}\n\n",
	  OC_PEEK_FAILED },
	{ "error text as a plain event", SSE, "data: {\"error\":\"x\"}\n\n", OC_PEEK_FAILED },
	{ "null is no error", SSE, "data: {\"error\":null,\"choices\":[]}\n\n", OC_PEEK_PASS },
	{ "field named error", SSE, "error: {\"message\":\"x\"}\n\n", OC_PEEK_FAILED },
	{ "comment before the error", SSE, ": wait\n\nevent: error\ndata: {}\n\n", OC_PEEK_FAILED },
	{ "error behind a beginning", SSE,
	  "event: message_start\ndata: {\"type\":\"message_start\"}\n\nevent: error\n"
	  "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n",
	  OC_PEEK_FAILED },
	{ "failure behind a beginning", SSE,
	  "data: {\"type\":\"response.created\"}\n\ndata: {\"type\":\"response.failed\"}\n\n",
	  OC_PEEK_FAILED },
	{ "error behind content", SSE,
	  "data: {\"choices\":[]}\n\nevent: error\ndata: {\"error\":\"x\"}\n\n", OC_PEEK_PASS },
	{ "no content type", NULL, "data: {\"error\":\"x\"}\n\n", OC_PEEK_FAILED },
	{ "done at once", SSE, "data: [DONE]\n\n", OC_PEEK_PASS },
	{ "nothing", SSE, "", OC_PEEK_PASS },
	{ "document", JSON, "{\"choices\":[{\"message\":{\"content\":\"error\"}}]}", OC_PEEK_PASS },
	{ "error document", JSON, "{\"error\":\"Unexpected endpoint\"}", OC_PEEK_FAILED },
	{ "vLLM's error document", JSON, "{\"object\":\"error\",\"message\":\"x\"}",
	  OC_PEEK_FAILED },
	{ "broken document", JSON, "{\"a\":", OC_PEEK_PASS },
	{ "web page", "text/html", "<html><body>nginx</body></html>", OC_PEEK_FAILED },
	{ "web page as JSON", JSON, "\n<!DOCTYPE html><p>hi", OC_PEEK_FAILED },
	{ "sound", "audio/wav", "RIFFxxxx", OC_PEEK_PASS },
};

static enum oc_peek peek(size_t row, size_t n, bool ended)
{
	bool preamble;

	return oc_relay_peek(answers[row].type, oc_str_head(oc_str(answers[row].body), n), ended,
			     &preamble);
}

static void an_error_with_status_200_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (peek(i, SIZE_MAX, true) != answers[i].verdict) fail_msg("%s", answers[i].name);
}

static void a_part_of_an_answer_is_never_judged_otherwise(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		for (size_t n = 0; n <= strlen(answers[i].body); n++) {
			enum oc_peek v = peek(i, n, false);

			if (v != OC_PEEK_MORE && v != answers[i].verdict)
				fail_msg("%s at %zu: %d", answers[i].name, n, v);
		}
}

static void only_what_says_nothing_yet_counts_as_preamble(void **state)
{
	static const struct {
		const char *body;
		bool preamble;
	} rows[] = {
		{ "data: {\"type\":\"response.created\"}\n\n", true },
		{ "event: ping\ndata: {}\n\n", true },
		{ ": OPENROUTER PROCESSING\n\n", true },
		{ "data: {\"choices\"", false },
		{ "event: message_start\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool preamble;

		assert_int_equal(oc_relay_peek(SSE, oc_str(rows[i].body), false, &preamble),
				 OC_PEEK_MORE);
		if (preamble != rows[i].preamble) fail_msg("%s", rows[i].body);
	}
}

static void what_is_held_back_has_a_bound(void **state)
{
	static const char *const types[] = { SSE, JSON };
	char *body = oc_alloc(OC_MAX_RELAY_HELD_BYTES);
	bool preamble;

	(void)state;
	memset(body, ' ', OC_MAX_RELAY_HELD_BYTES);
	for (int i = 0; i < 2; i++) {
		memcpy(body, i ? "{\"a\":\"" : "data: ", 6);
		assert_int_equal(oc_relay_peek(types[i],
					       (struct oc_str){ body, OC_MAX_RELAY_HELD_BYTES - 1 },
					       false, &preamble),
				 OC_PEEK_MORE);
		assert_int_equal(oc_relay_peek(types[i],
					       (struct oc_str){ body, OC_MAX_RELAY_HELD_BYTES },
					       false, &preamble),
				 OC_PEEK_PASS);
	}
	free(body);
}

static void headers_of_one_connection_stay(void **state)
{
	static const struct {
		const char *name, *connection;
		bool passes;
	} rows[] = {
		{ "Content-Type", NULL, true },
		{ "x-request-id", "close", true },
		{ "Retry-After", NULL, true },
		{ "X-RateLimit-Remaining", NULL, true },
		{ "Connection", NULL, false },
		{ "Transfer-Encoding", NULL, false },
		{ "content-length", NULL, false },
		{ "Content-Encoding", NULL, false },
		{ "X-Private", "close, x-private ,te", false },
		{ "X-Private2", "close, x-private", true },
		{ "Access-Control-Allow-Origin", NULL, false },
		{ "Set-Cookie", NULL, false },
		{ "WWW-Authenticate", NULL, false },
		{ "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (oc_relay_header_passes(oc_str(rows[i].name), rows[i].connection) !=
		    rows[i].passes)
			fail_msg("%s", rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_with_status_200_is_seen),
		cmocka_unit_test(a_part_of_an_answer_is_never_judged_otherwise),
		cmocka_unit_test(only_what_says_nothing_yet_counts_as_preamble),
		cmocka_unit_test(what_is_held_back_has_a_bound),
		cmocka_unit_test(headers_of_one_connection_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
