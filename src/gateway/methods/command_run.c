/* A command that a client typed into a conversation. */
#include "gateway/methods/command_run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/commands/chat_command.h"
#include "gateway/events/run_events.h"
#include "gateway/methods/rpc_session.h"

json_t *oc_gateway_message(struct oc_str text)
{
	return json_pack("{s:s,s:[{s:s,s:o}],s:I,s:s,s:s,s:s,s:s}", "role", "assistant", "content",
			 "type", "text", "text", text.n ? oc_json_new_str(text) : json_string(""),
			 "timestamp", (json_int_t)oc_wall_ms(), "api", "openclaw", "provider",
			 "openclaw", "model", "gateway-injected", "stopReason", "stop");
}

static struct oc_str first_word(struct oc_str text)
{
	size_t n = 0;

	text = oc_str_trim(text);
	while (n < text.n && !oc_is_space(text.p[n])) n++;
	return oc_str_head(text, n);
}

bool oc_command_is(struct oc_str text)
{
	struct oc_str word = first_word(text);
	bool found = false;
	json_t *row, *alias;
	size_t i, k;

	word = oc_str_head(word, oc_str_find(word, OC_LIT(":"), 0)); /* "/think: low" */
	if (word.n < 2 || word.p[0] != '/') return false;
	json_t *rows = oc_chat_command_list(false);
	json_array_foreach (rows, i, row) {
		found = found || oc_str_ieq(oc_str_from(word, 1), oc_json_str(row, "name"));
		json_array_foreach (json_object_get(row, "textAliases"), k, alias)
			found = found || oc_str_ieq(word, oc_json_text(alias));
	}
	json_decref(rows);
	return found;
}

bool oc_command_is_wait(struct oc_gateway *gw, const char *session_key, struct oc_str text)
{
	return oc_command_is(text) || oc_chat_calls_skill_wait(gw, session_key, text);
}

static void inject_wait(const struct oc_command_run *c, json_t *body)
{
	struct oc_stored_message stored;

	if (oc_sessions_inject_wait(c->gw->sessions, c->session_key, body, &stored,
				    &(struct oc_err){ 0 }) == OC_OK)
		oc_stored_message_deinit(&stored);
	json_decref(body);
}

static json_t *typed(const struct oc_command_run *c)
{
	return json_pack("{s:s,s:o,s:I,s:o,s:b}", "role", "user", "content",
			 oc_json_new_str(c->text), "timestamp", (json_int_t)oc_wall_ms(),
			 "idempotencyKey", json_sprintf("%s:user", c->run_id), "excludeFromContext",
			 true);
}

static void answer_wait(const struct oc_command_run *c, const struct oc_chat_answer *a)
{
	json_t *said = a->text.n ? oc_gateway_message(oc_buf_view(&a->text)) : NULL;
	char *agent = oc_session_key_agent(c->session_key);

	if (!a->message)
		oc_run_events_reply(c->gw->run_events, c->run_id, c->session_key, agent, said);
	if (said) inject_wait(c, said);
	free(agent);
}

void oc_command_run_wait(const struct oc_command_run *c, struct oc_buf *reply, char **rest)
{
	const struct oc_chat_ask ask = { .gw = c->gw,
					 .session_key = c->session_key,
					 .text = c->text,
					 .admin = c->admin,
					 .channel = c->channel };
	struct oc_chat_answer answer;

	*rest = NULL;
	inject_wait(c, typed(c));
	if (oc_chat_command_wait(&ask, &answer) == OC_OK) {
		if (answer.is_command)
			answer_wait(c, &answer);
		else
			*rest = oc_strndup(c->text.p, c->text.n);
		if (answer.message) *rest = oc_strdup(answer.message);
		oc_buf_add(reply, oc_buf_view(&answer.text));
	}
	oc_chat_answer_deinit(&answer);
}
