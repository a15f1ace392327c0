/*
 * Decodes recorded answers. Each line of stdin is PROTOCOL, STREAM (0 or 1), SERVER ("-" =
 * unknown), STATUS, CONTENT-TYPE and FILE, separated by tabs; each line of stdout the reply as JSON
 * (null when whole and byte by byte gave different replies).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "rt/file.h"
#include "wire.h"

static const char *const protocols[] = {
	[OC_PROTO_OPENAI_CHAT] = "chat",
	[OC_PROTO_OPENAI_RESPONSES] = "responses",
	[OC_PROTO_ANTHROPIC_MESSAGES] = "messages",
	[OC_PROTO_OLLAMA_CHAT] = "ollama",
};
enum { FIELDS = 6 };

static const char *header(void *arg, const char *name)
{
	return !strcmp(name, "content-type") ? arg : NULL;
}

static json_t *decode(char *const *field, enum oc_protocol protocol, struct oc_str bytes,
		      size_t step)
{
	static char weather[] = "get_weather", *names[] = { weather, NULL };
	static const struct oc_strv tools = { names, 1, 2 };
	const struct oc_decode_context ctx = { .tools = &tools,
					       .stream = field[1][0] == '1',
					       .think_tags = true,
					       .text_tools = OC_TEXT_TOOLS_BRACKET,
					       .server = field[2][0] == '-' ? NULL : field[2] };
	struct oc_decoder *d = oc_decoder_new(protocol, &ctx, NULL);
	int64_t status = 0;

	(void)!oc_parse_int(oc_str(field[3]), 100, 599, &status);
	oc_decoder_head(d, (int)status, header, field[4]);
	for (size_t at = 0; at < bytes.n; at += step)
		(void)!oc_decoder_feed(d, oc_str_head(oc_str_from(bytes, at), step));
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
	json_t *reply = wire_reply_json(oc_decoder_reply(d));
	oc_decoder_free(d);
	return reply;
}

/* Ids that the decoder makes up itself differ from one reply to the next. */
static void forget_ids(json_t *reply)
{
	json_t *call;
	size_t i;

	json_array_foreach (json_object_get(reply, "tool_calls"), i, call)
		json_object_del(call, "id");
}

static void decode_line(char *line)
{
	char *field[FIELDS] = { 0 }, *rest = line;
	struct oc_err e = { 0 };
	struct oc_buf bytes;
	size_t protocol = 0;

	for (size_t i = 0; i < FIELDS; i++) field[i] = strsep(&rest, "\t");
	if (!field[FIELDS - 1] || oc_file_read(field[5], OC_MAX_JSON_BODY_BYTES, &bytes, &e)) {
		fprintf(stderr, "bad line: %s\n", e.msg);
		exit(2);
	}
	while (protocol < OC_PROTOCOLS &&
	       !(protocols[protocol] && !strcmp(protocols[protocol], field[0])))
		protocol++;
	json_t *whole = decode(field, (enum oc_protocol)protocol, oc_buf_view(&bytes), bytes.n + 1);
	json_t *bits = decode(field, (enum oc_protocol)protocol, oc_buf_view(&bytes), 1);
	forget_ids(whole);
	forget_ids(bits);
	char *text = json_equal(whole, bits) ? oc_json_compact(whole) : NULL;
	puts(text ? text : "null");
	free(text);
	json_decref(bits);
	json_decref(whole);
	oc_buf_deinit(&bytes);
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		decode_line(line);
	}
	return 0;
}
