/* The decoder on arbitrary bytes, built once for each API (PROTOCOL): the first bytes choose
 * status, type, context and the size of the pieces. */
#include <stdlib.h>

#include "model/codec/decoder.h"

#ifndef PROTOCOL
#define PROTOCOL OC_PROTO_OPENAI_CHAT
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *header(void *arg, const char *name)
{
	static const char *const types[] = { "text/event-stream", "application/json", "text/html",
					     NULL };
	const uint8_t *choice = arg;

	return strcmp(name, "content-type") == 0 ? types[*choice & 3] : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 200, 200, 400, 503, 307, 204, 0 };
	struct oc_strv tools = { 0 };

	if (size < 4) return 0;
	struct oc_decode_context ctx = { .tools = &tools, .stream = true };
	uint8_t choice = data[0];
	size_t step = 1 + data[2] % 64;
	struct oc_str in = { (const char *)data + 4, size - 4 };

	oc_strv_add(&tools, OC_LIT("read"));
	ctx.think_tags = data[1] & 1;
	ctx.think_open_in_prompt = data[1] & 2;
	ctx.text_tools = data[1] & 4 ? OC_TEXT_TOOLS_BRACKET : OC_TEXT_TOOLS_OFF;
	struct oc_decoder *d = oc_decoder_new(PROTOCOL, &ctx, NULL);

	if (statuses[choice >> 2 & 7])
		oc_decoder_head(d, statuses[choice >> 2 & 7], header, &choice);
	for (size_t at = 0; at < in.n; at += step)
		(void)!oc_decoder_feed(d, oc_str_head(oc_str_from(in, at), step));
	oc_decoder_finish(d, (enum oc_body_end)(data[3] % 5), data[3] & 8, data[3] & 16);
	const struct oc_reply *r = oc_decoder_reply(d);

	if ((r->outcome == OC_OUTCOME_OK) != (r->error.class == OC_ERR_NONE)) abort();
	for (size_t i = 0; i < r->n_calls; i++)
		if (r->calls[i].valid != (r->calls[i].args != NULL) || !r->calls[i].id[0]) abort();
	oc_decoder_free(d);
	oc_strv_deinit(&tools);
	return 0;
}
