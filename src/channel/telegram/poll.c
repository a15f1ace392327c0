/*
 * Listens: says who we are, then asks for updates one after the other. What came is on disk before
 * the next question tells Telegram so.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "channel/telegram/telegram.h"

enum {
	CALL_MS = 30000,
	POLL_SECONDS = 50,
	POLL_SLACK_MS = 20000,
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MOST_MS = 60000,
	BATCH = 100,
};

struct poller {
	struct oc_telegram *t;
	uint64_t backoff_ms;
	int64_t offset;
};

/* ---- failures ---- */

static enum oc_rc pause_wait(struct poller *p, const struct oc_tg_error *why)
{
	uint64_t ms = why->code == 429 ? why->retry_ms : 0;

	p->backoff_ms = p->backoff_ms ? p->backoff_ms * 2 : BACKOFF_FIRST_MS;
	if (p->backoff_ms > BACKOFF_MOST_MS) p->backoff_ms = BACKOFF_MOST_MS;
	return oc_sleep_wait(ms ? ms : p->backoff_ms);
}

/* Set by somebody since we began: as long as it is there, news are not to be had. */
static bool has_webhook(const struct oc_tg_error *why)
{
	return why->code == 409 && why->description && strstr(why->description, "webhook");
}

/* Says what is wrong and waits; anything else than OC_OK ends the task. */
static enum oc_rc trouble_wait(struct poller *p, enum oc_rc rc, const struct oc_tg_error *why,
			       const struct oc_err *e)
{
	struct oc_channel_account *a = p->t->account;

	if (rc == OC_CANCELLED) return rc;
	if (why->code == 401 || why->code == 404) {
		oc_channel_account_tell(a, OC_CHANNEL_FAILED,
					"Telegram does not know this bot token: check "
					"channels.telegram.botToken (@BotFather shows it)");
		return OC_E_DENIED;
	}
	if (has_webhook(why))
		oc_channel_account_tell(a, OC_CHANNEL_WAITING,
					"another program has set a webhook for this bot; it is "
					"removed");
	else if (why->code == 409)
		oc_channel_account_tell(a, OC_CHANNEL_WAITING,
					"another program reads this bot's messages with the same "
					"token: stop it, or give each its own bot");
	else
		oc_channel_account_tell(a, OC_CHANNEL_WAITING, "%s; trying again", e->msg);
	return pause_wait(p, why);
}

/* One call until it works. */
static enum oc_rc insist_wait(struct poller *p, const char *method, const json_t *params,
			      json_t **result)
{
	enum oc_rc rc;

	do {
		struct oc_tg_error why = { 0 };
		struct oc_err e = { 0 };

		rc = oc_tg_call_wait(p->t, method, json_deep_copy(params), CALL_MS, result, &why,
				     &e);
		if (rc) {
			rc = trouble_wait(p, rc, &why, &e);
			oc_tg_error_deinit(&why);
			if (rc) return rc;
			continue;
		}
		p->backoff_ms = 0;
		return OC_OK;
	} while (true);
}

/* ---- who we are ---- */

static enum oc_rc get_me_wait(struct poller *p)
{
	json_t *none = json_object(), *me = NULL;
	enum oc_rc rc = insist_wait(p, "getMe", none, &me);
	const char *name = oc_json_cstr(me, "username");

	if (!rc) {
		p->t->bot_id = oc_json_int(me, "id", 0);
		free(p->t->username);
		p->t->username = oc_strdup(name ? name : "");
		oc_channel_account_name(p->t->account, p->t->username);
	}
	json_decref(me);
	json_decref(none);
	return rc;
}

static enum oc_rc delete_webhook_wait(struct poller *p)
{
	json_t *params = json_pack("{s:b}", "drop_pending_updates", 0), *result = NULL;
	enum oc_rc rc = insist_wait(p, "deleteWebhook", params, &result);

	json_decref(result);
	json_decref(params);
	return rc;
}

