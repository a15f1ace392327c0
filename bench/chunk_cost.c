/*
 * Feeds N stream chunks to the decoder, adapter and splitter included, and does nothing else: what
 * one chunk costs is the difference between two runs, divided by the difference of their N.
 * bench/run counts instructions with it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "model/codec/decoder.h"

static const char *no_header(void *arg, const char *name)
{
	(void)arg, (void)name;
	return NULL;
}

static void take(void *arg, struct oc_str delta)
{
	*(size_t *)arg += delta.n;
}

int main(int argc, char **argv)
{
	static const char chunk[] =
	    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
	    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n";
	static const char end[] = "data: [DONE]\n\n";
	int64_t n = 0;
	size_t shown = 0;
	const struct oc_decode_context context = { .stream = true,
						   .think_tags = true,
						   .text_tools = OC_TEXT_TOOLS_BRACKET };
	const struct oc_reply_sink sink = { .text = take, .arg = &shown };

	if (argc != 2 || !oc_parse_int(oc_str(argv[1]), 0, 1000000, &n)) {
		fputs("usage: chunk-cost N\n", stderr);
		return 1;
	}
	struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, &context, &sink);
	oc_decoder_head(d, 200, no_header, NULL);
	for (int64_t i = 0; i < n; i++)
		if (oc_decoder_feed(d, (struct oc_str){ chunk, sizeof chunk - 1 }) != OC_OK)
			abort();
	if (oc_decoder_feed(d, (struct oc_str){ end, sizeof end - 1 }) != OC_EOF) abort();
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
	oc_decoder_free(d);
	printf("%zu\n", shown);
	return 0;
}
