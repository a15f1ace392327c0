/* Sessions as JSON lines, Markdown and JSON. */
#include "cli/sessions/sessions_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool oc_export_form_parse(const char *name, enum oc_export_form *out)
{
	static const char *const names[] = { "jsonl", "markdown", "json" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], name) != 0) continue;
		*out = (enum oc_export_form)i;
		return true;
	}
	return false;
}

void oc_message_text(const json_t *message, struct oc_buf *out)
{
	const json_t *content = json_object_get(message, "content"), *part;
	size_t i;

	if (json_is_string(content)) oc_buf_add(out, oc_json_text(content));
	json_array_foreach (content, i, part) {
		const char *type = oc_json_cstr(part, "type");
		if (!type || strcmp(type, "text") != 0) continue;
		if (out->n && out->p[out->n - 1] != '\n') oc_buf_addc(out, '\n');
		oc_buf_add(out, oc_json_str(part, "text"));
	}
}

static void iso(int64_t ms, char out[32])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	char text[24];

	gmtime_r(&seconds, &t);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &t);
	snprintf(out, 32, "%s.%03dZ", text, (int)(ms % 1000));
}

static int64_t time_of(const json_t *message)
{
	const json_t *own = json_object_get(message, "__openclaw");
	int64_t ms = oc_json_positive(own, "recordTimestampMs");

	return ms ? ms : oc_json_positive(message, "timestamp");
}

/* ---- JSON lines ---- */

static void add_line(json_t *event, struct oc_buf *out)
{
	char *text = oc_json_compact(event);

	oc_buf_adds(out, text);
	oc_buf_addc(out, '\n');
	free(text);
	json_decref(event);
}

static void add_jsonl(const json_t *row, const json_t *messages, struct oc_buf *out)
{
	const char *id = oc_json_cstr(row, "sessionId"), *key = oc_json_cstr(row, "key");
	const char *parent = NULL;
	json_t *message;
	char when[32];
	size_t i;

	iso(oc_json_positive(row, "createdAt"), when);
	add_line(json_pack("{s:s,s:i,s:s,s:s,s:s*,s:s}", "type", "session", "version", 4, "id",
			   id ? id : "", "timestamp", when, "cwd", oc_json_cstr(row, "cwd"),
			   "sessionKey", key ? key : ""),
		 out);
	json_array_foreach (messages, i, message) {
		const char *message_id = oc_json_cstr(json_object_get(message, "__openclaw"), "id");
		json_t *body = json_copy(message);

		json_object_del(body, "__openclaw");
		iso(time_of(message), when);
		add_line(json_pack("{s:s,s:s,s:s?,s:s,s:o}", "type", "message", "id",
				   message_id ? message_id : "", "parentId", parent, "timestamp",
				   when, "message", body),
			 out);
		parent = message_id;
	}
}

/* ---- Markdown ---- */

static void add_calls(const json_t *message, struct oc_buf *out)
{
	const json_t *part;
	size_t i;

	json_array_foreach (json_object_get(message, "content"), i, part) {
		const char *type = oc_json_cstr(part, "type"), *name = oc_json_cstr(part, "name");
		const json_t *arguments = json_object_get(part, "arguments");
		if (!type || strcmp(type, "toolCall") != 0) continue;
		char *args = arguments ? oc_json_compact(arguments) : NULL;
		oc_buf_addf(out, "\n> tool `%s` ", name ? name : "?");
		oc_buf_adds(out, args ? args : "");
		oc_buf_addc(out, '\n');
		free(args);
	}
}

static void add_message(const json_t *message, struct oc_buf *out)
{
	const char *role = oc_json_cstr(message, "role"), *tool = oc_json_cstr(message, "toolName");
	char when[32];

	if (!role) return;
	iso(time_of(message), when);
	if (!strcmp(role, "toolResult")) {
		oc_buf_addf(out, "\n**%s** %s\n\n````\n", tool ? tool : "tool", when);
		oc_message_text(message, out);
		oc_buf_adds(out, "\n````\n");
		return;
	}
	oc_buf_addf(out, "\n## %s %s\n\n", role, when);
	oc_message_text(message, out);
	oc_buf_addc(out, '\n');
	add_calls(message, out);
}

static void add_markdown(const json_t *row, const json_t *messages, struct oc_buf *out)
{
	const char *key = oc_json_cstr(row, "key"), *title = oc_json_cstr(row, "label");
	const json_t *message;
	size_t i;

	if (!title) title = oc_json_cstr(row, "derivedTitle");
	oc_buf_addf(out, "# %s\n\nSession %s\n", title ? title : key, key);
	json_array_foreach (messages, i, message) add_message(message, out);
}

void oc_session_export(const json_t *row, const json_t *messages, enum oc_export_form form,
		       struct oc_buf *out)
{
	if (form == OC_EXPORT_JSONL)
		add_jsonl(row, messages, out);
	else if (form == OC_EXPORT_MARKDOWN)
		add_markdown(row, messages, out);
	else {
		json_t *doc = json_pack("{s:O,s:O}", "session", row, "messages", messages);
		char *text = oc_json_pretty(doc);
		oc_buf_adds(out, text);
		free(text);
		json_decref(doc);
	}
}
