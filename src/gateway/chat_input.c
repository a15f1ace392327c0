/* What a client wants said. */
#include "gateway/chat_input.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

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

static enum oc_rc check(const struct attachment *a, size_t *total, struct oc_rpc_error *e)
{
	if (!a->base64 || !is_base64(a->base64))
		return oc_rpc_invalid(e, "attachment %.80s: content must be base64", a->name);
	size_t bytes = strlen(a->base64) / 4 * 3;
	*total += bytes;
	if (strncmp(a->mime, "image/", 6) != 0)
		return oc_rpc_invalid(
		    e,
		    "attachment %.80s: only images can be attached; put text into the message or the file into the workspace",
		    a->name);
	if (bytes > OC_MAX_ATTACHED_IMAGE_BYTES || *total > OC_MAX_ATTACHMENT_BYTES)
		return oc_rpc_invalid(e, "attachment %.80s: too large (an image up to %d bytes)",
				      a->name, OC_MAX_ATTACHED_IMAGE_BYTES);
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
	if (json_array_size(list))
		in.images = oc_realloc_array(NULL, json_array_size(list), sizeof *in.images);
	json_array_foreach (list, i, one) {
		struct attachment a = read_attachment(one);
		if ((rc = check(&a, &total, e))) break;
		in.images[in.n_images++] = (struct oc_ask_image){ a.mime, a.base64, a.name };
	}
	if (rc)
		free(in.images);
	else
		*out = in;
	return rc;
}

void oc_chat_input_deinit(struct oc_chat_input *in)
{
	free(in->images);
	in->images = NULL;
}
