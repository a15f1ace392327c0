/* What the store keeps besides messages: sessions, epochs, runs, documents. */
#include "check.h"

#include "store_fixture.h"

/* ---- sessions ---- */

STORE_TEST(a_session_is_made_once_and_found_by_key_and_id)
{
	struct oc_session_record a = { 0 }, b = { 0 };
	bool made = false;

	OK(oc_store_session_open_wait(s, "agent:main:main", "main", &a, &made, &e));
	assert_true(made);
	assert_int_equal(strlen(a.id), OC_ID_CHARS);
	assert_true(a.created_ms > 0 && a.updated_ms == a.created_ms);
	assert_true(json_is_object(a.settings));
	assert_int_equal(a.last_seq, 0);
	OK(oc_store_session_open_wait(s, "agent:main:main", "main", &b, &made, &e));
	assert_false(made);
	assert_string_equal(a.id, b.id);
	oc_session_record_deinit(&b);
	OK(oc_store_session_by_id_wait(s, a.id, &b, &e));
	assert_string_equal(b.key, "agent:main:main");
	oc_session_record_deinit(&b);
	assert_int_equal(oc_store_session_wait(s, "agent:main:x", &b, &e), OC_E_NOT_FOUND);
	assert_non_null(strstr(e.msg, "agent:main:x"));
	oc_session_record_deinit(&a);
}

/* As after a restart in a test, where both processes make the same ids. */
STORE_TEST(a_taken_session_id_is_not_used_again)
{
	oc_rand_seed(7);
	char *a = new_session(s, "a");
	oc_rand_seed(7);
	char *b = new_session(s, "b");

	assert_string_not_equal(a, b);
	free(a);
	free(b);
}

static void replace(char **member, const char *value)
{
	free(*member);
	*member = value ? oc_strdup(value) : NULL;
}

STORE_TEST(saving_writes_every_member_that_is_not_the_stores_own)
{
	struct oc_session_record r = { 0 }, got = { 0 };

	OK(oc_store_session_open_wait(s, "k", "main", &r, NULL, &e));
	append(s, r.id, "one");
	int64_t created = r.created_ms;
	replace(&r.label, "Läbel");
	replace(&r.title, "title");
	replace(&r.provider, "box");
	replace(&r.model, "m");
	replace(&r.last_run, "run");
	replace(&r.last_status, "done");
	json_object_set_new(r.settings, "model", json_string("box/m"));
	int64_t *numbers[] = { &r.boundary_seq,	 &r.epoch,	   &r.input_tokens,
			       &r.output_tokens, &r.prompt_tokens, &r.run_started_ms,
			       &r.run_ended_ms,	 &r.pinned_ms,	   &r.archived_ms };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		*numbers[i] = (int64_t)i + 1000000000000;
	r.unread = true;
	r.updated_ms += 50000;
	r.created_ms = 1;
	r.last_seq = 99;
	OK(oc_store_session_save_wait(s, &r, &e));
	OK(oc_store_session_wait(s, "k", &got, &e));
	assert_int_equal(got.created_ms, created);
	assert_int_equal(got.last_seq, 1);
	assert_int_equal(got.updated_ms, r.updated_ms);
	assert_string_equal(got.label, "Läbel");
	assert_string_equal(got.title, "title");
	assert_string_equal(got.provider, "box");
	assert_string_equal(got.model, "m");
	assert_string_equal(got.last_run, "run");
	assert_string_equal(got.last_status, "done");
	assert_true(json_equal(got.settings, r.settings) && got.unread);
	const int64_t found[] = { got.boundary_seq,  got.epoch,		got.input_tokens,
				  got.output_tokens, got.prompt_tokens, got.run_started_ms,
				  got.run_ended_ms,  got.pinned_ms,	got.archived_ms };
	for (size_t i = 0; i < sizeof found / sizeof *found; i++)
		assert_int_equal(found[i], (int64_t)i + 1000000000000);
	replace(&r.label, NULL);
	r.updated_ms = 5;
	OK(oc_store_session_save_wait(s, &r, &e));
	oc_session_record_deinit(&got);
	OK(oc_store_session_wait(s, "k", &got, &e));
	assert_null(got.label);
	assert_true(got.updated_ms > 5); /* never goes back */
	oc_session_record_deinit(&got);
	oc_session_record_deinit(&r);
}

