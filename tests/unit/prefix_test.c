/* The self-check of prompts: what counts as repeated, and what explains the rest. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/session/prefix.h"
#include "base/mem.h"
#include "model/codec/anthropic_request.h"
#include "model/codec/chat_request.h"
#include "model/codec/responses_request.h"

/* "s" system, "u" user, "a" assistant, "c" assistant with a call, "t" tool result; a digit makes
 * the text another one, "r" behind a letter gives it reasoning. */
static void build(const char *shape, struct oc_messages *out)
{
	static const char letters[] = "suact";
	static const enum oc_role roles[] = { OC_ROLE_SYSTEM, OC_ROLE_USER, OC_ROLE_ASSISTANT,
					      OC_ROLE_ASSISTANT, OC_ROLE_TOOL };

	for (; *shape; shape++) {
		const char *at = strchr(letters, *shape);
		struct oc_message *m = out->n ? &out->v[out->n - 1] : NULL;

		if (at) m = oc_messages_add(out, roles[at - letters], OC_LIT("words"));
		if (*shape == 'c') oc_message_add_call(m)->name = oc_strdup("read");
		if (*shape == 'r') {
			oc_buf_init(&m->reasoning, 100);
			oc_buf_adds(&m->reasoning, "hm");
			m->reasoning_field = oc_strdup("reasoning");
		}
		if (*shape >= '0' && *shape <= '9') oc_buf_addc(&m->text, *shape);
	}
}

enum api { CHAT, ANTHROPIC, RESPONSES, APIS };

static json_t *body_of(enum api api, const char *shape, json_t *tools)
{
	struct oc_messages m = { 0 };
	struct oc_compat compat;
	json_t *body;

	build(shape, &m);
	oc_compat_resolve(&compat, "x", NULL, NULL);
	const struct oc_request r = {
		.model = "m", .compat = &compat, .messages = &m, .tools = tools
	};

	body = api == CHAT	  ? oc_chat_request_json(&r)
	       : api == ANTHROPIC ? oc_anthropic_request_json(&r)
				  : oc_responses_request_json(&r);
	oc_compat_deinit(&compat);
	oc_messages_deinit(&m);
	return body;
}

static void prefix_of(const char *shape, json_t *tools, struct oc_prefix *out)
{
	json_t *body = body_of(CHAT, shape, tools);

	oc_prefix_of(out, body);
	json_decref(body);
}

