/* The accounts of a gateway: which there are, started, stopped, changed with the configuration. */
#include "channel/channels.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/internal.h"

enum { KEPT_DAYS = 7, PRUNE_EVERY_MS = 3600000, SETTLE_MS = 5000, DAY_MS = 86400000 };

struct oc_snapshot *oc_channels_snapshot(struct oc_channels *c)
{
	return c->spec.snapshot(c->spec.arg);
}

/* ---- finding ---- */

struct oc_account *oc_account_find(struct oc_channels *c, const char *channel, const char *id)
{
	struct oc_account *first = NULL;

	for (struct oc_account *a = c->accounts; a; a = a->next) {
		if (a->closing || strcmp(a->pub.channel->id, channel) != 0) continue;
		if (id ? !strcmp(a->pub.id, id) : !strcmp(a->pub.id, "default")) return a;
		first = a;
	}
	return id ? NULL : first;
}

struct oc_account *oc_account_use(struct oc_channels *c, const char *channel, const char *id)
{
	struct oc_account *a = oc_account_find(c, channel, id);

	if (a && !a->pub.adapter) return NULL; /* it did not start */
	if (a) a->users++;
	return a;
}

void oc_account_give_back(struct oc_account *a)
{
	if (a && !--a->users && a->closer) oc_wait_end(a->closer, OC_OK);
}

/* ---- what adapters tell ---- */

static const char *const state_names[] = { "stopped", "starting", "running", "waiting", "failed" };

void oc_channel_account_tell(struct oc_channel_account *a, enum oc_channel_state state,
			     const char *fmt, ...)
{
	va_list ap;
	char text[600];

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	bool news = state != a->state || strcmp(text, a->trouble ? a->trouble : "") != 0;
	a->state = state;
	free(a->trouble);
	a->trouble = *text ? oc_strdup(text) : NULL;
	if (!news) return;
	oc_log(state >= OC_CHANNEL_WAITING ? OC_LOG_WARN : OC_LOG_INFO, "channels", "%s/%s %s%s%s",
	       a->channel->id, a->id, state_names[state], *text ? ": " : "", text);
	if (!a->owner->spec.told) return;
	json_t *event = json_pack("{s:s,s:s,s:s}", "channel", a->channel->id, "accountId", a->id,
				  "state", state_names[state]);
	a->owner->spec.told(a->owner->spec.arg, "channels.changed", event);
	json_decref(event);
}

void oc_channel_account_name(struct oc_channel_account *a, const char *name)
{
	free(a->name);
	a->name = name ? oc_strdup(name) : NULL;
}

static char *kept_id(const struct oc_channel_account *a, const char *name)
{
	return oc_asprintf("%s/%s/%s", a->channel->id, a->id, name);
}

enum oc_rc oc_channel_keep_wait(struct oc_channel_account *a, const char *name, json_t *value,
				struct oc_err *e)
{
	char *id = kept_id(a, name);
	enum oc_rc rc =
	    oc_store_put_wait(a->owner->spec.store, "channel-state", id, oc_wall_ms(), value, e);

	free(id);
	return rc;
}

enum oc_rc oc_channel_kept_wait(struct oc_channel_account *a, const char *name, json_t **out,
				struct oc_err *e)
{
	char *id = kept_id(a, name);
	enum oc_rc rc = oc_store_get_wait(a->owner->spec.store, "channel-state", id, out, e);

	free(id);
	if (rc != OC_E_NOT_FOUND) return rc;
	*out = NULL;
	return OC_OK;
}

/* ---- starting and stopping one ---- */

static void start(struct oc_channels *c, const struct oc_channel *channel, const char *id,
		  json_t *config)
{
	struct oc_account *a = oc_new(struct oc_account);
	struct oc_err e = { 0 };
	enum oc_rc rc;

	a->pub = (struct oc_channel_account){ .channel = channel,
					      .owner = c,
					      .id = oc_strdup(id),
					      .config = config,
					      .scope = oc_scope_new_in(c->scope),
					      .started_ms = oc_wall_ms() };
	a->next = c->accounts;
	c->accounts = a;
	oc_channel_account_tell(&a->pub, OC_CHANNEL_STARTING, "%s", "");
	rc = channel->start(&a->pub, &e);
	if (rc) {
		oc_channel_account_tell(&a->pub, OC_CHANNEL_FAILED, "%s", e.msg);
		return;
	}
	if (channel->commands && c->spec.commands) {
		json_t *commands = c->spec.commands(c->spec.arg);

		channel->commands(&a->pub, commands);
		json_decref(commands);
	}
}

