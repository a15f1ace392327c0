/* LM Studio's addresses and its model list as catalog records. Pure; the calls are in
 * lmstudio_discovery.c. */
#include "model/provider/lmstudio.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/codec/reasoning.h"

/* ---- base URL ---- */

static const char *default_base(bool docker)
{
	return docker ? "http://host.docker.internal:1234" : "http://localhost:1234";
}

/* A host as people type it without a scheme: no white space, nothing that a path alone would be. */
static bool looks_like_host(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (oc_is_space(s.p[i])) return false;
	return s.n > 0 && (isalnum((unsigned char)s.p[0]) || s.p[0] == '[');
}

static bool parse_typed(struct oc_str typed, struct oc_url *out)
{
	struct oc_str s = oc_str_trim(typed);
	char *full;
	enum oc_rc rc;

	if (oc_str_has(s, OC_LIT("://"))) return oc_url_parse(s, out, NULL) == OC_OK;
	if (!looks_like_host(s)) return false;
	full = oc_asprintf("http://%.*s", OC_FMT(s));
	rc = oc_url_parse(oc_str(full), out, NULL);
	free(full);
	return rc == OC_OK;
}

static struct oc_str without_slashes(struct oc_str s)
{
	while (s.n > 0 && s.p[s.n - 1] == '/') s.n--;
	return s;
}

static bool cut_suffix(struct oc_str *path, const char *suffix)
{
	size_t n = strlen(suffix);

	if (path->n < n || !oc_str_ieq(oc_str_from(*path, path->n - n), oc_str(suffix)))
		return false;
	*path = oc_str_head(*path, path->n - n);
	return true;
}

char *oc_lmstudio_server_base(struct oc_str url, bool docker)
{
	struct oc_url u;

	if (!parse_typed(url, &u)) return oc_strdup(default_base(docker));
	struct oc_str path = oc_str(u.path);
	path = without_slashes(oc_str_head(path, oc_str_find(path, OC_LIT("?"), 0)));
	if (!cut_suffix(&path, "/api/v1")) cut_suffix(&path, "/v1");
	path = without_slashes(path);
	char *origin = oc_url_origin(&u);
	char *base = oc_asprintf("%s%.*s", origin, OC_FMT(path));
	free(origin);
	oc_url_deinit(&u);
	return base;
}

char *oc_lmstudio_inference_base(const char *server_base)
{
	return oc_asprintf("%s/v1", server_base);
}

bool oc_lmstudio_base_valid(struct oc_str url)
{
	struct oc_url u;

	if (!parse_typed(url, &u)) return false;
	oc_url_deinit(&u);
	return true;
}

/* ---- listed models ---- */

bool oc_listed_can_chat(const struct oc_listed_model *m)
{
	json_t *probe = json_pack("{s:s}", "id", m->id);

	if (m->kind) oc_json_put(probe, "type", json_string(m->kind));
	bool can = oc_record_can_chat(probe);
	json_decref(probe);
	return can;
}

char *oc_listed_label(const struct oc_listed_model *m)
{
	struct oc_strv tags = { 0 };
	const char *name = m->name && oc_model_id_usable(oc_str(m->name)) ? m->name : m->id;
	char *joined, *label;

	if (m->format) oc_strv_add(&tags, oc_str(m->format));
	for (char *c = tags.n ? tags.v[0] : NULL; c && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (m->vision == OC_TRUE) oc_strv_add(&tags, OC_LIT("vision"));
	if (m->tools == OC_TRUE) oc_strv_add(&tags, OC_LIT("tool-use"));
	if (m->loaded == OC_TRUE) oc_strv_add(&tags, OC_LIT("loaded"));
	joined = oc_strv_join(&tags, ", ");
	label = tags.n ? oc_asprintf("%s (%s)", name, joined) : oc_strdup(name);
	free(joined);
	oc_strv_deinit(&tags);
	return label;
}

const struct oc_listed_model *oc_lmstudio_pick(const struct oc_model_list *l)
{
	const struct oc_listed_model *first = NULL, *loaded = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct oc_listed_model *m = &l->v[i];

		if (!oc_model_id_usable(oc_str(m->id)) || !oc_listed_can_chat(m)) continue;
		if (!strcmp(m->id, OC_LMSTUDIO_DEFAULT_MODEL)) return m;
		if (!first) first = m;
		if (!loaded && m->loaded == OC_TRUE) loaded = m;
	}
	return loaded ? loaded : first;
}

/* ---- records ---- */

static int64_t min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static json_t *zero_cost(void)
{
	return json_pack("{s:i,s:i,s:i,s:i}", "input", 0, "output", 0, "cacheRead", 0, "cacheWrite",
			 0);
}

