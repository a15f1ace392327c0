/* Bodies of calls to the Cloud API. */
#include "channel/whatsapp/request.h"

#include "base/mem.h"
#include "base/utf8.h"

/* The first n characters; characters are code points here, as the platform counts them. */
static struct oc_str head_chars(struct oc_str s, size_t n)
{
	size_t at = 0;
	uint32_t cp;

	while (at < s.n && n--) at += oc_utf8_next(oc_str_from(s, at), &cp);
	return oc_str_head(s, at);
}

static json_t *envelope(const struct oc_wa_to *to, const char *type, json_t *content)
{
	json_t *body =
	    json_pack("{s:s,s:s,s:s,s:s}", "messaging_product", "whatsapp", "recipient_type",
		      to->group ? "group" : "individual", "to", to->chat, "type", type);

	oc_json_put(body, type, content);
	if (to->reply_to)
		oc_json_put(body, "context", json_pack("{s:s}", "message_id", to->reply_to));
	return body;
}

json_t *oc_wa_text_body(const struct oc_wa_to *to, struct oc_str text)
{
	json_t *content = json_pack("{s:b}", "preview_url", 0);

	oc_json_put(content, "body", oc_json_new_str(text));
	return envelope(to, "text", content);
}

json_t *oc_wa_buttons_body(const struct oc_wa_to *to, struct oc_str text,
			   const struct oc_wa_button *v, size_t n)
{
	json_t *buttons = json_array(), *said = json_object();

	for (size_t i = 0; i < n && i < OC_WA_BUTTONS; i++) {
		struct oc_str title = head_chars(oc_str(v[i].title), OC_WA_BUTTON_TITLE_CHARS);
		json_t *reply = json_pack("{s:s}", "id", v[i].id);

		oc_json_put(reply, "title", oc_json_new_str(title));
		json_array_append_new(buttons,
				      json_pack("{s:s,s:o}", "type", "reply", "reply", reply));
	}
	oc_json_put(said, "text", oc_json_new_str(text));
	return envelope(to, "interactive",
			json_pack("{s:s,s:o,s:{s:o}}", "type", "button", "body", said, "action",
				  "buttons", buttons));
}

/* ---- files ---- */

enum { MIB = 1048576 };
static const struct {
	const char *mime, *kind;
} media_types[] = {
	{ "image/jpeg", "image" }, { "image/png", "image" },  { "audio/aac", "audio" },
	{ "audio/amr", "audio" },  { "audio/mpeg", "audio" }, { "audio/mp4", "audio" },
	{ "audio/ogg", "audio" },  { "video/mp4", "video" },  { "video/3gpp", "video" },
};

const char *oc_wa_media_kind(const char *mime)
{
	struct oc_str s = oc_str(mime);

	s = oc_str_trim(oc_str_head(s, oc_str_find(s, OC_LIT(";"), 0)));
	for (size_t i = 0; i < sizeof media_types / sizeof *media_types; i++)
		if (oc_str_ieq(s, oc_str(media_types[i].mime))) return media_types[i].kind;
	return "document";
}

size_t oc_wa_media_max(const char *kind)
{
	static const struct {
		const char *kind;
		size_t bytes;
	} rows[] = { { "image", 5 * MIB }, { "audio", 16 * MIB }, { "video", 16 * MIB } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].kind, kind)) return rows[i].bytes;
	return 100 * MIB;
}

json_t *oc_wa_media_body(const struct oc_wa_to *to, const char *kind, const char *media_id,
			 struct oc_str caption, const char *file_name)
{
	json_t *content = json_pack("{s:s}", "id", media_id);

	if (caption.n && strcmp(kind, "audio") != 0)
		oc_json_put(content, "caption", oc_json_new_str(caption));
	if (file_name && !strcmp(kind, "document"))
		oc_json_put(content, "filename", oc_json_new_str(oc_str(file_name)));
	return envelope(to, kind, content);
}

/* ---- the rest ---- */

json_t *oc_wa_reaction_body(const struct oc_wa_to *to, const char *message_id, const char *emoji)
{
	json_t *content = json_pack("{s:s}", "message_id", message_id);

	oc_json_put(content, "emoji", oc_json_new_str(oc_str(emoji)));
	return envelope(to, "reaction", content);
}

json_t *oc_wa_read_body(const char *message_id, bool typing)
{
	json_t *body = json_pack("{s:s,s:s,s:s}", "messaging_product", "whatsapp", "status", "read",
				 "message_id", message_id);

	if (typing) oc_json_put(body, "typing_indicator", json_pack("{s:s}", "type", "text"));
	return body;
}

static json_t *one_line(struct oc_str text)
{
	struct oc_buf line;
	bool space = false;

	text = oc_str_trim(text);
	oc_buf_init(&line, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		bool blank = oc_is_space(text.p[i]);

		if (!blank) oc_buf_addc(&line, text.p[i]);
		if (blank && !space) oc_buf_addc(&line, ' ');
		space = blank;
	}
	json_t *out = oc_json_new_str(head_chars(oc_buf_view(&line), OC_WA_CAPTION_CHARS));

	oc_buf_deinit(&line);
	return out;
}

json_t *oc_wa_template_body(const struct oc_wa_to *to, const char *name, const char *language,
			    struct oc_str text)
{
	json_t *content = json_pack("{s:s,s:{s:s}}", "name", name, "language", "code", language);

	if (oc_str_trim(text).n)
		oc_json_put(content, "components",
			    json_pack("[{s:s,s:[{s:s,s:o}]}]", "type", "body", "parameters", "type",
				      "text", "text", one_line(text)));
	return envelope(to, "template", content);
}

bool oc_wa_number(struct oc_str in, char out[16])
{
	size_t n = 0;

	in = oc_str_trim(in);
	if (oc_str_starts(in, OC_LIT("+"))) in = oc_str_from(in, 1);
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c >= '0' && c <= '9' && n < 15)
			out[n++] = c;
		else if (!strchr(" -()./", c) || !c)
			return false;
	}
	out[n] = '\0';
	return n >= 7;
}