STORE_TEST(a_session_that_is_gone_or_whose_key_is_taken_is_not_saved)
{
	struct oc_session_record a = { 0 };

	OK(oc_store_session_open_wait(s, "a", "main", &a, NULL, &e));
	free(new_session(s, "b"));
	replace(&a.key, "b");
	assert_int_equal(oc_store_session_save_wait(s, &a, &e), OC_E_INPUT);
	replace(&a.key, "a");
	OK(oc_store_session_delete_wait(s, "a", &e));
	assert_int_equal(oc_store_session_save_wait(s, &a, &e), OC_E_NOT_FOUND);
	assert_int_equal(oc_store_session_delete_wait(s, "a", &e), OC_E_NOT_FOUND);
	oc_session_record_deinit(&a);
}

STORE_TEST(deleting_a_session_takes_its_messages_epochs_and_runs_and_no_others)
{
	char *a = new_session(s, "a"), *b = new_session(s, "b");
	struct oc_epoch epoch = { .system = oc_strdup("sys") }, got = { 0 };
	struct oc_run_record run = { .id = (char[]){ "r" },
				     .session_id = a,
				     .status = (char[]){ "ok" } };
	struct oc_run_record found = { 0 };

	append(s, a, "x");
	append(s, b, "y");
	OK(oc_store_epoch_add_wait(s, a, &epoch, &e));
	OK(oc_store_run_save_wait(s, &run, &e));
	OK(oc_store_session_delete_wait(s, "a", &e));
	assert_int_equal(count_messages(s, a), 0);
	assert_int_equal(count_messages(s, b), 1);
	assert_int_equal(oc_store_epoch_wait(s, epoch.id, &got, &e), OC_E_NOT_FOUND);
	assert_int_equal(oc_store_run_wait(s, "r", &found, &e), OC_E_NOT_FOUND);
	oc_epoch_deinit(&epoch);
	free(a);
	free(b);
}

/* ---- pages of sessions ---- */

static const struct {
	const char *key, *agent, *label, *title;
	int64_t updated, pinned, archived;
} listed[] = {
	{ "agent:main:one", "main", "Work", NULL, 100, 0, 0 },
	{ "agent:main:two", "main", NULL, "GRÖSSE der Wohnung", 200, 0, 0 },
	{ "agent:aux:three", "aux", "work", NULL, 300, 0, 0 },
	{ "agent:main:four", "main", NULL, "50%_off", 400, 0, 7 },
	{ "agent:main:five", "main", NULL, NULL, 50, 9, 0 },
};
enum { LISTED = sizeof listed / sizeof *listed };

static void fill_list(struct oc_store *s)
{
	for (size_t i = 0; i < LISTED; i++) {
		struct oc_session_record r = { 0 };

		OK(oc_store_session_open_wait(s, listed[i].key, listed[i].agent, &r, NULL, &e));
		replace(&r.label, listed[i].label);
		replace(&r.title, listed[i].title);
		r.updated_ms = 4000000000000 + listed[i].updated;
		r.pinned_ms = listed[i].pinned;
		r.archived_ms = listed[i].archived;
		OK(oc_store_session_save_wait(s, &r, &e));
		oc_session_record_deinit(&r);
	}
}

STORE_TEST(pages_hold_what_was_asked_for_pinned_first_then_newest)
{
	static const struct {
		struct oc_session_query q;
		const char *want;
		size_t total;
	} cases[] = {
		{ { 0 }, "five three two one ", 4 },
		{ { .archived = 1 }, "four ", 1 },
		{ { .archived = -1 }, "five four three two one ", 5 },
		{ { .agent = "main" }, "five two one ", 3 },
		{ { .agent = "none" }, "", 0 },
		{ { .label = "work" }, "three ", 1 },
		{ { .search = "WORK" }, "three one ", 2 },
		{ { .search = "" }, "five three two one ", 4 },
		{ { .search = "größe" }, "", 0 }, /* ß is not SS */
		{ { .search = "gröSSe" }, "two ", 1 },
		{ { .search = "AGENT:AUX" }, "three ", 1 },
		{ { .search = "%", .archived = -1 }, "four ", 1 },
		{ { .search = "0%_O", .archived = -1 }, "four ", 1 },
		{ { .active_since_ms = 4000000000200 }, "three two ", 2 },
		{ { .limit = 2 }, "five three ", 4 },
		{ { .limit = 2, .offset = 2 }, "two one ", 4 },
		{ { .limit = 2, .offset = 4 }, "", 4 },
	};

	fill_list(s);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_session_page p = { 0 };
		struct oc_buf got;

		oc_buf_init(&got, 4096);
		OK(oc_store_sessions_wait(s, &cases[i].q, &p, &e));
		for (size_t k = 0; k < p.n; k++)
			oc_buf_addf(&got, "%s ", strrchr(p.v[k].key, ':') + 1);
		if (strcmp(oc_buf_cstr(&got), cases[i].want) != 0 || p.total != cases[i].total)
			fail_msg("case %zu: %s(of %zu), not %s", i, oc_buf_cstr(&got), p.total,
				 cases[i].want);
		oc_buf_deinit(&got);
		oc_session_page_deinit(&p);
	}
}

