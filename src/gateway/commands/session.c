/* Commands that begin, stop, shorten, name and save a conversation. */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/commands/command.h"

/* "/new qwen/qwen3.5-9b" chooses a model when the word names one, anything else is the first
 * message. */
static bool take_model_wait(struct oc_command_ask *a)
{
	struct oc_str whole = a->rest, word = oc_command_word(a);
	struct oc_selection s;
	struct oc_err e = { 0 };
	bool known;

	if (!word.n || oc_select(&a->snapshot->catalog, word, &s, NULL, &e) != OC_OK) {
		a->rest = whole;
		return true;
	}
	known = s.model != NULL;
	char *key = oc_strdup(s.key);
	oc_selection_deinit(&s);
	bool done = !known || oc_command_set_wait(a, "model", key);
	if (known && done) oc_command_say(a, "Model: %s. ", key);
	if (!known) a->rest = whole;
	free(key);
	return done;
}

enum oc_rc oc_command_new(struct oc_command_ask *a)
{
	bool is_new = !strcmp(a->row->name, "new");
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_sessions_reset_wait(a->gw->sessions, a->chat->session_key,
					       is_new ? "new" : "reset", &e);

	if (rc == OC_CANCELLED) return rc;
	if (rc) {
		oc_command_say(a, "The session cannot be reset: %s", e.msg);
		return OC_OK;
	}
	if (is_new && !take_model_wait(a)) return OC_OK;
	oc_command_say(a, is_new ? "✅ New session started." : "✅ Session reset.");
	if (a->rest.n) a->answer->message = oc_strndup(a->rest.p, a->rest.n);
	return OC_OK;
}

enum oc_rc oc_command_stop(struct oc_command_ask *a)
{
	a->answer->was_stop = true;
	oc_sessions_abort_wait(a->gw->sessions, a->chat->session_key, NULL, true, "stop",
			       &a->answer->aborted);
	return OC_OK;
}

enum oc_rc oc_command_compact(struct oc_command_ask *a)
{
	struct oc_compacted c = { 0 };
	struct oc_err e = { 0 };
	char *instructions = a->rest.n ? oc_strndup(a->rest.p, a->rest.n) : NULL;
	enum oc_rc rc =
	    oc_sessions_compact_wait(a->gw->sessions, a->chat->session_key, instructions, &c, &e);
	struct oc_buf *out = &a->answer->text;

	free(instructions);
	if (rc == OC_CANCELLED) return rc;
	if (rc) {
		oc_command_say(a, "The conversation cannot be shortened: %s", e.msg);
	} else if (!c.compacted) {
		oc_command_say(a, "There is nothing to shorten yet.");
	} else {
		oc_buf_adds(out, "Shortened from ");
		oc_command_tokens(out, c.tokens_before);
		oc_buf_adds(out, " to ");
		oc_command_tokens(out, c.tokens_after);
		oc_buf_adds(out, " tokens. The whole conversation stays in the history.");
	}
	free(c.summary);
	return OC_OK;
}

enum oc_rc oc_command_name(struct oc_command_ask *a)
{
	char *label;

	if (!a->rest.n) {
		oc_command_say(a,
			       a->session.label ? "This session is called “%s”."
						: "This session has no name. Use: `/name <title>`",
			       a->session.label);
		return OC_OK;
	}
	label = oc_strndup(a->rest.p, a->rest.n);
	if (oc_command_set_wait(a, "label", label)) oc_command_say(a, "Named “%s”.", label);
	free(label);
	return OC_OK;
}

enum oc_rc oc_command_export(struct oc_command_ask *a)
{
	oc_command_say(a, "On the machine of the gateway: `openclaw sessions export %s`",
		       a->chat->session_key);
	return OC_OK;
}

enum oc_rc oc_command_session(struct oc_command_ask *a)
{
	struct oc_session_record *s = &a->session;

	oc_command_say(a, "Session: `%s`\n", a->chat->session_key);
	if (!s->id) {
		oc_command_say(a, "It begins with the first message.");
		return OC_OK;
	}
	oc_command_say(a, "Id: `%s`\nMessages: %lld\n", s->id, (long long)s->last_seq);
	if (s->label) oc_command_say(a, "Name: %s\n", s->label);
	return OC_OK;
}

enum oc_rc oc_command_send(struct oc_command_ask *a)
{
	static const struct {
		const char *word, *value;
	} words[] = { { "on", "allow" }, { "off", "deny" }, { "inherit", NULL } };
	struct oc_str word = oc_command_word(a);
	const char *policy = oc_command_setting(a, "sendPolicy");

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!oc_str_ieq(word, oc_str(words[i].word))) continue;
		if (oc_command_set_wait(a, "sendPolicy", words[i].value))
			oc_command_say(a, "Delivery of answers: %s.", words[i].word);
		return OC_OK;
	}
	oc_command_say(a, "Delivery of answers: %s. Use: `/send on|off|inherit`",
		       policy ? policy : "inherit");
	return OC_OK;
}

enum oc_rc oc_command_steer(struct oc_command_ask *a)
{
	struct oc_strv runs = { 0 };

	oc_sessions_runs(a->gw->sessions, a->chat->session_key, &runs);
	if (!a->rest.n)
		oc_command_say(a, "Use: `/steer <text>`");
	else
		a->answer->message = oc_strndup(a->rest.p, a->rest.n);
	if (a->rest.n && runs.n) oc_command_say(a, "Told to the run under way.");
	oc_strv_deinit(&runs);
	return OC_OK;
}
