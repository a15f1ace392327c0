/* The self-check of prompts: what counts as repeated, and what explains the rest. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/session/prefix.h"
#include "base/mem.h"

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

static void prefix_of(const char *shape, const json_t *tools, struct oc_prefix *out)
{
	struct oc_messages m = { 0 };

	build(shape, &m);
	oc_prefix_of(out, &m, tools);
	oc_messages_deinit(&m);
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
		{ "sucrt", "sucrtau", NULL, true },
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

static void other_tools_share_nothing(void **state)
{
	json_t *tools = json_pack("[{s:s}]", "name", "read");
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
		cmocka_unit_test(other_tools_share_nothing),
		cmocka_unit_test(the_log_names_the_epoch_or_says_that_nothing_explains_it),
		cmocka_unit_test(the_last_twenty_are_kept_and_many_sessions_share_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
