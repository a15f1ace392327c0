/* usageStats of auth-profiles.json: failures of keys, and until when they are left alone. */
#include "model/provider/cooldown.h"

#include "base/log.h"
#include "model/provider/auth_profiles.h"
#include "rt/task.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
enum { LAST_USED_GRAIN_MS = 10 * SECOND };

uint32_t oc_key_mark(const char *key)
{
	uint32_t h = 2166136261u; /* FNV-1a: tells keys apart, cannot give one back */

	for (; key && *key; key++) h = (h ^ (unsigned char)*key) * 16777619u;
	return h ? h : 1;
}

/* ---- the document ---- */

static json_t *stats_of(const json_t *doc, const char *id)
{
	return json_object_get(json_object_get(doc, "usageStats"), id);
}

static json_t *member(json_t *o, const char *key)
{
	json_t *m = json_object_get(o, key);

	if (json_is_object(m)) return m;
	m = json_object();
	oc_json_put(o, key, m);
	return m;
}

static void put_int(json_t *o, const char *key, int64_t v)
{
	oc_json_put(o, key, json_integer(v));
}

static int64_t doubling(int64_t first, int64_t n, int64_t cap)
{
	int64_t ms = first;

	while (--n > 0 && ms < cap) ms *= 2;
	return ms < cap ? ms : cap;
}

/* n: failures in a row, or of this reason. */
static int64_t duration(enum oc_profile_effect effect, int64_t n)
{
	static const int64_t ordinary[] = { 30 * SECOND, 60 * SECOND, 300 * SECOND };

	switch (effect) {
	case OC_EFFECT_NONE: return 0;
	case OC_EFFECT_COOLDOWN: return ordinary[n < 3 ? n - 1 : 2];
	case OC_EFFECT_RATE: return doubling(30 * SECOND, n, DAY);
	case OC_EFFECT_BILLING: return doubling(10 * MINUTE, n, DAY);
	case OC_EFFECT_AUTH_PERMANENT: return doubling(10 * MINUTE, n, HOUR);
	}
	return 0;
}

static void drop_counters(json_t *stats, bool keep_rate_limit)
{
	json_t *counts = json_object_get(stats, "failureCounts");
	int64_t rate = oc_json_positive(counts, "rate_limit");

	json_object_del(stats, "errorCount");
	json_object_del(stats, "failureCounts");
	if (keep_rate_limit && rate) put_int(member(stats, "failureCounts"), "rate_limit", rate);
}

static void drop_blocks(json_t *stats)
{
	static const char *const keys[] = { "cooldownUntil", "cooldownReason", "cooldownModel",
					    "disabledUntil", "disabledReason", "keyMark",
					    "lastTry" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) json_object_del(stats, keys[i]);
}

/* A day without failure, or a cooldown that is over, begins a new count. */
static void age(json_t *stats, int64_t now_ms)
{
	int64_t until = oc_json_positive(stats, "cooldownUntil");
	int64_t failed = oc_json_positive(stats, "lastFailureAt");

	if (failed && now_ms - failed > DAY)
		drop_counters(stats, false);
	else if (until && until <= now_ms && !oc_json_positive(stats, "disabledUntil"))
		drop_counters(stats, true);
}

static bool spares_local(enum oc_fail_reason r)
{
	return r == OC_FAIL_TIMEOUT || r == OC_FAIL_SERVER_ERROR || r == OC_FAIL_OVERLOADED;
}

static void cool(json_t *stats, const struct oc_key_failure *f, int64_t until)
{
	const struct oc_fail_policy *p = oc_fail_policy(f->reason);
	int64_t now = oc_json_positive(stats, "cooldownUntil");

	/* Two models in trouble block the key as a whole: there is room for one name only. */
	const char *other = oc_json_cstr(stats, "cooldownModel");
	bool scoped = p->model_scoped && f->model && (!now || (other && !strcmp(other, f->model)));

	put_int(stats, "cooldownUntil", until > now ? until : now);
	oc_json_put(stats, "cooldownReason", json_string(p->name));
	json_object_del(stats, "cooldownModel");
	if (scoped) oc_json_put(stats, "cooldownModel", oc_json_new_str(oc_str(f->model)));
}

