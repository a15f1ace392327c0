/* Deliveries of jobs and heartbeats (spec 03 §8.1). */
#include "gateway/process/delivery_port.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "channel/channels.h"
#include "model/provider/fetch.h"

enum { WEBHOOK_MS = 30000 };

/* ---- over a channel ---- */

/* "telegram:123", the first owner with a channel; NULL: nobody owns the commands. Borrowed. */
static const char *owner_of(const struct oc_config *config)
{
	const json_t *list = oc_config_get(config, "commands.ownerAllowFrom"), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *s = json_string_value(item);
		if (s && strchr(s, ':')) return s;
	}
	return NULL;
}

/* The name and chat that d means, "owner" replaced. OC_E_NOT_FOUND. */
static enum oc_rc resolve_owner(const struct oc_snapshot *s, const struct oc_delivery *d,
				const char **channel, const char **to, struct oc_err *e)
{
	*channel = d->channel;
	*to = d->to;
	if (strcmp(d->channel, "owner") != 0) return OC_OK;
	*channel = NULL;
	*to = owner_of(&s->config);
	if (*to) return OC_OK;
	return oc_fail(e, OC_E_NOT_FOUND,
		       "nobody owns the commands: see commands.ownerAllowFrom, or approve a "
		       "pairing code");
}

static enum oc_rc find_target_wait(struct oc_gateway *gw, const struct oc_delivery *d,
				   struct oc_channel_target *out, struct oc_err *e)
{
	struct oc_snapshot *s = oc_gateway_snapshot(gw);
	const char *channel, *to;
	enum oc_rc rc = resolve_owner(s, d, &channel, &to, e);

	if (!rc && !to && channel && !strcmp(channel, "last"))
		rc = oc_channels_target_of_session_wait(gw->channels, d->session_key, out, e);
	else if (!rc)
		rc = oc_channels_resolve_wait(gw->channels, channel, d->account, to, out, e);
	oc_snapshot_unref(s);
	if (!rc && d->thread) {
		free(out->thread);
		out->thread = oc_strdup(d->thread);
	}
	return rc;
}

static enum oc_rc announce_wait(struct oc_gateway *gw, const struct oc_delivery *d,
				struct oc_err *e)
{
	struct oc_channel_target target = { 0 };
	struct oc_delivery_result result = { 0 };
	char *key = d->id ? oc_asprintf("cron/%s", d->id) : NULL;
	enum oc_rc rc = find_target_wait(gw, d, &target, e);
	const struct oc_delivery_order order = {
		.target = &target, .markdown = d->text, .key = key, .session_key = d->session_key
	};

	if (!rc) rc = oc_channels_deliver_wait(gw->channels, &order, &result, e);
	oc_delivery_result_deinit(&result);
	oc_channel_target_deinit(&target);
	free(key);
	return rc;
}

/* ---- by a POST ---- */

/* The operator wrote the address: its origin may be anywhere but where clouds keep their secrets.
 * Nothing it answers is followed. */
static enum oc_rc post_wait(const struct oc_guard *guard, const struct oc_delivery *d,
			    const char *token, struct oc_err *e)
{
	char *body = oc_json_compact(d->event);
	struct oc_strv headers = { 0 };
	struct oc_fetch answer;
	enum oc_rc rc;

	oc_strv_add(&headers, OC_LIT("Content-Type: application/json"));
	if (d->id) oc_strv_addf(&headers, "Idempotency-Key: %s", d->id);
	if (token) oc_strv_addf(&headers, "Authorization: Bearer %s", token);
	const struct oc_http_request req = { .method = "POST",
					     .url = d->to,
					     .guard = guard,
					     .headers = &headers,
					     .body = oc_str(body),
					     .context = "cron webhook",
					     .no_redirects = true };

	rc = oc_fetch_wait(&req, WEBHOOK_MS, OC_MAX_ERROR_BODY_BYTES, &answer, e);
	if (!rc && answer.status / 100 != 2)
		rc = oc_fail(e, OC_E_UPSTREAM, "the webhook answered with HTTP %d", answer.status);
	oc_fetch_deinit(&answer);
	oc_strv_deinit(&headers);
	free(body);
	return rc;
}

static enum oc_rc webhook_wait(struct oc_gateway *gw, const struct oc_delivery *d, struct oc_err *e)
{
	struct oc_snapshot *s = oc_gateway_snapshot(gw);
	struct oc_guard guard;
	enum oc_rc rc = oc_guard_init(&guard, oc_str(d->to), OC_UNSET, e);

	if (!rc) {
		rc =
		    post_wait(&guard, d,
			      json_string_value(oc_config_get(&s->config, "cron.webhookToken")), e);
		oc_guard_deinit(&guard);
	}
	oc_snapshot_unref(s);
	return rc;
}

/* ---- the port ---- */

static enum oc_rc deliver_wait(void *arg, const struct oc_delivery *d, struct oc_err *e)
{
	return d->mode == OC_DELIVERY_WEBHOOK ? webhook_wait(arg, d, e) : announce_wait(arg, d, e);
}

static enum oc_rc check_webhook(const struct oc_delivery *d, struct oc_err *e)
{
	struct oc_guard guard;
	enum oc_rc rc = oc_guard_init(&guard, oc_str(d->to), OC_UNSET, e);

	if (rc) return rc;
	rc = oc_guard_check_host(&guard, &guard.base, e);
	oc_guard_deinit(&guard);
	return rc;
}

static enum oc_rc check(void *arg, const struct oc_delivery *d, struct oc_err *e)
{
	struct oc_gateway *gw = arg;
	const char *channel, *to;

	if (d->mode == OC_DELIVERY_WEBHOOK) return check_webhook(d, e);
	enum oc_rc rc = resolve_owner(gw->snapshot, d, &channel, &to, e);

	return rc ? rc
		  : oc_channels_check(gw->channels, channel, d->account, to, d->session_key, e);
}

struct oc_delivery_port oc_gateway_delivery_port(struct oc_gateway *gw)
{
	return (struct oc_delivery_port){ .deliver_wait = deliver_wait, .check = check, .arg = gw };
}