static void stop_wait(struct oc_channels *c, struct oc_account *a)
{
	struct oc_account **at;

	a->closing = true;
	oc_scope_cancel(a->pub.scope);
	oc_scope_join_wait(a->pub.scope);
	while (a->users) {
		struct oc_wait w = { 0 };

		a->closer = &w;
		oc_wait_park_uncancellable(&w, OC_NO_DEADLINE);
		a->closer = NULL;
	}
	for (at = &c->accounts; *at != a;) at = &(*at)->next;
	*at = a->next;
	if (a->pub.adapter) a->pub.channel->stop(&a->pub);
	oc_scope_free(a->pub.scope);
	json_decref(a->pub.config);
	free(a->pub.trouble);
	free(a->pub.name);
	free(a->pub.id);
	free(a);
}

/* ---- what the configuration asks for ---- */

/* Secrets may be named instead of written: {source: "env", id: "NAME"}. One that names nothing is
 * not there, and the adapter says what it misses. */
static void resolve_references(json_t *section, const struct oc_env *env)
{
	const char *name, *id, *value;
	json_t *v;
	void *next;

	json_object_foreach_safe(section, next, name, v)
	{
		id = oc_json_cstr(v, "id");
		if (!id || !oc_str_eq(oc_json_str(v, "source"), OC_LIT("env"))) continue;
		value = oc_env_get(env, id);
		if (value)
			json_object_set_new(section, name, json_string(value));
		else
			json_object_del(section, name);
	}
}

/* The section of one account: that of the channel, and its own on top. */
static json_t *section_of(const json_t *channel, const json_t *own, const struct oc_env *env)
{
	json_t *v = json_deep_copy(channel);

	json_object_del(v, "accounts");
	json_object_del(v, "defaultAccount");
	if (own) {
		json_t *copy = json_deep_copy(own);

		json_object_update(v, copy);
		json_decref(copy);
	}
	resolve_references(v, env);
	return v;
}

/* {account: section} of a channel that is switched on; empty when it is not. */
static json_t *wanted_of(const struct oc_channel *channel, const json_t *config,
			 const struct oc_env *env)
{
	json_t *section = json_object_get(config, channel->id), *all = json_object(), *own;
	json_t *accounts = json_object_get(section, "accounts");
	const char *id;

	if (!json_is_object(section) || !oc_json_bool(section, "enabled", true)) return all;
	json_object_foreach (accounts, id, own)
		if (json_is_object(own) && oc_json_bool(own, "enabled", true))
			json_object_set_new(all, id, section_of(section, own, env));
	json_t *base = section_of(section, NULL, env);
	/* Without accounts, or with a token of its own, the channel itself is one. */
	if (!json_object_get(all, "default") &&
	    (!json_object_size(accounts) ||
	     (channel->check && channel->check(base, "default", &(struct oc_err){ 0 }) == OC_OK)))
		json_object_set(all, "default", base);
	json_decref(base);
	return all;
}

static bool is_same(const struct oc_account *a, const json_t *wanted)
{
	return wanted && json_equal(a->pub.config, (json_t *)(uintptr_t)wanted);
}

static struct oc_account *changed_one(struct oc_channels *c, const struct oc_channel *channel,
				      const json_t *wanted)
{
	for (struct oc_account *a = c->accounts; a; a = a->next)
		if (a->pub.channel == channel && !a->closing &&
		    !is_same(a, json_object_get(wanted, a->pub.id)))
			return a;
	return NULL;
}

static void apply_channel_wait(struct oc_channels *c, const struct oc_channel *channel,
			       const json_t *config, const struct oc_env *env)
{
	json_t *wanted = wanted_of(channel, config, env), *section;
	struct oc_account *a;
	const char *id;

	while ((a = changed_one(c, channel, wanted))) stop_wait(c, a);
	json_object_foreach (wanted, id, section)
		if (!oc_account_find(c, channel->id, id))
			start(c, channel, id, json_incref(section));
	json_decref(wanted);
}

