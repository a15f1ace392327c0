/* Candidates, which of them are asked, and what is said about it. */
#include "model/call/failover.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/provider/auth_profiles.h"
#include "model/provider/cooldown.h"
#include "model/provider/credential.h"
#include "rt/task.h"

enum { PROBE_EVERY_MS = 30000, MESSAGE_CHARS = 200, AT_ONCE = 64 };

/* ---- candidates ---- */

/* Takes what it is given. seen: keys so far, so that a long list stays quick. */
static void add(struct oc_candidates *l, json_t *seen, struct oc_candidate *c)
{
	if (json_object_get(seen, c->target.key)) {
		oc_selection_deinit(&c->target);
		oc_strv_deinit(&c->warnings);
		return;
	}
	json_object_set_new(seen, c->target.key, json_true());
	if (l->n % AT_ONCE == 0) l->v = oc_realloc_array(l->v, l->n + AT_ONCE, sizeof *l->v);
	l->v[l->n++] = *c;
}

static void add_reference(struct oc_candidates *l, json_t *seen, const struct oc_catalog *c,
			  const char *ref)
{
	struct oc_candidate next = { 0 };
	struct oc_err e = { 0 };

	if (oc_select(c, oc_str(ref), &next.target, &next.warnings, &e) == OC_OK) {
		add(l, seen, &next);
		return;
	}
	oc_log(OC_LOG_WARN, "models", "fallback %s is skipped: %s", ref, e.msg);
	oc_strv_deinit(&next.warnings);
}

static void add_others(struct oc_candidates *out, json_t *seen, const struct oc_catalog *c,
		       const struct oc_candidate_wish *wish)
{
	struct oc_candidate primary = { 0 };
	struct oc_err ignored = { 0 };

	for (size_t i = 0; wish->fallbacks && i < wish->fallbacks->n; i++)
		add_reference(out, seen, c, wish->fallbacks->v[i]);
	if (!wish->requested || !oc_primary_ref(c->config, "model")) return;
	if (oc_select_default(c, &primary.target, &primary.warnings, &ignored) == OC_OK)
		add(out, seen, &primary);
	else
		oc_strv_deinit(&primary.warnings);
}

enum oc_rc oc_candidates_init(struct oc_candidates *out, const struct oc_catalog *c,
			      const struct oc_candidate_wish *wish, struct oc_err *e)
{
	struct oc_candidate first = { 0 };
	enum oc_rc rc = wish->requested ? oc_select(c, oc_str(wish->requested), &first.target,
						    &first.warnings, e)
					: oc_select_default(c, &first.target, &first.warnings, e);

	*out = (struct oc_candidates){ 0 };
	if (rc != OC_OK) {
		oc_strv_deinit(&first.warnings);
		return rc;
	}
	json_t *seen = json_object();

	add(out, seen, &first);
	if (!wish->strict) add_others(out, seen, c, wish);
	json_decref(seen);
	return OC_OK;
}

void oc_candidates_deinit(struct oc_candidates *l)
{
	for (size_t i = 0; i < l->n; i++) {
		oc_selection_deinit(&l->v[i].target);
		oc_strv_deinit(&l->v[i].warnings);
	}
	free(l->v);
	*l = (struct oc_candidates){ 0 };
}

/* ---- the walk ---- */

void oc_failover_init(struct oc_failover *f, const struct oc_catalog *c,
		      const struct oc_candidates *candidates)
{
	*f = (struct oc_failover){ .catalog = c, .candidates = candidates };
}

void oc_failover_deinit(struct oc_failover *f)
{
	for (size_t i = 0; i < f->n_failed; i++) {
		free(f->failed[i].key);
		free(f->failed[i].message);
	}
	free(f->failed);
	oc_strv_deinit(&f->probed);
	*f = (struct oc_failover){ 0 };
}

/* The first line of what was said, without its key and of a sane length. */
static char *short_message(const char *key, const char *message)
{
	struct oc_str s = oc_str_trim(oc_str(message));
	size_t end = oc_str_find(s, OC_LIT("\n"), 0);

	s = oc_str_head(s, end);
	if (oc_str_starts(s, oc_str(key))) s = oc_str_trim(oc_str_from(s, strlen(key)));
	if (oc_str_starts(s, OC_LIT(":"))) s = oc_str_trim(oc_str_from(s, 1));
	if (s.n > MESSAGE_CHARS) s = oc_str_head(s, oc_utf8_floor(s.p, MESSAGE_CHARS));
	return s.n ? oc_strndup(s.p, s.n) : oc_strdup("no details");
}