/* ---- epochs ---- */

STORE_TEST(an_added_epoch_is_the_sessions_current_one)
{
	char *a = new_session(s, "a");
	struct oc_epoch first = { .system = oc_strdup("one"), .first_seq = 1 };
	struct oc_epoch second = { .system = oc_strdup("two"),
				   .tools = oc_strdup("[]"),
				   .profile = oc_strdup("{}"),
				   .reason = oc_strdup("model"),
				   .first_seq = 5 };
	struct oc_epoch got = { 0 };
	struct oc_session_record r = { 0 };

	OK(oc_store_epoch_add_wait(s, a, &first, &e));
	OK(oc_store_epoch_add_wait(s, a, &second, &e));
	assert_true(second.id > first.id && second.created_ms > 0);
	OK(oc_store_session_by_id_wait(s, a, &r, &e));
	assert_int_equal(r.epoch, second.id);
	OK(oc_store_epoch_wait(s, second.id, &got, &e));
	assert_string_equal(got.system, "two");
	assert_string_equal(got.tools, "[]");
	assert_string_equal(got.profile, "{}");
	assert_string_equal(got.reason, "model");
	assert_int_equal(got.first_seq, 5);
	oc_epoch_deinit(&got);
	OK(oc_store_epoch_wait(s, first.id, &got, &e)); /* is kept */
	assert_null(got.tools);
	oc_epoch_deinit(&got);
	assert_int_equal(oc_store_epoch_add_wait(s, "nobody", &first, &e), OC_E_NOT_FOUND);
	oc_session_record_deinit(&r);
	oc_epoch_deinit(&first);
	oc_epoch_deinit(&second);
	free(a);
}

/* ---- runs ---- */

static void save_run(struct oc_store *s, const char *id, const char *status, int64_t started)
{
	struct oc_run_record r = { .id = oc_strdup(id),
				   .status = oc_strdup(status),
				   .provider = oc_strdup("box"),
				   .started_ms = started,
				   .input = 10,
				   .output = 20,
				   .cached = -1,
				   .cost = 0.1 };

	OK(oc_store_run_save_wait(s, &r, &e));
	oc_run_record_deinit(&r);
}

static void expect_runs(struct oc_run_records *l, const char *want)
{
	struct oc_buf got;

	oc_buf_init(&got, 4096);
	for (size_t i = 0; i < l->n; i++) oc_buf_addf(&got, "%s:%s ", l->v[i].id, l->v[i].status);
	assert_string_equal(oc_buf_cstr(&got), want);
	oc_buf_deinit(&got);
	oc_run_records_deinit(l);
}

STORE_TEST(runs_that_were_open_are_interrupted_once)
{
	struct oc_run_records l = { 0 };
	struct oc_run_record r = { 0 };

	save_run(s, "a", "running", 30);
	save_run(s, "b", "queued", 20);
	save_run(s, "c", "ok", 10);
	save_run(s, "c", "error", 10); /* the same run again */
	OK(oc_store_runs_interrupt_wait(s, &l, &e));
	assert_true(l.n == 2 && l.v[0].ended_ms > 0);
	expect_runs(&l, "b:interrupted a:interrupted ");
	OK(oc_store_runs_interrupt_wait(s, &l, &e));
	expect_runs(&l, "");
	OK(oc_store_run_wait(s, "a", &r, &e));
	assert_string_equal(r.status, "interrupted");
	assert_true(r.ended_ms > 0 && r.cached == -1 && r.cost == 0.1);
	assert_null(r.session_id);
	oc_run_record_deinit(&r);
	OK(oc_store_run_wait(s, "c", &r, &e));
	assert_string_equal(r.status, "error");
	oc_run_record_deinit(&r);
	assert_int_equal(oc_store_run_wait(s, "d", &r, &e), OC_E_NOT_FOUND);
}

STORE_TEST(a_report_holds_finished_runs_that_started_in_its_time)
{
	struct oc_run_records l = { 0 };

	save_run(s, "early", "ok", 9);
	save_run(s, "first", "ok", 10);
	save_run(s, "open", "running", 11);
	save_run(s, "last", "aborted", 19);
	save_run(s, "late", "ok", 20);
	OK(oc_store_runs_between_wait(s, 10, 20, &l, &e));
	expect_runs(&l, "first:ok last:aborted ");
}

/* ---- documents ---- */

