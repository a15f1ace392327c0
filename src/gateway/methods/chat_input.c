/* What a client wants said. */
#include "gateway/methods/chat_input.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/base64.h"

struct attachment {
	const char *name, *mime;
	const char *base64; /* NULL = no text */
};

/* "data:image/png;base64,…" is as good as the bare characters. */
static struct attachment read_attachment(const json_t *a)
{
	const char *name = oc_json_cstr(a, "fileName"), *mime = oc_json_cstr(a, "mimeType");
	const char *content = oc_json_cstr(a, "content");
	const char *comma = content && !strncmp(content, "data:", 5) ? strchr(content, ',') : NULL;

	return (struct attachment){ name ? name : "attachment", mime ? mime : "",
				    comma ? comma + 1 : content };
}

static bool is_base64(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

	return n > 0 && strspn(s + n, "=") < 3 && !s[n + strspn(s + n, "=")];
}

static bool is_text(const char *mime)
{
	return !strncmp(mime, "text/", 5) || !strcmp(mime, "application/json") ||
	       !strcmp(mime, "application/xml") || !strcmp(mime, "application/yaml");
}

/* The other alphabet of base64, without padding. Free with free(). */
static char *url_alphabet(const char *base64)
{
	char *s = oc_strndup(base64, strcspn(base64, "="));

	for (char *p = s; *p; p++) {
		if (*p == '+') *p = '-';
		if (*p == '/') *p = '_';
	}
	return s;
}

/* A text becomes part of the message, with its name. */
static enum oc_rc add_text(struct oc_chat_input *in, const struct attachment *a,
			   struct oc_rpc_error *e)
{
	char *encoded = url_alphabet(a->base64);
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_ATTACHED_TEXT_BYTES);
	bool ok = oc_base64url_decode(oc_str(encoded), &text) && !text.bad &&
		  oc_utf8_valid(oc_buf_view(&text)) && !memchr(text.p, '\0', text.n);
	if (ok) {
		oc_buf_addf(&in->with_files, "\n\n[attached: %.200s]\n", a->name);
		oc_buf_add(&in->with_files, oc_buf_view(&text));
	}
	oc_buf_deinit(&text);
	free(encoded);
	return ok ? OC_OK
		  : oc_rpc_invalid(e, "attachment %.80s: must be UTF-8 text of at most %d bytes",
				   a->name, OC_MAX_ATTACHED_TEXT_BYTES);
}

static enum oc_rc add(struct oc_chat_input *in, const struct attachment *a, size_t *total,
		      struct oc_rpc_error *e)
{
	if (!a->base64 || !is_base64(a->base64))
		return oc_rpc_invalid(e, "attachment %.80s: content must be base64", a->name);
	size_t bytes = strlen(a->base64) / 4 * 3;
	*total += bytes;
	if (is_text(a->mime)) return add_text(in, a, e);
	if (strncmp(a->mime, "image/", 6) != 0)
		return oc_rpc_invalid(
		    e,
		    "attachment %.80s: only images and texts can be attached; put the file into the workspace",
		    a->name);
	if (bytes > OC_MAX_ATTACHED_IMAGE_BYTES || *total > OC_MAX_ATTACHMENT_BYTES)
		return oc_rpc_invalid(e, "attachment %.80s: too large (an image up to %d bytes)",
				      a->name, OC_MAX_ATTACHED_IMAGE_BYTES);
	in->images[in->n_images++] = (struct oc_ask_image){ a->mime, a->base64, a->name };
	return OC_OK;
}

enum oc_rc oc_chat_input_init(struct oc_chat_input *out, const json_t *params,
			      struct oc_rpc_error *e)
{
	const json_t *list = json_object_get(params, "attachments"), *one;
	struct oc_chat_input in = { .message = oc_json_str(params, "message") };
	size_t i, total = 0;
	enum oc_rc rc = OC_OK;

	if (!oc_str_trim(in.message).n && !json_array_size(list))
		return oc_rpc_invalid(e, "message or attachment required");
	oc_buf_init(&in.with_files, OC_MAX_FRAME_BYTES);
	oc_buf_add(&in.with_files, in.message);
	if (json_array_size(list))
		in.images = oc_realloc_array(NULL, json_array_size(list), sizeof *in.images);
	json_array_foreach (list, i, one) {
		struct attachment a = read_attachment(one);
		if ((rc = add(&in, &a, &total, e))) break;
	}
	if (rc)
		oc_chat_input_deinit(&in);
	else {
		if (in.with_files.n > in.message.n) in.message = oc_buf_view(&in.with_files);
		*out = in;
	}
	return rc;
}

void oc_chat_input_deinit(struct oc_chat_input *in)
{
	free(in->images);
	in->images = NULL;
	oc_buf_deinit(&in->with_files);
}