static void apply_wait(struct oc_channels *c)
{
	struct oc_snapshot *s = oc_channels_snapshot(c);
	const json_t *config = oc_config_get(&s->config, "channels");

	for (size_t i = 0; oc_channel_adapters[i] && !c->stopping; i++)
		apply_channel_wait(c, oc_channel_adapters[i], config, s->config.env);
	oc_snapshot_unref(s);
	oc_in_lanes_wake_wait(c);
	oc_out_lanes_wake_wait(c);
}

static void reload(void *arg)
{
	struct oc_channels *c = arg;

	do {
		c->reload_again = false;
		apply_wait(c);
	} while (c->reload_again && !c->stopping);
	c->reloading = false;
}

void oc_channels_reload(struct oc_channels *c)
{
	if (!c || c->stopping) return;
	c->reload_again = true;
	if (c->reloading) return;
	c->reloading = true;
	oc_scope_spawn(c->scope, reload, c);
}

/* ---- life ---- */

static void prune(void *arg)
{
	struct oc_channels *c = arg;
	struct oc_err e = { 0 };

	do {
		int64_t before = oc_wall_ms() - (int64_t)KEPT_DAYS * DAY_MS;

		if (oc_store_boxes_prune_wait(c->spec.store, before, &e) != OC_OK)
			oc_log(OC_LOG_WARN, "channels", "%s", e.msg);
	} while (oc_sleep_wait(PRUNE_EVERY_MS) == OC_OK);
}

enum oc_rc oc_channels_start_wait(const struct oc_channels_spec *spec, struct oc_channels **out,
				  struct oc_err *e)
{
	struct oc_channels *c = oc_new(struct oc_channels);
	int64_t unknown = 0;
	enum oc_rc rc;

	c->spec = *spec;
	rc = oc_store_boxes_recover_wait(spec->store, &unknown, e);
	if (rc) {
		free(c);
		return oc_wrap(e, "outbox");
	}
	if (unknown)
		oc_log(OC_LOG_WARN, "channels",
		       "%lld message%s being sent when the gateway stopped; whether they arrived "
		       "is not known: see `openclaw channels outbox`",
		       (long long)unknown, unknown == 1 ? " was" : "s were");
	c->scope = oc_scope_new();
	oc_routes_load_wait(c);
	oc_message_tool_offer(spec->sessions, c);
	oc_scope_spawn(c->scope, prune, c);
	apply_wait(c);
	*out = c;
	return OC_OK;
}

void oc_channels_drain(struct oc_channels *c)
{
	if (c) c->draining = true;
}

void oc_channels_stop_wait(struct oc_channels *c)
{
	if (!c) return;
	c->stopping = true;
	oc_message_tool_offer(c->spec.sessions, NULL);
	oc_out_lanes_settle_wait(c, oc_deadline_in(SETTLE_MS));
	oc_scope_cancel(c->scope);
	oc_scope_join_wait(c->scope);
	while (c->accounts) stop_wait(c, c->accounts);
	oc_out_lanes_free(c);
	oc_scope_free(c->scope);
	json_decref(c->routes);
	free(c);
}

/* ---- webhooks ---- */

bool oc_channels_webhook_wait(struct oc_channels *c, struct oc_exchange *x)
{
	static const struct oc_str prefix = OC_LIT("/channels/");
	struct oc_str path = oc_str(oc_exchange_path(x)), rest;
	bool handled = false;

	if (!c || !oc_str_starts(path, prefix)) return false;
	rest = oc_str_from(path, prefix.n);
	size_t slash = oc_str_find(rest, OC_LIT("/"), 0);
	if (slash == SIZE_MAX) return false;
	char *id = oc_strndup(rest.p, slash), *tail = oc_strdup(rest.p + slash + 1);
	char *account = strchr(tail, '/');
	if (account) *account++ = '\0';
	struct oc_account *a = oc_account_use(c, id, account && *account ? account : NULL);
	if (a && a->pub.channel->webhook_wait) {
		a->pub.channel->webhook_wait(&a->pub, tail, x);
		handled = true;
	}
	oc_account_give_back(a);
	free(id);
	free(tail);
	return handled;
}

/* ---- status ---- */

static json_t *time_or_null(int64_t ms)
{
	return ms ? json_integer(ms) : json_null();
}