static void note(struct oc_failover *f, const char *key, enum oc_fail_reason reason,
		 const char *message)
{
	f->failed = oc_realloc_array(f->failed, f->n_failed + 1, sizeof *f->failed);
	f->failed[f->n_failed++] =
	    (struct oc_failed_attempt){ oc_strdup(key), short_message(key, message), reason };
}

struct cooled {
	char *usage_id;
	enum oc_fail_reason reason;
	int64_t until;
};

static void note_try(json_t *doc, void *arg)
{
	const struct cooled *c = arg;

	oc_cooldown_note_try(doc, c->usage_id, oc_wall_ms());
}

/* The last failure counts as a look, too. */
static bool interval_is_over(const struct oc_failover *f, const struct cooled *c)
{
	const char *dir = f->catalog->config->paths.agent_dir;
	struct oc_err e = { 0 };
	json_t *doc;

	if (oc_auth_profiles_load(dir, &doc, &e) != OC_OK) return true;
	int64_t last = oc_cooldown_last_try(doc, c->usage_id);

	json_decref(doc);
	return oc_wall_ms() - last >= PROBE_EVERY_MS;
}

/* Whether a key that cools down is tried all the same: rarely, once a run, and only where the
 * trouble may have passed. */
static bool probe_is_due(struct oc_failover *f, size_t i, struct cooled *c)
{
	const struct oc_selection *first = &f->candidates->v[0].target;
	const char *provider = f->candidates->v[i].target.provider->id;
	enum oc_probe_rule rule = oc_fail_policy(c->reason)->probe;
	struct oc_err e = { 0 };

	if (rule == OC_PROBE_NEVER || (rule == OC_PROBE_PRIMARY && i > 0)) return false;
	if (i > 0 && strcmp(provider, first->provider->id) != 0) return false;
	if (oc_strv_has(&f->probed, oc_str(provider)) || !interval_is_over(f, c)) return false;
	oc_strv_add(&f->probed, oc_str(provider));
	if (oc_auth_profiles_update(f->catalog->config->paths.agent_dir, note_try, c, &e))
		oc_log(OC_LOG_WARN, "auth", "%s", e.msg);
	return true;
}

static void pass_over(struct oc_failover *f, const char *key, const struct cooled *c)
{
	char *text = oc_asprintf("in cooldown for %lld s",
				 (long long)(c->until - oc_wall_ms() + 999) / 1000);

	note(f, key, c->reason, text);
	oc_log(OC_LOG_INFO, "models", "%s is passed over: %s (%s)", key, text,
	       oc_fail_policy(c->reason)->name);
	if (!f->soonest_free_ms || c->until < f->soonest_free_ms) f->soonest_free_ms = c->until;
	free(text);
}

/* ---- fallbacks whose key was refused ---- */

/* 0 = they are tried each time. */
static uint64_t skip_ms(const struct oc_failover *f)
{
	enum { LEAST = 1000, MOST = 600000 };
	const struct oc_env *env = f->catalog->config->env;
	const char *set = env ? oc_env_get(env, "OPENCLAW_FALLBACK_SKIP_TTL_MS") : NULL;
	int64_t ms = 0;

	if (!set || !oc_parse_int(oc_str_trim(oc_str(set)), 0, INT64_MAX, &ms) || ms == 0) return 0;
	return ms < LEAST ? LEAST : ms > MOST ? MOST : (uint64_t)ms;
}

static struct oc_skipped_model *skipped(const struct oc_fallback_state *s, const char *key)
{
	for (size_t i = 0; s && i < s->n_skipped; i++)
		if (!strcmp(s->skipped[i].key, key)) return &s->skipped[i];
	return NULL;
}

/* The selected model is never skipped: a key that was mended must be noticed. */
static void mark_skipped(struct oc_failover *f, size_t i, enum oc_fail_reason reason)
{
	const char *key = f->candidates->v[i].target.key;
	uint64_t ms = skip_ms(f);
	struct oc_fallback_state *s = f->state;

	if (!s || i == 0 || !ms || (reason != OC_FAIL_AUTH && reason != OC_FAIL_AUTH_PERMANENT))
		return;
	struct oc_skipped_model *m = skipped(s, key);

	if (!m) {
		s->skipped = oc_realloc_array(s->skipped, s->n_skipped + 1, sizeof *s->skipped);
		m = &s->skipped[s->n_skipped++];
		m->key = oc_strdup(key);
	}
	m->until_ms = oc_now_ms() + ms;
}

