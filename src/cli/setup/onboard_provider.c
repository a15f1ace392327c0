/* Setting up one provider: address, key, what it offers, which model. Failures name the remedy
 * (spec 01 §3.8). */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/setup/onboard.h"
#include "model/provider/credential.h"
#include "model/provider/discovery.h"
#include "model/provider/learned.h"

enum { MAX_CHOICES = 32 };

static struct oc_auth_choice choice_of(const struct oc_provider_kind *k)
{
	bool native = k->load == OC_LOAD_LMSTUDIO;

	return (struct oc_auth_choice){
		.kind = k,
		.name = k->id,
		.label = k->label,
		.provider = k->id,
		.base_url = k->base_url,
		.marker = k->marker,
		.keyed_marker = native ? k->key_variable : "secretref-managed",
		.native_list = native,
		.remedy = k->start_hint,
	};
}

const struct oc_auth_choice *oc_auth_choices(void)
{
	static struct oc_auth_choice all[MAX_CHOICES];
	size_t n = 0;

	if (all[0].name) return all;
	for (size_t i = 0; i < oc_provider_kinds_n && n < MAX_CHOICES - 3; i++)
		if (oc_provider_kinds[i].onboarding) all[n++] = choice_of(&oc_provider_kinds[i]);
	all[n] = choice_of(oc_custom_kind);
	all[n].provider = NULL;
	all[n++].name = "custom-api-key";
	all[n] = (struct oc_auth_choice){ .name = "skip", .label = "None for now" };
	return all;
}

const struct oc_auth_choice *oc_auth_choice_find(struct oc_str name)
{
	for (const struct oc_auth_choice *c = oc_auth_choices(); c->name; c++)
		if (oc_str_ieq(oc_str(c->name), name) || oc_str_ieq(oc_str(c->label), name))
			return c;
	return NULL;
}

/* ---- address ---- */

static enum oc_rc check_url(struct oc_str s, struct oc_err *e)
{
	struct oc_url u;
	enum oc_rc rc = oc_url_parse(s, &u, e);

	if (rc) return oc_wrap(e, "base URL \"%.*s\"", OC_FMT(oc_str_head(s, 200)));
	if (u.had_userinfo)
		rc = oc_fail(e, OC_E_INPUT,
			     "the base URL holds a user name or password: give the key with "
			     "--custom-api-key instead");
	oc_url_deinit(&u);
	return rc;
}

static enum oc_rc set_plain_base(struct oc_onboard *o, struct oc_str s, struct oc_err *e)
{
	if (s.n == 0)
		return oc_fail(e, OC_E_INPUT,
			       "--custom-base-url is needed for this provider, for "
			       "example http://127.0.0.1:8080/v1");
	while (s.n > 0 && s.p[s.n - 1] == '/') s.n--;
	enum oc_rc rc = check_url(s, e);
	if (!rc) o->base_url = oc_strndup(s.p, s.n);
	return rc;
}

/* Nothing typed: what the config says, else the default; never what the environment says for
 * others. */
static enum oc_rc set_lmstudio_base(struct oc_onboard *o, struct oc_str typed, struct oc_err *e)
{
	const char *docker =
	    o->config->env ? oc_env_get(o->config->env, "OPENCLAW_DOCKER_SETUP") : NULL;
	struct oc_str s = typed.n ? typed : oc_json_str(o->entry, "baseUrl");
	char *server;

	if (typed.n && !oc_lmstudio_base_valid(typed))
		return oc_fail(
		    e, OC_E_INPUT,
		    "base URL \"%.*s\" is no http or https address; LM Studio listens on "
		    "http://localhost:1234",
		    OC_FMT(oc_str_head(typed, 200)));
	server = oc_lmstudio_server_base(s, docker && strcmp(docker, "0") != 0);
	o->base_url = oc_lmstudio_inference_base(server);
	free(server);
	return OC_OK;
}

enum oc_rc oc_onboard_set_base(struct oc_onboard *o, const char *typed, struct oc_err *e)
{
	struct oc_str s = oc_str_trim(oc_str(typed));
	struct oc_str configured = oc_str_trim(oc_json_str(o->entry, "baseUrl"));

	free(o->base_url);
	o->base_url = NULL;
	o->keep_base = s.n == 0 && configured.n > 0;
	if (o->choice->native_list) return set_lmstudio_base(o, s, e);
	if (s.n == 0) s = configured;
	if (s.n == 0) s = oc_str(o->choice->base_url);
	return set_plain_base(o, s, e);
}

/* ---- key ---- */

static enum oc_rc take_key(struct oc_onboard *o, struct oc_str key, struct oc_err *e)
{
	for (size_t i = 0; i < key.n; i++)
		if ((unsigned char)key.p[i] <= ' ' || (unsigned char)key.p[i] >= 0x7f)
			return oc_fail(e, OC_E_INPUT,
				       "the API key holds white space or a control character");
	o->key = oc_strndup(key.p, key.n);
	o->key_source = OC_KEY_NEW;
	return OC_OK;
}

enum oc_rc oc_onboard_set_key(struct oc_onboard *o, const char *key, struct oc_err *e)
{
	struct oc_str typed = oc_str_trim(oc_str(key));
	struct oc_provider *known = oc_catalog_provider(o->catalog, oc_str(o->provider));
	struct oc_credential cred;

	oc_free_secret(o->key);
	o->key = NULL;
	o->key_source = OC_KEY_NONE;
	if (typed.n > 0) return take_key(o, typed, e);
	if (!known || oc_credential_resolve(o->catalog, known, NULL, &cred, NULL) != OC_OK)
		return OC_OK;
	if (cred.profile_id)
		o->key_source = OC_KEY_STORED;
	else if (cred.key || oc_str_ends(oc_str(cred.source), OC_LIT(" headers")))
		o->key_source = OC_KEY_CONFIG;
	o->key = cred.key;
	cred.key = NULL;
	oc_credential_deinit(&cred);
	return OC_OK;
}