static json_t *account_json_wait(struct oc_account *a, bool probe)
{
	const struct oc_channel_account *p = &a->pub;
	json_t *o =
	    json_pack("{s:s,s:b,s:b,s:b,s:b,s:s,s:o,s:o,s:o}", "accountId", p->id, "enabled", true,
		      "configured", p->adapter != NULL, "running",
		      p->adapter && p->state != OC_CHANNEL_FAILED, "connected",
		      p->state == OC_CHANNEL_RUNNING, "state", state_names[p->state], "lastStartAt",
		      time_or_null(p->started_ms), "lastInboundAt", time_or_null(p->heard_ms),
		      "lastOutboundAt", time_or_null(p->spoke_ms));
	const char *policy = oc_json_cstr(p->config, "dmPolicy");

	oc_json_put(o, "dmPolicy", json_string(policy ? policy : "pairing"));
	if (p->name) oc_json_put(o, "name", oc_json_new_str(oc_str(p->name)));
	oc_json_put(o, "lastError", p->trouble ? oc_json_new_str(oc_str(p->trouble)) : json_null());
	if (!probe || !p->adapter || !p->channel->probe_wait) return o;
	struct oc_err e = { 0 };
	json_t *found = json_object();
	enum oc_rc rc;

	a->users++;
	rc = p->channel->probe_wait(&a->pub, found, &e);
	oc_account_give_back(a);
	oc_json_put(found, "ok", json_boolean(!rc));
	if (rc) oc_json_put(found, "error", oc_json_new_str(oc_str(e.msg)));
	oc_json_put(o, "probe", found);
	return o;
}

static json_t *accounts_json_wait(struct oc_channels *c, const struct oc_channel *channel,
				  bool probe)
{
	json_t *list = json_array();
	struct oc_strv ids = { 0 };

	for (struct oc_account *a = c->accounts; a; a = a->next)
		if (a->pub.channel == channel && !a->closing) oc_strv_add(&ids, oc_str(a->pub.id));
	oc_strv_sort(&ids);
	for (size_t i = 0; i < ids.n; i++) {
		struct oc_account *a = oc_account_find(c, channel->id, ids.v[i]);

		if (a) json_array_append_new(list, account_json_wait(a, probe));
	}
	oc_strv_deinit(&ids);
	return list;
}

static void add_channel_wait(struct oc_channels *c, const struct oc_channel *channel, bool probe,
			     json_t *status)
{
	json_t *accounts = accounts_json_wait(c, channel, probe), *first, *one, *chosen;
	size_t i;

	first = json_array_get(accounts, 0);
	json_array_foreach (accounts, i, one)
		if (!strcmp(oc_json_cstr(one, "accountId"), "default")) first = one;
	if (!first) {
		json_decref(accounts);
		return;
	}
	chosen = json_deep_copy(first);
	json_object_set_new(json_object_get(status, "channels"), channel->id, chosen);
	json_object_set_new(json_object_get(status, "channelLabels"), channel->id,
			    json_string(channel->label));
	json_object_set(json_object_get(status, "channelDefaultAccountId"), channel->id,
			json_object_get(first, "accountId"));
	json_object_set_new(json_object_get(status, "channelAccounts"), channel->id, accounts);
	json_array_append_new(json_object_get(status, "channelOrder"), json_string(channel->id));
}

json_t *oc_channels_status_wait(struct oc_channels *c, const char *channel, bool probe)
{
	struct oc_box_counts n = { 0 };
	json_t *status = json_pack("{s:I,s:{},s:[],s:{},s:{},s:{}}", "ts", (json_int_t)oc_wall_ms(),
				   "channels", "channelOrder", "channelLabels", "channelAccounts",
				   "channelDefaultAccountId");

	if (!c) return status;
	for (size_t i = 0; oc_channel_adapters[i]; i++)
		if (!channel || !strcmp(channel, oc_channel_adapters[i]->id))
			add_channel_wait(c, oc_channel_adapters[i], probe, status);
	if (oc_store_boxes_count_wait(c->spec.store, &n, &(struct oc_err){ 0 }) == OC_OK)
		oc_json_put(status, "outbox",
			    json_pack("{s:I,s:I,s:I,s:I}", "waiting", (json_int_t)n.waiting,
				      "queued", (json_int_t)n.queued, "failed",
				      (json_int_t)n.failed, "unknown", (json_int_t)n.unknown));
	return status;
}