void oc_cooldown_fail(json_t *doc, const struct oc_key_failure *f, int64_t now_ms)
{
	const struct oc_fail_policy *p = oc_fail_policy(f->reason);

	if (p->effect == OC_EFFECT_NONE || (f->local && spares_local(f->reason))) return;
	json_t *stats = member(member(doc, "usageStats"), f->id);

	if (f->key_mark && oc_json_positive(stats, "keyMark") != f->key_mark) {
		drop_blocks(stats);
		drop_counters(stats, false);
		put_int(stats, "keyMark", f->key_mark);
	}
	age(stats, now_ms);
	if (oc_json_positive(stats, "cooldownUntil") <= now_ms)
		json_object_del(stats, "cooldownUntil");
	json_t *counts = member(stats, "failureCounts");
	int64_t of_reason = oc_json_positive(counts, p->name) + 1;
	int64_t in_a_row = oc_json_positive(stats, "errorCount") + 1;
	int64_t ms = duration(p->effect, p->effect == OC_EFFECT_COOLDOWN ? in_a_row : of_reason);

	if (p->effect == OC_EFFECT_RATE && f->retry_after_ms > ms)
		ms = f->retry_after_ms < DAY ? f->retry_after_ms : DAY;
	put_int(counts, p->name, of_reason);
	put_int(stats, "errorCount", in_a_row);
	put_int(stats, "lastFailureAt", now_ms);
	if (p->effect == OC_EFFECT_BILLING || p->effect == OC_EFFECT_AUTH_PERMANENT) {
		put_int(stats, "disabledUntil", now_ms + ms);
		oc_json_put(stats, "disabledReason", json_string(p->name));
	} else {
		cool(stats, f, now_ms + ms);
	}
}

bool oc_cooldown_succeed(json_t *doc, const char *id, int64_t now_ms)
{
	json_t *stats = member(member(doc, "usageStats"), id);
	bool news =
	    json_object_get(stats, "errorCount") || json_object_get(stats, "cooldownUntil") ||
	    json_object_get(stats, "disabledUntil") || json_object_get(stats, "failureCounts");

	drop_blocks(stats);
	drop_counters(stats, false);
	if (now_ms - oc_json_positive(stats, "lastUsed") < LAST_USED_GRAIN_MS) return news;
	put_int(stats, "lastUsed", now_ms);
	return true;
}

int64_t oc_cooldown_until(const json_t *doc, const char *id, const char *model, uint32_t key_mark,
			  int64_t now_ms, enum oc_fail_reason *reason)
{
	const json_t *stats = stats_of(doc, id);
	int64_t mark = oc_json_positive(stats, "keyMark");
	int64_t disabled = oc_json_positive(stats, "disabledUntil");
	int64_t cooled = oc_json_positive(stats, "cooldownUntil");
	const char *of = oc_json_cstr(stats, "cooldownModel");

	if (key_mark && mark && mark != key_mark) return 0;
	if (of && model && strcmp(of, model) != 0) cooled = 0;
	bool by_disable = disabled >= cooled;
	int64_t until = by_disable ? disabled : cooled;

	if (until <= now_ms) return 0;
	if (reason)
		*reason = oc_fail_reason_named(
		    oc_json_cstr(stats, by_disable ? "disabledReason" : "cooldownReason"));
	return until;
}

int64_t oc_cooldown_last_try(const json_t *doc, const char *id)
{
	const json_t *stats = stats_of(doc, id);
	int64_t failed = oc_json_positive(stats, "lastFailureAt");
	int64_t tried = oc_json_positive(stats, "lastTry");

	return failed > tried ? failed : tried;
}

void oc_cooldown_note_try(json_t *doc, const char *id, int64_t now_ms)
{
	put_int(member(member(doc, "usageStats"), id), "lastTry", now_ms);
}

/* ---- the file ---- */

static void write_failure(json_t *doc, void *arg)
{
	oc_cooldown_fail(doc, arg, oc_wall_ms());
}

void oc_cooldown_record_failure(const char *agent_dir, const struct oc_key_failure *f)
{
	struct oc_key_failure copy = *f;
	struct oc_err e = { 0 };

	if (oc_fail_policy(f->reason)->effect == OC_EFFECT_NONE) return;
	if (f->local && spares_local(f->reason)) return;
	if (oc_auth_profiles_update(agent_dir, write_failure, &copy, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "auth", "the cooldown of %s is not recorded: %s", f->id, e.msg);
}

static void write_success(json_t *doc, void *arg)
{
	const char *const *id = arg;

	oc_cooldown_succeed(doc, *id, oc_wall_ms());
}

/* Read first: as a rule there is nothing to write. */
static bool worth_writing(const char *agent_dir, const char *id)
{
	struct oc_err e = { 0 };
	json_t *doc;

	if (oc_auth_profiles_load(agent_dir, &doc, &e) != OC_OK) return false;
	bool stored = json_object_get(json_object_get(doc, "profiles"), id) != NULL;
	bool news = (stored || stats_of(doc, id)) && oc_cooldown_succeed(doc, id, oc_wall_ms());

	json_decref(doc);
	return news;
}

void oc_cooldown_record_success(const char *agent_dir, const char *id)
{
	struct oc_err e = { 0 };

	if (!worth_writing(agent_dir, id)) return;
	if (oc_auth_profiles_update(agent_dir, write_success, &id, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "auth", "the use of %s is not recorded: %s", id, e.msg);
}