/* A menu that cannot be set is no reason not to talk. */
static enum oc_rc set_commands_wait(struct poller *p)
{
	json_t *commands = p->t->commands, *result = NULL;
	struct oc_tg_error why = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (!commands) return OC_OK;
	p->t->commands = NULL;
	rc = oc_tg_call_wait(p->t, "setMyCommands", json_pack("{s:o}", "commands", commands),
			     CALL_MS, &result, &why, &e);
	if (rc && rc != OC_CANCELLED)
		oc_log(OC_LOG_WARN, "channels", "telegram: the menu of commands was not set: %s",
		       e.msg);
	oc_tg_error_deinit(&why);
	json_decref(result);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- updates ---- */

static char *offset_name(const struct poller *p)
{
	return oc_asprintf("offset-%lld", (long long)p->t->bot_id);
}

static enum oc_rc load_offset_wait(struct poller *p)
{
	char *name = offset_name(p);
	struct oc_err e = { 0 };
	json_t *v = NULL;
	enum oc_rc rc = oc_channel_kept_wait(p->t->account, name, &v, &e);

	if (rc) oc_log(OC_LOG_ERROR, "channels", "telegram: %s", e.msg);
	p->offset = oc_json_int(v, "offset", 0);
	json_decref(v);
	free(name);
	return rc;
}

static enum oc_rc save_offset_wait(struct poller *p, struct oc_err *e)
{
	char *name = offset_name(p);
	json_t *v = json_pack("{s:I}", "offset", (json_int_t)p->offset);
	enum oc_rc rc = oc_channel_keep_wait(p->t->account, name, v, e);

	json_decref(v);
	free(name);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = oc_json_int(*(json_t *const *)a, "update_id", 0);
	int64_t y = oc_json_int(*(json_t *const *)b, "update_id", 0);

	return (x > y) - (x < y);
}

static enum oc_rc take_updates_wait(struct poller *p, const json_t *list, struct oc_err *e)
{
	size_t n = json_array_size(list), m = 0;
	json_t **sorted = oc_realloc_array(NULL, n ? n : 1, sizeof *sorted);
	struct oc_tg_update *read = oc_realloc_array(NULL, n ? n : 1, sizeof *read);
	struct oc_msg_in *in = oc_realloc_array(NULL, n ? n : 1, sizeof *in);
	int64_t last = p->offset - 1;
	enum oc_rc rc;

	for (size_t i = 0; i < n; i++) sorted[i] = json_array_get(list, i);
	qsort(sorted, n, sizeof *sorted, by_id);
	for (size_t i = 0; i < n; i++) {
		int64_t id = oc_json_int(sorted[i], "update_id", 0);

		if (id > last) last = id;
		if (oc_tg_read_update(sorted[i], p->t->bot_id, p->t->username, &read[i]))
			in[m++] = read[i].m;
	}
	rc = oc_channel_inbound_many_wait(p->t->account, in, m, e);
	if (!rc && last + 1 != p->offset) {
		p->offset = last + 1;
		rc = save_offset_wait(p, e);
	}
	for (size_t i = 0; i < n; i++) oc_tg_update_deinit(&read[i]);
	free(in);
	free(read);
	free(sorted);
	return rc;
}

static enum oc_rc poll_once_wait(struct poller *p, struct oc_tg_error *why, struct oc_err *e)
{
	/* The first answer after a start or trouble comes at once: then we know that it works. */
	bool works = p->t->account->state == OC_CHANNEL_RUNNING;
	json_t *params =
	    json_pack("{s:I,s:i,s:i,s:[s,s,s]}", "offset", (json_int_t)p->offset, "timeout",
		      works ? POLL_SECONDS : 0, "limit", BATCH, "allowed_updates", "message",
		      "edited_message", "callback_query");
	json_t *list = NULL;
	enum oc_rc rc = oc_tg_call_wait(p->t, "getUpdates", params,
					POLL_SECONDS * 1000 + POLL_SLACK_MS, &list, why, e);

	if (rc) return rc;
	oc_channel_account_tell(p->t->account, OC_CHANNEL_RUNNING, "%s", "");
	p->backoff_ms = 0;
	rc = take_updates_wait(p, list, e);
	json_decref(list);
	return rc;
}

void oc_tg_poll(void *telegram)
{
	struct poller p = { .t = telegram };
	enum oc_rc rc = get_me_wait(&p);

	if (!rc) rc = delete_webhook_wait(&p);
	if (!rc) rc = load_offset_wait(&p);
	while (!rc) {
		struct oc_tg_error why = { 0 };
		struct oc_err e = { 0 };

		rc = set_commands_wait(&p);
		if (!rc) rc = poll_once_wait(&p, &why, &e);
		if (rc) rc = trouble_wait(&p, rc, &why, &e);
		if (!rc && has_webhook(&why)) rc = delete_webhook_wait(&p);
		oc_tg_error_deinit(&why);
	}
}