static void a_transition_is_whole_or_has_its_reason(void **state)
{
	static const struct {
		const char *before, *now, *reason;
		bool whole;
	} rows[] = {
		{ "su", "sua", NULL, true },
		{ "su", "su", NULL, true },
		{ "suct", "suctau", NULL, true },
		{ "sucrt", "sucrtcrt", NULL, true },
		{ "sucrt", "sucrtau", "reasoning", false },
		{ "sucrt", "suctau", "reasoning", false },
		{ "suct", "suct1a", "trimmed", false },
		{ "suctu1", "suctau", "instruction", false },
		{ "su", "s1ua", NULL, false },
		{ "sua1u", "sua2uau", NULL, false },
		{ "suau", "su", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_prefix before, now;

		prefix_of(rows[i].before, NULL, &before);
		prefix_of(rows[i].now, NULL, &now);
		const struct oc_prefix_result r = oc_prefix_compare(&before, &now);
		const char *reason = r.reason ? r.reason : "-";

		if ((r.shared == r.before) != rows[i].whole ||
		    strcmp(reason, rows[i].reason ? rows[i].reason : "-") != 0)
			fail_msg("%s → %s: %zu of %zu, %s", rows[i].before, rows[i].now, r.shared,
				 r.before, reason);
		oc_prefix_deinit(&before);
		oc_prefix_deinit(&now);
	}
}

static void each_api_is_compared_by_what_it_sends(void **state)
{
	static const struct {
		const char *before, *now, *reason;
		bool whole;
	} rows[] = {
		{ "su", "sua", NULL, true },
		{ "suct", "suctau", NULL, true },
		{ "suct", "suct1a", "trimmed", false },
		{ "su", "s1ua", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < APIS * sizeof rows / sizeof *rows; i++) {
		const size_t row = i / APIS;
		json_t *a = body_of((enum api)(i % APIS), rows[row].before, NULL);
		json_t *b = body_of((enum api)(i % APIS), rows[row].now, NULL);
		struct oc_prefix before, now;

		oc_prefix_of(&before, a);
		oc_prefix_of(&now, b);
		const struct oc_prefix_result r = oc_prefix_compare(&before, &now);
		const char *reason = r.reason ? r.reason : "-";

		if ((r.shared == r.before) != rows[row].whole ||
		    strcmp(reason, rows[row].reason ? rows[row].reason : "-") != 0)
			fail_msg("api %zu, %s → %s: %zu of %zu, %s", i % APIS, rows[row].before,
				 rows[row].now, r.shared, r.before, reason);
		oc_prefix_deinit(&before);
		oc_prefix_deinit(&now);
		json_decref(a);
		json_decref(b);
	}
}

static void prefix_of_text(const char *text, struct oc_prefix *out)
{
	json_t *body = json_loads(text, 0, NULL);

	oc_prefix_of(out, body);
	json_decref(body);
}

static void thought_that_is_left_out_is_told_from_other_changes(void **state)
{
	static const struct {
		const char *before, *now, *reason;
	} rows[] = {
		{ "{\"input\":[{\"role\":\"user\",\"content\":\"a\"},{\"type\":\"reasoning\",\"id\":\"r\"},"
		  "{\"type\":\"function_call\",\"name\":\"f\"}]}",
		  "{\"input\":[{\"role\":\"user\",\"content\":\"a\"},{\"type\":\"function_call\",\"name\":\"f\"}]}",
		  "reasoning" },
		{ "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":["
		  "{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\",\"text\":\"b\"}]}]}",
		  "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":["
		  "{\"type\":\"text\",\"text\":\"b\"}]}]}",
		  "reasoning" },
		{ "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"b\"}]}]}",
		  "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"c\"}]}]}",
		  "-" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_prefix before, now;

		prefix_of_text(rows[i].before, &before);
		prefix_of_text(rows[i].now, &now);
		const struct oc_prefix_result r = oc_prefix_compare(&before, &now);

		assert_true(r.shared < r.before);
		assert_string_equal(r.reason ? r.reason : "-", rows[i].reason);
		oc_prefix_deinit(&before);
		oc_prefix_deinit(&now);
	}
}

static void other_tools_share_nothing(void **state)
{
	json_t *tools =
	    json_loads("[{\"type\":\"function\",\"function\":{\"name\":\"read\"}}]", 0, NULL);
	struct oc_prefix before, now;

	(void)state;
	prefix_of("su", tools, &before);
	prefix_of("sua", NULL, &now);
	assert_int_equal(oc_prefix_compare(&before, &now).shared, 0);
	oc_prefix_deinit(&before);
	oc_prefix_deinit(&now);
	json_decref(tools);
}

static const struct oc_prefix_check *note(struct oc_prefix_log *l, const char *id, int64_t epoch,
					  const char *shape)
{
	struct oc_prefix now;
	const struct oc_prefix_check *c;

	prefix_of(shape, NULL, &now);
	c = oc_prefix_note(l, "agent:main:main", id, epoch, "compaction", &now, 1000);
	oc_prefix_deinit(&now);
	return c;
}

static void the_log_names_the_epoch_or_says_that_nothing_explains_it(void **state)
{
	struct oc_prefix_log *l = oc_new(struct oc_prefix_log);

	(void)state;
	assert_null(note(l, "a", 1, "su"));
	assert_null(note(l, "b", 2, "su"));
	assert_null(note(l, "a", 1, "suau")->reason);
	assert_string_equal(note(l, "a", 3, "s1u")->reason, "compaction");
	assert_string_equal(note(l, "a", 3, "s2ua")->reason, "unexplained");
	assert_null(note(l, "a", 4, "s2uau")->reason); /* a new epoch that changes nothing */
	oc_prefix_log_deinit(l);
	free(l);
}

static void the_last_twenty_are_kept_and_many_sessions_share_the_room(void **state)
{
	struct oc_prefix_log *l = oc_new(struct oc_prefix_log);
	json_t *list;

	(void)state;
	for (int i = 0; i < 300; i++) {
		char id[16];

		snprintf(id, sizeof id, "s%d", i / 3);
		(void)note(l, id, 1, "su");
	}
	list = oc_prefix_log_json(l, NULL);
	assert_int_equal(json_array_size(list), OC_PREFIXES_KEPT);
	assert_int_equal(oc_json_int(json_array_get(list, 0), "percent", 0), 100);
	json_decref(list);
	list = oc_prefix_log_json(l, "agent:other:main");
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	oc_prefix_log_deinit(l);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transition_is_whole_or_has_its_reason),
		cmocka_unit_test(each_api_is_compared_by_what_it_sends),
		cmocka_unit_test(thought_that_is_left_out_is_told_from_other_changes),
		cmocka_unit_test(other_tools_share_nothing),
		cmocka_unit_test(the_log_names_the_epoch_or_says_that_nothing_explains_it),
		cmocka_unit_test(the_last_twenty_are_kept_and_many_sessions_share_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