static void put(struct oc_store *s, const char *kind, const char *id, int64_t order)
{
	json_t *v = json_pack("{s:s, s:I}", "id", id, "order", (json_int_t)order);

	OK(oc_store_put_wait(s, kind, id, order, v, &e));
	json_decref(v);
}

static void expect_documents(struct oc_store *s, const char *prefix, size_t limit, size_t offset,
			     const char *want, size_t total)
{
	struct oc_documents l = { 0 };
	struct oc_buf got;

	oc_buf_init(&got, 4096);
	OK(oc_store_list_wait(s, "cron", prefix, limit, offset, &l, &e));
	for (size_t i = 0; i < l.n; i++) {
		oc_buf_addf(&got, "%s ", l.v[i].id);
		assert_string_equal(oc_json_cstr(l.v[i].value, "id"), l.v[i].id);
		assert_int_equal(oc_json_int(l.v[i].value, "order", -1), l.v[i].order);
	}
	assert_string_equal(oc_buf_cstr(&got), want);
	assert_int_equal(l.total, total);
	oc_buf_deinit(&got);
	oc_documents_deinit(&l);
}

STORE_TEST(a_document_is_put_replaced_and_removed_by_kind_and_id)
{
	json_t *v = NULL;
	bool was_there = false;

	put(s, "cron", "a", 1);
	put(s, "device", "a", 2);
	put(s, "cron", "a", 3);
	OK(oc_store_get_wait(s, "cron", "a", &v, &e));
	assert_int_equal(oc_json_int(v, "order", 0), 3);
	json_decref(v);
	OK(oc_store_remove_wait(s, "cron", "a", &was_there, &e));
	assert_true(was_there);
	OK(oc_store_remove_wait(s, "cron", "a", &was_there, &e));
	assert_false(was_there);
	assert_int_equal(oc_store_get_wait(s, "cron", "a", &v, &e), OC_E_NOT_FOUND);
	OK(oc_store_get_wait(s, "device", "a", &v, &e));
	json_decref(v);
}

STORE_TEST(documents_are_listed_by_order_and_prefix)
{
	put(s, "cron", "x:1", 5);
	put(s, "cron", "y:1", 7);
	put(s, "cron", "x:2", 6);
	put(s, "cron", "x%3", 6);
	put(s, "other", "x:4", 9);
	expect_documents(s, NULL, 0, 0, "y:1 x%3 x:2 x:1 ", 4);
	expect_documents(s, "x:", 0, 0, "x:2 x:1 ", 2);
	expect_documents(s, "%", 0, 0, "", 0);
	expect_documents(s, NULL, 2, 1, "x%3 x:2 ", 4);
	expect_documents(s, NULL, 0, 3, "x:1 ", 4);
	expect_documents(s, "x:1 and more", 0, 0, "", 0);
}

STORE_TEST(pruning_removes_what_is_neither_among_the_newest_nor_young)
{
	for (int i = 1; i <= 6; i++) put(s, "cron", (char[]){ (char)('a' + i - 1), 0 }, i);
	put(s, "other", "old", 0);
	OK(oc_store_prune_wait(s, "cron", 2, 4, &e));
	expect_documents(s, NULL, 0, 0, "f e d ", 3);
	OK(oc_store_prune_wait(s, "cron", 2, INT64_MAX, &e));
	expect_documents(s, NULL, 0, 0, "f e ", 2);
	OK(oc_store_prune_wait(s, "cron", 0, 6, &e));
	expect_documents(s, NULL, 0, 0, "f ", 1);
	json_t *v = NULL;
	OK(oc_store_get_wait(s, "other", "old", &v, &e));
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_made_once_and_found_by_key_and_id),
		cmocka_unit_test(a_taken_session_id_is_not_used_again),
		cmocka_unit_test(saving_writes_every_member_that_is_not_the_stores_own),
		cmocka_unit_test(a_session_that_is_gone_or_whose_key_is_taken_is_not_saved),
		cmocka_unit_test(
		    deleting_a_session_takes_its_messages_epochs_and_runs_and_no_others),
		cmocka_unit_test(pages_hold_what_was_asked_for_pinned_first_then_newest),
		cmocka_unit_test(an_added_epoch_is_the_sessions_current_one),
		cmocka_unit_test(runs_that_were_open_are_interrupted_once),
		cmocka_unit_test(a_report_holds_finished_runs_that_started_in_its_time),
		cmocka_unit_test(a_document_is_put_replaced_and_removed_by_kind_and_id),
		cmocka_unit_test(documents_are_listed_by_order_and_prefix),
		cmocka_unit_test(pruning_removes_what_is_neither_among_the_newest_nor_young),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
