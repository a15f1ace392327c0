/* Commands beside the conversation: /btw, /goal, /skill, /subagents. */
#include <stdlib.h>

#include "agent/run/transcript.h"
#include "agent/session/stored_message.h"
#include "agent/skill/skills.h"
#include "base/mem.h"
#include "gateway/commands/command.h"

/* ---- /btw: a question that leaves no trace in what the model reads later ---- */

/* What the model would read of this session now. */
static enum oc_rc history_wait(struct oc_command_ask *a, struct oc_messages *out, struct oc_err *e)
{
	struct oc_message_query q = { .session_id = a->session.id,
				      .after_seq = a->session.boundary_seq };
	struct oc_stored_messages list = { 0 };
	struct oc_epoch epoch = { 0 };
	enum oc_rc rc = OC_OK;

	if (!a->session.id) return OC_OK;
	if (a->session.epoch) {
		rc = oc_store_epoch_wait(a->gw->store, a->session.epoch, &epoch, e);
		if (!rc && epoch.first_seq - 1 > q.after_seq) q.after_seq = epoch.first_seq - 1;
		oc_epoch_deinit(&epoch);
	}
	if (!rc) rc = oc_store_messages_wait(a->gw->store, &q, &list, e);
	for (size_t i = 0; i < list.n; i++)
		if (!(list.v[i].flags & OC_MSG_HIDDEN_FROM_MODEL))
			oc_stored_to_model(&list.v[i], out);
	oc_stored_messages_deinit(&list);
	if (out->n) oc_transcript_close(out, "the answer is still under way");
	return rc;
}

static enum oc_rc answer_wait(struct oc_command_ask *a, const struct oc_messages *history,
			      struct oc_err *e)
{
	const struct oc_ask ask = { .agent = a->session.agent,
				    .message = a->rest,
				    .model = oc_command_setting(a, "model"),
				    .thinking = oc_command_setting(a, "thinkingLevel"),
				    .channel = a->chat->channel,
				    .history = history,
				    .no_tools = true,
				    .own_turn = true };
	struct oc_run_outcome o = { 0 };
	struct oc_asked asked;
	enum oc_rc rc = oc_sessions_ask_wait(a->gw->sessions, &ask, &asked, e);

	if (rc) return rc;
	rc = oc_sessions_outcome_wait(a->gw->sessions, asked.run_id, OC_NO_DEADLINE, &o);
	if (rc) return rc;
	if (o.text && *o.text)
		oc_buf_adds(&a->answer->text, o.text);
	else
		oc_command_say(a, "No answer: %s", o.error ? o.error : "the model said nothing");
	oc_run_outcome_deinit(&o);
	return OC_OK;
}

enum oc_rc oc_command_btw(struct oc_command_ask *a)
{
	struct oc_messages history = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (!a->rest.n) {
		oc_command_say(a, "Use: `/%s <question>`", a->row->name);
		return OC_OK;
	}
	rc = history_wait(a, &history, &e);
	if (!rc) rc = answer_wait(a, &history, &e);
	oc_messages_deinit(&history);
	if (rc && rc != OC_CANCELLED) oc_command_say(a, "No answer: %s", e.msg);
	return rc;
}

/* ---- /goal ---- */

static bool is_word(struct oc_str s, const char *word)
{
	return oc_str_ieq(s, oc_str(word));
}

/* The goal is told once, as a message of the conversation; prompts only grow. */
static void set_goal_wait(struct oc_command_ask *a)
{
	char *goal = oc_strndup(a->rest.p, a->rest.n);

	if (oc_command_set_wait(a, "goal", goal)) {
		oc_command_say(a, "Goal set: %s", goal);
		a->answer->message =
		    oc_asprintf("Goal of this conversation, until it is reached: %s", goal);
	}
	free(goal);
}

enum oc_rc oc_command_goal(struct oc_command_ask *a)
{
	const char *now = oc_command_setting(a, "goal");

	if (!a->rest.n || is_word(a->rest, "status"))
		oc_command_say(a,
			       now ? "Goal: %s\nRemove it with `/goal clear`."
				   : "No goal is set. Use: `/goal <text>`",
			       now);
	else if (!is_word(a->rest, "clear") && !is_word(a->rest, "off"))
		set_goal_wait(a);
	else if (oc_command_set_wait(a, "goal", NULL))
		oc_command_say(a, "Goal removed.");
	return OC_OK;
}

/* ---- /skill, /subagents ---- */

static void say_skills(struct oc_command_ask *a, const struct oc_skills *skills)
{
	size_t usable = 0;

	for (size_t i = 0; i < skills->n; i++) {
		const struct oc_skill *s = &skills->v[i];
		struct oc_buf about;

		if (!oc_skill_is_command(s) && !oc_skill_is_shown(s)) continue;
		oc_buf_init(&about, 1000);
		oc_skill_about(s, 200, &about);
		if (!usable++) oc_command_say(a, "Skills:\n");
		oc_command_say(a, "- `/%s` %s\n", s->found->name, oc_buf_cstr(&about));
		oc_buf_deinit(&about);
	}
	if (!usable)
		oc_command_say(a, "No skills are installed.");
	else
		oc_command_say(a, "\nUse: `/skill <name> <what to do>`");
}

enum oc_rc oc_command_skill(struct oc_command_ask *a)
{
	struct oc_str name = oc_command_word(a);
	const struct oc_skill *skill;
	struct oc_skills skills;
	struct oc_err e = { 0 };

	if (oc_skills_of_wait(&a->snapshot->config, a->session.agent, &skills, &e)) {
		oc_command_say(a, "%s", e.msg);
		return OC_OK;
	}
	skill = oc_skills_command(&skills, name);
	if (skill) {
		a->answer->message = oc_skill_request(skill, a->rest);
	} else {
		if (name.n)
			oc_command_say(a, "There is no skill \"%.*s\". ",
				       OC_FMT(oc_str_head(name, 100)));
		say_skills(a, &skills);
	}
	oc_skills_deinit(&skills);
	return OC_OK;
}

enum oc_rc oc_command_subagents(struct oc_command_ask *a)
{
	struct oc_session_query q = { .agent = a->session.agent, .search = ":subagent:" };
	struct oc_session_page page = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_store_sessions_wait(a->gw->store, &q, &page, &e);

	if (rc == OC_CANCELLED) return rc;
	if (rc) oc_command_say(a, "The sessions cannot be read: %s", e.msg);
	if (!rc && !page.n) oc_command_say(a, "No agent works for this one.");
	for (size_t i = 0; i < page.n; i++)
		oc_command_say(a, "- `%s`: %s\n", page.v[i].key,
			       page.v[i].last_status ? page.v[i].last_status : "not begun");
	oc_session_page_deinit(&page);
	return OC_OK;
}
