/* Answers of servers as text. */
#include "tool/mcp/content.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/special.h"
#include "base/visible.h"
#include "net/base64.h"
#include "tool/internal.h"
#include "tool/mcp/message.h"

enum { MAX_LABEL = 300, MAX_ITEMS = 2000, MAX_REFUSAL = 2000 };

static void add_break(struct oc_tool_result *out)
{
	if (out->text.n && out->text.p[out->text.n - 1] != '\n') oc_buf_addc(&out->text, '\n');
}

static void add_label(struct oc_tool_result *out, struct oc_str s)
{
	oc_visible_add(&out->text, s, MAX_LABEL);
}

/* [image image/png, 1234 bytes, not shown] */
static void add_blob(struct oc_tool_result *out, const char *what, const json_t *item,
		     const char *key)
{
	size_t n = oc_json_str(item, key).n;

	add_break(out);
	oc_buf_addf(&out->text, "[%s ", what);
	add_label(out, oc_json_str(item, "mimeType"));
	oc_buf_addf(&out->text, ", %zu bytes, not shown]", n / 4 * 3);
}

static void add_text(struct oc_tool_result *out, struct oc_str text)
{
	add_break(out);
	oc_tool_result_add(out, text);
}

static void add_resource(struct oc_tool_result *out, const json_t *resource)
{
	struct oc_str text = oc_json_str(resource, "text");

	if (text.p)
		add_text(out, text);
	else if (json_object_get(resource, "blob"))
		add_blob(out, "data", resource, "blob");
}

static void add_link(struct oc_tool_result *out, const json_t *item)
{
	add_break(out);
	oc_buf_adds(&out->text, "[resource ");
	add_label(out, oc_json_str(item, "uri"));
	oc_buf_addc(&out->text, ' ');
	add_label(out, oc_json_str(item, "name"));
	oc_buf_addc(&out->text, ']');
}

/* With padding and line ends, as servers send it. False: it is no base64, or too long. */
static bool decode(struct oc_str base64, struct oc_buf *out)
{
	struct oc_buf url;
	bool ok;

	oc_buf_init(&url, 2 * (size_t)OC_MAX_ATTACHED_IMAGE_BYTES);
	for (size_t i = 0; i < base64.n && !url.bad; i++) {
		char c = base64.p[i];

		if (c == '+') c = '-';
		if (c == '/') c = '_';
		if (c != '=' && !oc_is_space(c)) oc_buf_addc(&url, c);
	}
	ok = !url.bad && oc_base64url_decode(oc_buf_view(&url), out);
	oc_buf_deinit(&url);
	return ok;
}

/* What is no image would make the model's server refuse the conversation from then on. */
static bool show_image(struct oc_tool_result *out, const json_t *item)
{
	struct oc_buf bytes;
	const char *mime = NULL;

	oc_buf_init(&bytes, OC_MAX_ATTACHED_IMAGE_BYTES);
	if (decode(oc_json_str(item, "data"), &bytes)) mime = oc_image_mime(oc_buf_view(&bytes));
	if (mime) {
		add_break(out);
		oc_buf_addf(&out->text, "[image %s, %zu bytes, shown here]", mime, bytes.n);
		out->image.mime = oc_strdup(mime);
		out->image.base64 = oc_base64_encode(oc_buf_view(&bytes));
	}
	oc_buf_deinit(&bytes);
	return mime != NULL;
}

static void add_item(struct oc_tool_result *out, const json_t *item, bool vision)
{
	struct oc_str type = oc_json_str(item, "type");

	if (oc_str_eq(type, OC_LIT("text")))
		add_text(out, oc_json_str(item, "text"));
	else if (oc_str_eq(type, OC_LIT("image"))) {
		if (!vision || out->image.base64 || !show_image(out, item))
			add_blob(out, "image", item, "data");
	} else if (oc_str_eq(type, OC_LIT("audio")))
		add_blob(out, "sound", item, "data");
	else if (oc_str_eq(type, OC_LIT("resource")))
		add_resource(out, json_object_get(item, "resource"));
	else if (oc_str_eq(type, OC_LIT("resource_link")))
		add_link(out, item);
}

void oc_mcp_content_add(const json_t *result, bool vision, struct oc_tool_result *out)
{
	const json_t *content = json_object_get(result, "content"), *item;
	const json_t *structured = json_object_get(result, "structuredContent");
	size_t i, before = out->text.n;

	json_array_foreach (content, i, item) {
		if (i < MAX_ITEMS && !out->text.bad) add_item(out, item, vision);
	}
	if (out->text.n == before && structured) {
		char *text = oc_json_compact(structured);
		oc_tool_result_add(out, oc_str(text));
		free(text);
	}
	if (out->text.n == before) oc_buf_adds(&out->text, "(no output)");
	if (out->text.bad) oc_buf_adds(&out->text, "\n[the rest was too long]");
	out->is_error = oc_json_bool(result, "isError", false);
}

void oc_mcp_refusal_add(const json_t *refusal, struct oc_tool_result *out)
{
	oc_buf_adds(&out->text, "The server refused: ");
	oc_mcp_error_text(refusal, MAX_REFUSAL, &out->text);
	out->is_error = true;
}

void oc_mcp_resource_add(const json_t *result, struct oc_tool_result *out)
{
	const json_t *contents = json_object_get(result, "contents"), *item;
	size_t i, before = out->text.n;

	json_array_foreach (contents, i, item) {
		if (i < MAX_ITEMS) add_resource(out, item);
	}
	if (out->text.n == before) oc_buf_adds(&out->text, "(empty)");
}

/* ---- descriptions ---- */

/* Up to the first full stop, line end or the like that is followed by white space. */
static struct oc_str first_sentence(struct oc_str s)
{
	s = oc_str_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		bool last = i + 1 == s.n || oc_is_space(s.p[i + 1]);

		if (s.p[i] == '\n' || s.p[i] == '\r') return oc_str_trim(oc_str_head(s, i));
		if (last && i > 3 && strchr(".!?", s.p[i]))
			return oc_str_head(s, s.p[i] == '.' ? i : i + 1);
	}
	return s;
}

void oc_mcp_sentence(struct oc_str description, size_t max, struct oc_buf *out)
{
	struct oc_buf line, safe;

	oc_buf_init(&line, 8 * max);
	oc_buf_init(&safe, 32 * max);
	oc_visible_add(&line, first_sentence(description), max - 10);
	oc_mark_escape(oc_buf_view(&line), &safe);
	oc_special_escape(oc_buf_view(&safe), out);
	oc_buf_deinit(&line);
	oc_buf_deinit(&safe);
}
