/* Telegram as a row: its limits, its configuration, its accounts. */
#include "channel/telegram/telegram.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "channel/internal.h"
#include "rt/file.h"

static const char default_root[] = "https://api.telegram.org";

/* ---- configuration ---- */

static char *token_of_file(const char *path, struct oc_err *e)
{
	struct oc_buf text;
	char *token;

	if (oc_file_read(path, 4096, &text, e)) {
		oc_wrap(e, "channels.telegram.tokenFile");
		return NULL;
	}
	struct oc_str s = oc_str_trim(oc_buf_view(&text));
	token = oc_strndup(s.p, s.n);
	oc_buf_deinit(&text);
	return token;
}

static bool is_token(struct oc_str s)
{
	size_t colon = oc_str_find(s, OC_LIT(":"), 0);

	if (colon == SIZE_MAX || !colon || s.n > 200) return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || strchr("/?#%\\\x7f", s.p[i])) return false;
	return true;
}

static enum oc_rc token_of(const json_t *config, const char *account, const char *from_env,
			   char **out, struct oc_err *e)
{
	struct oc_str own = oc_str_trim(oc_json_str(config, "botToken"));
	const char *file = oc_json_cstr(config, "tokenFile");
	char *token = NULL;

	if (own.n)
		token = oc_strndup(own.p, own.n);
	else if (file)
		token = token_of_file(file, e);
	else if (from_env && !strcmp(account, "default"))
		token = oc_strdup(from_env);
	if (!token && file) return OC_E_INPUT;
	if (!token)
		return oc_fail(e, OC_E_INPUT,
			       "no bot token: set channels.telegram.botToken to the one that "
			       "@BotFather gave you");
	if (is_token(oc_str(token))) {
		*out = token;
		return OC_OK;
	}
	oc_free_secret(token);
	return oc_fail(e, OC_E_INPUT,
		       "the bot token is none: @BotFather's look like "
		       "\"123456:ABC…\"");
}

static enum oc_rc check(const json_t *config, const char *account, struct oc_err *e)
{
	char *token = NULL;
	enum oc_rc rc = token_of(config, account, getenv("TELEGRAM_BOT_TOKEN"), &token, e);

	oc_free_secret(token);
	return rc;
}

static char *env_token(const struct oc_channel_account *a)
{
	struct oc_snapshot *s = oc_channels_snapshot(a->owner);
	const char *v = oc_env_get(s->config.env, "TELEGRAM_BOT_TOKEN");
	char *copy = v ? oc_strdup(v) : NULL;

	oc_snapshot_unref(s);
	return copy;
}

/* ---- life ---- */

static void free_telegram(struct oc_telegram *t)
{
	oc_guard_deinit(&t->guard);
	oc_free_secret(t->token);
	free(t->root);
	free(t->username);
	json_decref(t->commands);
	free(t);
}

static enum oc_rc start(struct oc_channel_account *a, struct oc_err *e)
{
	struct oc_telegram *t = oc_new(struct oc_telegram);
	const char *root = oc_json_cstr(a->config, "apiRoot");
	char *from_env = env_token(a);
	enum oc_rc rc = token_of(a->config, a->id, from_env, &t->token, e);

	oc_free_secret(from_env);
	t->account = a;
	t->root = oc_strdup(root && *root ? root : default_root);
	while (*t->root && t->root[strlen(t->root) - 1] == '/') t->root[strlen(t->root) - 1] = 0;
	if (!rc) {
		rc = oc_guard_init(&t->guard, oc_str(t->root), OC_UNSET, e);
		if (rc) oc_wrap(e, "channels.telegram.apiRoot");
	}
	if (rc) {
		free_telegram(t);
		return rc;
	}
	a->adapter = t;
	oc_scope_spawn(a->scope, oc_tg_poll, t);
	return OC_OK;
}

static void stop(struct oc_channel_account *a)
{
	free_telegram(a->adapter);
	a->adapter = NULL;
}

/* ---- small things ---- */

