/* The questions of `openclaw onboard` on a terminal. A blank answer takes the default shown in
 * brackets. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/setup/onboard.h"
#include "model/provider/select.h"
#include "rt/tty.h"

enum { MAX_ANSWER = 4096 };

/* ---- one question ---- */

/* The answer without white space around it, in *out (owned; free with oc_free_secret). */
static enum oc_rc ask_wait(const char *prompt, bool secret, char **out)
{
	struct oc_buf b;
	enum oc_rc rc;

	oc_buf_init(&b, MAX_ANSWER);
	rc = oc_tty_ask_wait(prompt, secret, &b);
	if (!rc) {
		struct oc_str s = oc_str_trim(oc_buf_view(&b));
		*out = oc_strndup(s.p, s.n);
	}
	if (b.p) memset(b.p, 0, b.n);
	oc_buf_deinit(&b);
	return rc;
}

static enum oc_rc confirm_wait(const char *question, bool *yes)
{
	char *prompt = oc_asprintf("%s [Y/n] ", question), *answer = NULL;
	enum oc_rc rc = ask_wait(prompt, false, &answer);

	free(prompt);
	if (rc) return rc;
	*yes = *answer == '\0' || oc_str_istarts(oc_str(answer), OC_LIT("y"));
	oc_free_secret(answer);
	return OC_OK;
}

/* A number from 1 to n; dflt (from 1) for a blank answer. 0 in *choice: the answer is another text,
 * in *text (owned). */
static enum oc_rc pick_wait(const char *question, size_t n, size_t dflt, size_t *choice,
			    char **text)
{
	char *prompt = oc_asprintf("%s [%zu]: ", question, dflt);
	int64_t number = 0;
	enum oc_rc rc = ask_wait(prompt, false, text);

	free(prompt);
	if (rc) return rc;
	*choice = 0;
	if (**text == '\0')
		*choice = dflt;
	else if (oc_parse_int(oc_str(*text), 1, (int64_t)n, &number))
		*choice = (size_t)number;
	return OC_OK;
}

/* ---- which provider ---- */

enum oc_rc oc_onboard_ask_choice_wait(struct oc_onboard *o, struct oc_err *e)
{
	const struct oc_auth_choice *all = oc_auth_choices();
	size_t n = 0;

	(void)e;
	fputs("An agent can read and change files and run commands on this machine, as far as its "
	      "settings allow.\n\nWhere do your models run?\n",
	      stderr);
	for (; all[n].name; n++) oc_visible_printf(stderr, "  %zu) %s\n", n + 1, all[n].label);
	while (!o->choice) {
		size_t at;
		char *text;
		enum oc_rc rc = pick_wait("Model provider", n, 1, &at, &text);

		if (rc) return rc;
		o->choice = at ? &all[at - 1] : oc_auth_choice_find(oc_str(text));
		if (!o->choice) fprintf(stderr, "Please type a number from 1 to %zu.\n", n);
		free(text);
	}
	return OC_OK;
}

enum oc_rc oc_onboard_ask_provider_wait(struct oc_onboard *o)
{
	return ask_wait("Name of the provider in the config [custom]: ", false, &o->typed_provider);
}

/* ---- address and key ---- */

/* What a blank answer means; NULL when there is nothing to offer. Owned. */
static char *default_address(struct oc_onboard *o)
{
	struct oc_err e = { 0 };

	if (!o->base_url && oc_onboard_set_base(o, NULL, &e) != OC_OK) return NULL;
	return o->choice->native_list ? oc_lmstudio_server_base(oc_str(o->base_url), false)
				      : oc_strdup(o->base_url);
}

static enum oc_rc ask_base_wait(struct oc_onboard *o, struct oc_err *e)
{
	for (;;) {
		char *dflt = default_address(o), *answer = NULL;
		char *prompt = dflt ? oc_asprintf("%s base URL [%s]: ", o->choice->label, dflt)
				    : oc_asprintf("%s base URL: ", o->choice->label);
		enum oc_rc rc = ask_wait(prompt, false, &answer);

		free(prompt);
		if (!rc) {
			bool kept = *answer == '\0' && dflt;
			if (!kept) rc = oc_onboard_set_base(o, answer, e);
			oc_free_secret(answer);
			if (rc == OC_E_INPUT) {
				oc_visible_printf(stderr, "%s\n", e->msg);
				free(dflt);
				continue;
			}
		}
		free(dflt);
		return rc;
	}
}

/* A key that is at hand already; *taken says whether the person wants it. */
static enum oc_rc offer_known_key_wait(struct oc_onboard *o, bool *taken, struct oc_err *e)
{
	const char *env = NULL;
	enum oc_rc rc;

	*taken = false;
	if (o->choice->native_list && o->config->env)
		env = oc_env_get(o->config->env, "LM_API_TOKEN");
	if (env) {
		rc = confirm_wait("LM_API_TOKEN is set. Use it as the API key?", taken);
		if (!rc && *taken) rc = oc_onboard_set_key(o, env, e);
		return rc;
	}
	if ((rc = oc_onboard_set_key(o, NULL, e))) return rc;
	if (o->key_source == OC_KEY_CONFIG) *taken = true;
	if (o->key_source != OC_KEY_STORED) return OC_OK;
	return confirm_wait("An API key is stored. Keep using it?", taken);
}