/* ---- what the server says ---- */

static enum oc_rc no_answer(const struct oc_onboard *o, struct oc_err *e)
{
	const struct oc_discovery *d = &o->found;

	if (d->rc == OC_E_DENIED)
		return oc_fail(e, OC_E_DENIED, "%s at %s: %s", o->choice->label, o->base_url,
			       d->error);
	if (d->status >= 400)
		return oc_fail(e, OC_E_UPSTREAM,
			       "%s at %s answered HTTP %d. Check the base URL and the API key%s",
			       o->choice->label, o->base_url, d->status,
			       o->choice->native_list ? " (--lmstudio-api-key or LM_API_TOKEN)"
						      : " (--custom-api-key)");
	if (d->reachable)
		return oc_fail(e, OC_E_UPSTREAM, "%s at %s: %s. Check the base URL",
			       o->choice->label, o->base_url, d->error);
	return oc_fail(e, OC_E_UPSTREAM, "%s could not be reached at %s (%s). %s", o->choice->label,
		       o->base_url, d->error, o->choice->remedy);
}

static void ask_server_wait(struct oc_onboard *o, const struct oc_guard *g)
{
	struct oc_strv headers = { 0 };

	oc_entry_headers(o->config->env, o->entry, o->api, o->key, NULL, &headers);
	fprintf(stderr, "Looking for models at %s ...\n", o->base_url);
	const struct oc_server server = { o->choice->kind, o->base_url, g, &headers };
	oc_discover_wait(&server, OC_DISCOVERY_TIMEOUT_MS, &o->found);
	for (size_t i = 0; i < headers.n; i++) memset(headers.v[i], 0, strlen(headers.v[i]));
	oc_strv_deinit(&headers);
}

/* A server without a list is usable when the person names the model. */
static bool list_not_needed(const struct oc_onboard *o)
{
	const char *named = oc_args_get(o->args, "--custom-model-id");

	return !o->choice->native_list && named && *named &&
	       (o->found.status == 404 || o->found.status == 405 || o->found.status == 501);
}

enum oc_rc oc_onboard_discover_wait(struct oc_onboard *o, struct oc_err *e)
{
	struct oc_guard g;
	enum oc_rc rc = oc_guard_init(&g, oc_str(o->base_url), oc_entry_allow_private(o->entry), e);

	if (rc) return rc;
	oc_discovery_deinit(&o->found);
	ask_server_wait(o, &g);
	oc_guard_deinit(&g);
	if (o->found.rc == OC_CANCELLED) return OC_CANCELLED;
	if (o->found.rc && !list_not_needed(o)) return no_answer(o, e);
	if (o->found.shows && o->choice->kind == oc_custom_kind)
		oc_learned_note(o->config->paths.agent_dir, o->base_url, NULL, "kind",
				json_string(o->found.shows));
	return OC_OK;
}

/* ---- model ---- */

static enum oc_rc no_models(const struct oc_onboard *o, struct oc_err *e)
{
	return oc_fail(e, OC_E_UPSTREAM, "No LLM models found at %s. %s", o->base_url,
		       o->choice->native_list
			   ? "Download one in LM Studio (or with: lms get <model>), then try again"
			   : "Load a model into the server, then try again");
}

static enum oc_rc unknown_model(const struct oc_onboard *o, const char *wanted, struct oc_err *e)
{
	struct oc_strv ids = { 0 };

	for (size_t i = 0; i < o->found.list.n; i++)
		if (oc_listed_can_chat(&o->found.list.v[i]))
			oc_strv_add_once(&ids, oc_str(o->found.list.v[i].id));
	char *list = oc_strv_join(&ids, ", ");
	oc_fail(e, OC_E_INPUT, "model \"%.200s\" was not found at %s. Available: %s", wanted,
		o->base_url, list);
	free(list);
	oc_strv_deinit(&ids);
	return OC_E_INPUT;
}

static const struct oc_listed_model *find_listed(const struct oc_onboard *o, const char *wanted)
{
	struct oc_str s = oc_str_trim(oc_str(wanted));
	size_t n = strlen(o->provider);
	const struct oc_listed_model *m = oc_model_list_find(&o->found.list, s);

	if (m || s.n <= n + 1 || s.p[n] != '/' || !oc_str_istarts(s, oc_str(o->provider))) return m;
	return oc_model_list_find(&o->found.list, oc_str_from(s, n + 1));
}

enum oc_rc oc_onboard_choose_model(struct oc_onboard *o, const char *wanted, struct oc_err *e)
{
	const struct oc_listed_model *m = oc_lmstudio_pick(&o->found.list);
	bool named = wanted && oc_str_trim(oc_str(wanted)).n > 0;

	free(o->model);
	o->model = NULL;
	if (o->found.rc != OC_OK && named) { /* no list at all, see list_not_needed */
		o->model = oc_strdup(wanted);
		return OC_OK;
	}
	if (!m) return no_models(o, e);
	if (named) m = find_listed(o, wanted);
	if (!m || !oc_listed_can_chat(m)) return unknown_model(o, wanted, e);
	o->model = oc_strdup(m->id);
	return OC_OK;
}

json_t *oc_onboard_records(const struct oc_onboard *o, bool for_config)
{
	json_t *records =
	    oc_discovered_records(&o->found.list, o->choice->kind, o->preferred_ctx, for_config);

	if (json_array_size(records) == 0 && o->model)
		json_array_append_new(records,
				      json_pack("{s:s,s:s}", "id", o->model, "name", o->model));
	return records;
}