/* Telegram's own rule for names: a-z, 0-9 and _, at most 32. */
static bool is_command_name(const char *s)
{
	size_t n = 0;

	for (; s && s[n]; n++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", s[n])) return false;
	return n > 0 && n <= 32;
}

static void commands(struct oc_channel_account *a, const json_t *list)
{
	enum { MOST = 100, DESCRIPTION = 256 };
	struct oc_telegram *t = a->adapter;
	const json_t *row;
	size_t i;

	json_decref(t->commands);
	t->commands = json_array();
	json_array_foreach (list, i, row) {
		struct oc_str help = oc_json_str(row, "description");
		const char *name = oc_json_cstr(row, "name");

		if (!is_command_name(name) || !help.n || json_array_size(t->commands) == MOST)
			continue;
		json_array_append_new(
		    t->commands, json_pack("{s:s,s:o}", "command", name, "description",
					   oc_json_new_str(oc_str_head(
					       help, oc_utf8_floor(help.p, help.n < DESCRIPTION
									       ? help.n
									       : DESCRIPTION)))));
	}
}

static enum oc_rc normalize(struct oc_str in, char **ret_chat, char **ret_thread, struct oc_err *e)
{
	static const struct oc_str topic = OC_LIT(":topic:");
	size_t at = oc_str_find(in, topic, 0);
	struct oc_str chat = oc_str_head(in, at), thread = { 0 };
	int64_t n;

	if (oc_str_istarts(chat, OC_LIT("tg:"))) chat = oc_str_from(chat, 3);
	if (at != SIZE_MAX) thread = oc_str_from(in, at + topic.n);
	bool named = chat.n > 1 && chat.p[0] == '@';
	if (!named && !oc_parse_int(chat, INT64_MIN, INT64_MAX, &n))
		return oc_fail(e, OC_E_INPUT,
			       "\"%.*s\" is no Telegram chat: write its number, as in 123456789, "
			       "-1001234:topic:5, or @channelname",
			       (int)(in.n < 80 ? in.n : 80), in.p);
	if (thread.n && !oc_parse_int(thread, 1, INT64_MAX, &n))
		return oc_fail(e, OC_E_INPUT, "\"%.*s\" is no topic", OC_FMT(thread));
	*ret_chat = oc_strndup(chat.p, chat.n);
	*ret_thread = thread.n ? oc_strndup(thread.p, thread.n) : NULL;
	return OC_OK;
}

static enum oc_rc probe_wait(struct oc_channel_account *a, json_t *out, struct oc_err *e)
{
	struct oc_tg_error why = { 0 };
	json_t *me = NULL;
	enum oc_rc rc = oc_tg_call_wait(a->adapter, "getMe", json_object(), 10000, &me, &why, e);

	if (!rc)
		oc_json_put(out, "bot",
			    json_pack("{s:I,s:O?}", "id", (json_int_t)oc_json_int(me, "id", 0),
				      "username", json_object_get(me, "username")));
	json_decref(me);
	oc_tg_error_deinit(&why);
	return rc;
}

const struct oc_channel oc_channel_telegram = {
	.id = "telegram",
	.label = "Telegram",
	.limits = { .text_units = TG_TEXT_UNITS,
		    .caption_units = TG_CAPTION_UNITS,
		    .media_in_bytes = TG_DOWNLOAD_BYTES,
		    .media_out_bytes = TG_UPLOAD_BYTES,
		    .buttons = 8,
		    .button_bytes = 64,
		    .can_edit = true,
		    .can_delete = true,
		    .can_type = true,
		    .can_react = true,
		    .typing_ms = 4500,
		    .chat_ms = 1000,
		    .group_burst = 20,
		    .group_ms = 60000,
		    .burst = 30,
		    .burst_ms = 1000 },
	.check = check,
	.start = start,
	.stop = stop,
	.send_wait = oc_tg_send_wait,
	.render = oc_tg_render,
	.normalize_target = normalize,
	.fetch_wait = oc_tg_fetch_wait,
	.probe_wait = probe_wait,
	.commands = commands,
};