static bool skips(struct oc_failover *f, size_t i)
{
	const char *key = f->candidates->v[i].target.key;
	const struct oc_skipped_model *m = i ? skipped(f->state, key) : NULL;

	if (!m || !skip_ms(f) || oc_now_ms() >= m->until_ms) return false;
	note(f, key, OC_FAIL_AUTH, "its key was refused a moment ago");
	oc_log(OC_LOG_INFO, "models", "%s is passed over: its key was refused a moment ago", key);
	return true;
}

bool oc_failover_admits(struct oc_failover *f, size_t i)
{
	const struct oc_selection *t = &f->candidates->v[i].target;
	struct cooled c = { 0 };
	bool admitted = true;

	if (skips(f, i)) return false;

	if (f->candidates->n > 1)
		c.until = oc_credential_cooled_until(f->catalog, t->provider, t->profile,
						     t->model_id, &c.usage_id, &c.reason);
	if (c.until) admitted = probe_is_due(f, i, &c);
	if (admitted)
		f->n_tried++;
	else
		pass_over(f, t->key, &c);
	free(c.usage_id);
	return admitted;
}

void oc_failover_failed(struct oc_failover *f, size_t i, const struct oc_call_error *error,
			const char *message)
{
	const struct oc_selection *t = &f->candidates->v[i].target;
	enum oc_fail_reason reason = oc_fail_reason_of(error);
	const char *said = error->message && *error->message ? error->message : message;

	if (reason == OC_FAIL_NONE) reason = OC_FAIL_UNCLASSIFIED;
	note(f, t->key, reason, said);
	mark_skipped(f, i, reason);
	oc_log(OC_LOG_WARN, "models",
	       "model failed: provider=%s model=%s reason=%s status=%d attempt=%zu/%zu",
	       t->provider->id, t->model_id, oc_fail_policy(reason)->name, error->status, i + 1,
	       f->candidates->n);
	if (reason == OC_FAIL_MODEL_NOT_FOUND && i + 1 < f->candidates->n)
		oc_log(OC_LOG_WARN, "models", "%s does not exist there; %s takes its place", t->key,
		       f->candidates->v[i + 1].target.key);
}

enum oc_fail_reason oc_failover_first_reason(const struct oc_failover *f)
{
	return f->n_failed ? f->failed[0].reason : OC_FAIL_NONE;
}

void oc_failover_explain(const struct oc_failover *f, struct oc_buf *out)
{
	if (f->n_failed < 2) return;
	if (!f->n_tried && f->soonest_free_ms)
		oc_buf_addf(out, "all candidates are in cooldown, the first is free in %lld s:",
			    (long long)(f->soonest_free_ms - oc_wall_ms() + 999) / 1000);
	else
		oc_buf_addf(out, "all %zu models failed:", f->n_failed);
	for (size_t i = 0; i < f->n_failed; i++)
		oc_buf_addf(out, "\n%s: %s (%s)", f->failed[i].key, f->failed[i].message,
			    oc_fail_policy(f->failed[i].reason)->name);
}

/* ---- notices ---- */

void oc_fallback_state_deinit(struct oc_fallback_state *s)
{
	for (size_t i = 0; i < s->n_skipped; i++) free(s->skipped[i].key);
	free(s->skipped);
	free(s->fallback);
	*s = (struct oc_fallback_state){ 0 };
}

char *oc_fallback_notice(struct oc_fallback_state *s, const char *selected, const char *used,
			 enum oc_fail_reason reason)
{
	bool fell = strcmp(selected, used) != 0;
	char *text = NULL;

	if (fell && (!s->fallback || strcmp(s->fallback, used) != 0))
		text = oc_asprintf("↪️ Model Fallback: %s (selected %s; %s)", used, selected,
				   oc_fail_policy(reason)->name);
	else if (!fell && s->fallback)
		text = oc_asprintf("↪️ Model Fallback cleared: %s (was %s)", selected,
				   s->fallback);
	if (!text) return NULL;
	free(s->fallback);
	s->fallback = fell ? oc_strdup(used) : NULL;
	return text;
}