/* The first part of every record. */
static json_t *record_head(const struct oc_listed_model *m, bool reasoning)
{
	struct oc_str name = oc_str_trim(oc_str(m->name));
	json_t *r = json_object(), *input = json_array();

	json_array_append_new(input, json_string("text"));
	if (m->vision == OC_TRUE) json_array_append_new(input, json_string("image"));
	oc_json_put(r, "id", oc_json_new_str(oc_str(m->id)));
	if (!oc_model_id_usable(name)) name = oc_str(m->id);
	oc_json_put(r, "name", oc_json_new_str(name));
	oc_json_put(r, "reasoning", json_boolean(reasoning));
	oc_json_put(r, "input", input);
	oc_json_put(r, "cost", zero_cost());
	return r;
}

static json_t *embedding_record(const struct oc_listed_model *m)
{
	json_t *r = record_head(m, false);

	oc_json_put(r, "type", json_string("embedding"));
	if (m->ctx_max > 0) oc_json_put(r, "contextWindow", json_integer(m->ctx_max));
	return r;
}

static json_t *efforts_array(const struct oc_strv *efforts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < efforts->n; i++)
		json_array_append_new(list, json_string(efforts->v[i]));
	return list;
}

/* NULL when there is nothing to say. */
static json_t *compat_of(const struct oc_listed_model *m, bool *reasoning)
{
	struct oc_strv efforts = { 0 };
	json_t *map = NULL, *compat = json_object();

	*reasoning =
	    oc_reasoning_from_options(&m->allowed_options, m->effort_default, &efforts, &map);
	if (m->tools == OC_TRUE) oc_json_put(compat, "supportsTools", json_true());
	if (*reasoning && efforts.n > 0) {
		oc_json_put(compat, "supportedReasoningEfforts", efforts_array(&efforts));
		oc_json_put(compat, "reasoningEffortMap", map);
	} else
		json_decref(map);
	oc_strv_deinit(&efforts);
	if (json_object_size(compat) > 0) return compat;
	json_decref(compat);
	return NULL;
}

/* A plain /v1/models entry tells nothing but its name (spec 01 §13.3). */
static bool name_says_reasoning(const char *id)
{
	return oc_str_ihas(oc_str(id), "reasoning") || oc_str_ihas(oc_str(id), "r1") ||
	       oc_str_ihas(oc_str(id), "think");
}

static void put_sizes(json_t *r, const struct oc_listed_model *m, int64_t preferred_ctx)
{
	int64_t window = m->ctx_max > 0 ? m->ctx_max : OC_LMSTUDIO_MAX_CONTEXT;
	int64_t loaded = m->loaded == OC_TRUE ? m->ctx : 0;
	int64_t tokens = min_i64(window, OC_LMSTUDIO_CONTEXT), output;

	if (loaded >= OC_LMSTUDIO_MIN_SAVED_CONTEXT)
		tokens = loaded;
	else
		loaded = 0;
	output = min_i64(loaded ? loaded : window, OC_LMSTUDIO_MAX_OUTPUT);
	if (preferred_ctx > 0) {
		tokens = min_i64(preferred_ctx, window);
		output = min_i64(output, tokens);
	}
	oc_json_put(r, "contextWindow", json_integer(window));
	oc_json_put(r, "contextTokens", json_integer(tokens));
	oc_json_put(r, "maxTokens", json_integer(output > 0 ? output : 1));
}

json_t *oc_lmstudio_record(const struct oc_listed_model *m, int64_t preferred_ctx)
{
	bool reasoning;
	json_t *compat, *r;

	if (!oc_listed_can_chat(m)) return embedding_record(m);
	compat = compat_of(m, &reasoning);
	/* D71: without a word of the server the name decides, but only where nothing else was told
	 * either. */
	if (m->allowed_options.n == 0 && !m->effort_default && m->ctx_max == 0)
		reasoning = name_says_reasoning(m->id);
	r = record_head(m, reasoning);
	put_sizes(r, m, preferred_ctx);
	oc_json_put(r, "compat", compat);
	return r;
}

json_t *oc_listed_records(const struct oc_model_list *l, bool chat_only, oc_record_fn *record,
			  int64_t arg)
{
	json_t *out = json_array(), *seen = json_object();

	for (size_t i = 0; i < l->n; i++) {
		const struct oc_listed_model *m = &l->v[i];

		if (!oc_model_id_usable(oc_str(m->id)) || json_object_get(seen, m->id)) continue;
		if (chat_only && !oc_listed_can_chat(m)) continue;
		json_object_set_new(seen, m->id, json_true());
		json_array_append_new(out, record(m, arg));
	}
	json_decref(seen);
	return out;
}

json_t *oc_lmstudio_records(const struct oc_model_list *l, int64_t preferred_ctx, bool chat_only)
{
	return oc_listed_records(l, chat_only, oc_lmstudio_record, preferred_ctx);
}