static enum oc_rc ask_key_wait(struct oc_onboard *o, struct oc_err *e)
{
	char *prompt, *answer = NULL;
	bool taken;
	enum oc_rc rc = offer_known_key_wait(o, &taken, e);

	if (rc || taken) return rc;
	prompt =
	    oc_asprintf("%s API key (leave blank if authentication is off): ", o->choice->label);
	rc = ask_wait(prompt, true, &answer);
	while (!rc && *answer && oc_onboard_set_key(o, answer, e) != OC_OK) {
		oc_visible_printf(stderr, "%s\n", e->msg);
		oc_free_secret(answer);
		rc = ask_wait(prompt, true, &answer);
	}
	free(prompt);
	if (rc) return rc;
	if (*answer == '\0') { /* none: what was stored is given up */
		oc_free_secret(o->key);
		o->key = NULL;
		o->key_source = OC_KEY_NONE;
	}
	oc_free_secret(answer);
	return OC_OK;
}

/* ---- discovery ---- */

static bool has_chat_model(const struct oc_onboard *o)
{
	return o->found.rc == OC_OK && oc_lmstudio_pick(&o->found.list) != NULL;
}

/* Until there are models. A wrong address or key is asked for again; a server that is down is only
 * tried again. */
static enum oc_rc connect_wait(struct oc_onboard *o, struct oc_err *e)
{
	bool ask = true, again;
	enum oc_rc rc;

	for (;;) {
		if (ask && (rc = ask_base_wait(o, e))) return rc;
		if (ask && (rc = ask_key_wait(o, e))) return rc;
		rc = oc_onboard_discover_wait(o, e);
		if (rc == OC_CANCELLED) return rc;
		if (!rc && has_chat_model(o)) return OC_OK;
		if (!rc) rc = oc_onboard_choose_model(o, NULL, e);
		oc_visible_printf(stderr, "%s\n", e->msg);
		ask = o->found.rc != OC_OK && o->found.reachable;
		if ((rc = confirm_wait("Try again?", &again))) return rc;
		if (!again) return OC_EOF;
	}
}

/* ---- context and model ---- */

static enum oc_rc ask_context_wait(struct oc_onboard *o)
{
	for (;;) {
		int64_t n = 0;
		char *answer = NULL;
		enum oc_rc rc = ask_wait(
		    "Preferred context length in tokens (blank = automatic): ", false, &answer);
		if (rc) return rc;
		bool ok = *answer == '\0' || oc_parse_int(oc_str(answer), 1, INT32_MAX, &n);
		oc_free_secret(answer);
		if (ok) {
			o->preferred_ctx = n;
			return OC_OK;
		}
		fputs("Please type a positive whole number, or nothing.\n", stderr);
	}
}

/* Positions in found.list of what can be chosen. */
static size_t *chat_models(const struct oc_onboard *o, size_t *n)
{
	size_t *at = oc_realloc_array(NULL, o->found.list.n + 1, sizeof *at);

	*n = 0;
	for (size_t i = 0; i < o->found.list.n; i++)
		if (oc_listed_can_chat(&o->found.list.v[i]) &&
		    oc_model_id_usable(oc_str(o->found.list.v[i].id)))
			at[(*n)++] = i;
	return at;
}

static size_t print_models(const struct oc_onboard *o, const size_t *at, size_t n)
{
	const struct oc_listed_model *best = oc_lmstudio_pick(&o->found.list);
	size_t dflt = 1;

	fputs("Models:\n", stderr);
	for (size_t i = 0; i < n; i++) {
		const struct oc_listed_model *m = &o->found.list.v[at[i]];
		char *label = oc_listed_label(m), *key = oc_ref_key(o->provider, m->id);

		oc_visible_printf(stderr, "  %zu) %s  %s\n", i + 1, key,
				  strcmp(label, m->id) ? label : "");
		if (m == best) dflt = i + 1;
		free(key);
		free(label);
	}
	return dflt;
}

static enum oc_rc ask_model_wait(struct oc_onboard *o, struct oc_err *e)
{
	size_t n, at;
	size_t *shown = chat_models(o, &n);
	size_t dflt = print_models(o, shown, n);
	enum oc_rc rc;

	do {
		char *text;

		if ((rc = pick_wait("Default model", n, dflt, &at, &text))) break;
		rc = oc_onboard_choose_model(o, at ? o->found.list.v[shown[at - 1]].id : text, e);
		if (rc) oc_visible_printf(stderr, "%s\n", e->msg);
		free(text);
	} while (rc == OC_E_INPUT);
	free(shown);
	return rc;
}

enum oc_rc oc_onboard_ask_wait(struct oc_onboard *o, struct oc_err *e)
{
	enum oc_rc rc = connect_wait(o, e);

	o->list_all = true;
	if (!rc && o->choice->native_list) rc = ask_context_wait(o);
	if (!rc) rc = ask_model_wait(o, e);
	return rc;
}
