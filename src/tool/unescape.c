/*
 * Arguments may repeat text that was shown to the model with its template control words made
 * harmless (base/special.h): here they become what they were, so that an edit finds the bytes of
 * the file.
 */
#include "base/limits.h"
#include "base/special.h"
#include "tool/internal.h"

static json_t *unescape_text(const json_t *v)
{
	struct oc_buf out;
	json_t *string;

	oc_buf_init(&out, OC_MAX_TOOL_ARGS_BYTES);
	oc_special_unescape(oc_json_text(v), &out);
	string = oc_json_new_str(oc_buf_view(&out));
	oc_buf_deinit(&out);
	return string;
}

static json_t *unescape_object(json_t *v)
{
	json_t *out = json_object(), *member;
	const char *key;

	json_object_foreach (v, key, member) oc_json_put(out, key, oc_unescape_args(member));
	return out;
}

static json_t *unescape_array(const json_t *v)
{
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(v); i++)
		json_array_append_new(out, oc_unescape_args(json_array_get(v, i)));
	return out;
}

/* Parsed JSON is at most OC_MAX_JSON_DEPTH deep. */
json_t *oc_unescape_args(json_t *v)
{
	if (json_is_string(v)) return unescape_text(v);
	if (json_is_object(v)) return unescape_object(v);
	if (json_is_array(v)) return unescape_array(v);
	return json_incref(v);
}
