/* The parts of a request body that all APIs share: the person's parameters, tool schemas, replayed
 * arguments. */
#include "model/codec/request.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

const char oc_request_no_output[] = "(no output)";
const char oc_request_no_images[] = "[image left out: this model takes no images]";

json_t *oc_request_one(const char *key, json_t *value)
{
	json_t *o = json_object();

	json_object_set_new(o, key, value);
	return o;
}

/* ---- tools ---------------------------------------------------------------------------- */

/* Depth is that of our own tool schemas or of one that the JSON reader let pass. */
static void strip_keywords(json_t *schema, const struct oc_strv *keywords)
{
	const char *key;
	json_t *v;
	size_t i;

	for (i = 0; i < keywords->n; i++) {
		/* A property may bear the name of a keyword: then its value is a schema. */
		if (json_is_string(json_object_get(schema, keywords->v[i])) ||
		    json_is_number(json_object_get(schema, keywords->v[i])))
			json_object_del(schema, keywords->v[i]);
	}
	json_object_foreach (schema, key, v) strip_keywords(v, keywords);
	json_array_foreach (schema, i, v) strip_keywords(v, keywords);
}

bool oc_request_has_tools(const struct oc_request *r)
{
	return json_array_size(r->tools) && r->compat->supports_tools;
}

json_t *oc_request_schema(const struct oc_request *r, const json_t *function)
{
	json_t *schema = json_object_get(function, "parameters"), *copy;

	if (!schema || !r->compat->unsupported_schema_keywords.n) return json_incref(schema);
	copy = json_deep_copy(schema);
	strip_keywords(copy, &r->compat->unsupported_schema_keywords);
	return copy;
}

/* ---- parameters of the person --------------------------------------------------------- */

bool oc_is_number(const json_t *v)
{
	return json_is_number(v);
}

bool oc_is_integer(const json_t *v)
{
	return json_is_integer(v);
}

bool oc_is_boolean(const json_t *v)
{
	return json_is_boolean(v);
}

bool oc_is_object(const json_t *v)
{
	return json_is_object(v);
}

json_t *oc_request_param(const struct oc_request *r, const char *key, const char *camel,
			 oc_param_fits_fn *fits)
{
	json_t *v = json_object_get(r->params, key);

	if (!v) v = json_object_get(r->params, camel);
	if (!v || json_is_null(v)) return NULL;
	if (fits(v)) return v;
	oc_log(OC_LOG_WARN, "models", "request parameter %s has the wrong type and is left out",
	       key);
	return NULL;
}

json_t *oc_request_stop(json_t *v)
{
	json_t *list, *word;
	size_t i;

	if (json_is_string(v)) return json_string_length(v) ? json_incref(v) : NULL;
	list = json_array();
	json_array_foreach (v, i, word)
		if (json_string_length(word)) json_array_append(list, word);
	if (json_array_size(list)) return list;
	json_decref(list);
	return NULL;
}

int64_t oc_request_limit(const struct oc_request *r)
{
	int64_t limit = oc_json_positive(r->params, "max_tokens");

	if (!limit) limit = oc_json_positive(r->params, "maxTokens");
	if (!limit || (r->max_tokens && r->max_tokens < limit)) limit = r->max_tokens;
	return limit;
}

static bool any_of(const char *key, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(key, *list)) return true;
	return false;
}

void oc_request_extra_body(const struct oc_request *r, json_t *body)
{
	static const char *const never[] = { "__proto__", "prototype", "constructor", NULL };
	static const char *const native_only[] = { "store", "prompt_cache_key",
						   "prompt_cache_retention", NULL };
	static const char *const ours[] = { "messages", "input", "system", "model", NULL };
	json_t *extra = oc_request_param(r, "extra_body", "extraBody", oc_is_object), *v;
	const char *key;

	json_object_foreach (extra, key, v) {
		if (any_of(key, never) || (!r->compat->native && any_of(key, native_only)))
			continue;
		if (!strcmp(key, "stream")) {
			oc_log(OC_LOG_WARN, "models",
			       "extra_body.stream is ignored: requests are streamed");
			continue;
		}
		if (any_of(key, ours))
			oc_log(OC_LOG_WARN, "models", "extra_body overrides %s of the request",
			       key);
		json_object_set(body, key, v);
	}
}

/* ---- replay ----------------------------------------------------------------------------- */

json_t *oc_request_arguments_text(const struct oc_tool_call *call)
{
	struct oc_err e = { 0 };
	json_t *v = call->arguments ? oc_json_parse(oc_str(call->arguments), NULL, &e) : NULL;
	char *written = !json_is_object(v) && call->args ? oc_json_compact(call->args) : NULL;
	json_t *out = json_string(json_is_object(v) ? call->arguments : written ? written : "{}");

	json_decref(v);
	free(written);
	return out ? out : json_string("{}");
}

json_t *oc_request_arguments(const struct oc_tool_call *call)
{
	struct oc_err e = { 0 };
	json_t *v = call->arguments ? oc_json_parse(oc_str(call->arguments), NULL, &e) : NULL;

	if (json_is_object(v)) return v;
	json_decref(v);
	return call->args ? json_incref(call->args) : json_object();
}

json_t *oc_request_image_url(const struct oc_image *image)
{
	char *data = oc_asprintf("data:%s;base64,%s", image->mime, image->base64);
	json_t *url = json_string(data);

	free(data);
	return url;
}

size_t oc_request_last_user(const struct oc_messages *m)
{
	for (size_t i = m->n; i-- > 0;)
		if (m->v[i].role == OC_ROLE_USER) return i;
	return 0;
}

bool oc_request_replays(const struct oc_request *r, size_t message)
{
	const struct oc_message *m = &r->messages->v[message];

	return m->thoughts && m->thoughts_origin && r->origin &&
	       !strcmp(m->thoughts_origin, r->origin) &&
	       message > oc_request_last_user(r->messages);
}
