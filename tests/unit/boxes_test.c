/* Inbox and outbox: what is taken once, kept in order, and known after a crash. */
#include "check.h"

#include "store/boxes.h"
#include "store_fixture.h"

static char telegram[] = "telegram", work[] = "work", chat[] = "5";
static const struct oc_lane lane = { telegram, work, chat };

static int64_t arrive(struct oc_store *s, const char *event, const char *state)
{
	struct oc_inbox_item i = { .channel = telegram,
				   .account = work,
				   .event = oc_strdup(event),
				   .lane = chat,
				   .state = oc_strdup(state),
				   .body = json_pack("{s:s}", "text", event),
				   .received_ms = oc_wall_ms() };
	int64_t nr;

	OK(oc_store_inbox_add_wait(s, &i, 1, &e));
	nr = i.nr;
	free(i.event);
	free(i.state);
	json_decref(i.body);
	return nr;
}

static char *waiting(struct oc_store *s)
{
	struct oc_inbox_items l = { 0 };
	struct oc_buf out;

	oc_buf_init(&out, 4096);
	OK(oc_store_inbox_next_wait(s, &lane, 100, &l, &e));
	for (size_t i = 0; i < l.n; i++) oc_buf_addf(&out, "%s:%s ", l.v[i].event, l.v[i].state);
	oc_inbox_items_deinit(&l);
	return oc_buf_take(&out);
}

static void expect_waiting(struct oc_store *s, const char *want)
{
	char *got = waiting(s);

	assert_string_equal(got, want);
	free(got);
}

static struct oc_outbox_item outgoing(const char *key)
{
	return (struct oc_outbox_item){ .key = key ? oc_strdup(key) : NULL,
					.channel = oc_strdup(telegram),
					.account = oc_strdup(work),
					.chat = oc_strdup(chat),
					.state = oc_strdup("queued"),
					.body = json_pack("{s:s}", "text", "hello"),
					.created_ms = oc_wall_ms() };
}

static int64_t answer(struct oc_store *s, const int64_t *nrs, size_t n, const char *key)
{
	struct oc_outbox_item o = outgoing(key);
	int64_t nr;

	OK(oc_store_answer_wait(s, nrs, n, &o, 1, &e));
	nr = o.nr;
	oc_outbox_item_deinit(&o);
	return nr;
}

STORE_TEST(an_event_that_comes_again_is_known)
{
	assert_true(arrive(s, "a", "new") > 0);
	assert_true(arrive(s, "b", "new") > 0);
	assert_int_equal(arrive(s, "a", "new"), 0);
	expect_waiting(s, "a:new b:new ");
}

STORE_TEST(an_answered_event_is_known_too_and_waits_no_more)
{
	int64_t nr = arrive(s, "a", "new");

	OK(oc_store_inbox_set_wait(s, &nr, 1, "asked", "run-a", &e));
	expect_waiting(s, "a:asked ");
	assert_true(answer(s, &nr, 1, "run-a/0") > 0);
	expect_waiting(s, "");
	assert_int_equal(arrive(s, "a", "new"), 0);
}

STORE_TEST(an_answer_is_put_out_once_however_often_it_is_given)
{
	int64_t first = answer(s, NULL, 0, "run-a/0");

	assert_int_equal(answer(s, NULL, 0, "run-a/0"), first);
	assert_true(answer(s, NULL, 0, "run-a/1") > first);
	assert_true(answer(s, NULL, 0, NULL) != answer(s, NULL, 0, NULL));
}

STORE_TEST(the_background_of_a_group_is_the_newest_part_of_it)
{
	struct oc_inbox_items l = { 0 };

	arrive(s, "a", "kept");
	arrive(s, "b", "kept");
	arrive(s, "c", "kept");
	OK(oc_store_inbox_kept_wait(s, &lane, 2, &l, &e));
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0].event, "b");
	assert_string_equal(l.v[1].event, "c");
	oc_inbox_items_deinit(&l);
	OK(oc_store_inbox_trim_wait(s, &lane, 1, &e));
	OK(oc_store_inbox_kept_wait(s, &lane, 9, &l, &e));
	assert_int_equal(l.n, 1);
	oc_inbox_items_deinit(&l);
	expect_waiting(s, "");
}

static void expect_counts(struct oc_store *s, int64_t queued, int64_t failed, int64_t unknown)
{
	struct oc_box_counts n;

	OK(oc_store_boxes_count_wait(s, &n, &e));
	assert_int_equal(n.queued, queued);
	assert_int_equal(n.failed, failed);
	assert_int_equal(n.unknown, unknown);
}

STORE_TEST(what_was_being_sent_is_unknown_after_a_start_and_the_rest_goes_on)
{
	int64_t first = answer(s, NULL, 0, "a"), second = answer(s, NULL, 0, "b"), unknown = 0;
	struct oc_outbox_item i = { 0 };
	bool changed;

	OK(oc_store_outbox_set_wait(s, first, "queued", "sending", NULL, NULL, &changed, &e));
	assert_true(changed);
	OK(oc_store_outbox_set_wait(s, first, "queued", "sending", NULL, NULL, &changed, &e));
	assert_false(changed);
	OK(oc_store_boxes_recover_wait(s, &unknown, &e));
	assert_int_equal(unknown, 1);
	expect_counts(s, 1, 0, 1);
	OK(oc_store_outbox_next_wait(s, &lane, &i, &e));
	assert_int_equal(i.nr, second);
	oc_outbox_item_deinit(&i);
	OK(oc_store_outbox_get_wait(s, first, &i, &e));
	assert_int_equal(i.attempts, 1);
	assert_non_null(i.error);
	oc_outbox_item_deinit(&i);
}

STORE_TEST(what_was_sent_is_found_by_the_messengers_id_and_forgotten_in_time)
{
	int64_t nr = answer(s, NULL, 0, "a");
	struct oc_outbox_item i = { 0 };

	OK(oc_store_outbox_set_wait(s, nr, NULL, "sent", "77", NULL, NULL, &e));
	OK(oc_store_outbox_find_wait(s, telegram, work, "77", &i, &e));
	assert_int_equal(i.nr, nr);
	oc_outbox_item_deinit(&i);
	OK(oc_store_boxes_prune_wait(s, oc_wall_ms() + 1, &e));
	assert_int_equal(oc_store_outbox_get_wait(s, nr, &i, &e), OC_E_NOT_FOUND);
}

STORE_TEST(a_chat_that_moves_takes_along_what_waits)
{
	static char supergroup[] = "-100";
	static const struct oc_lane after = { telegram, work, supergroup };
	struct oc_outbox_item i = { 0 };
	int64_t nr = answer(s, NULL, 0, "a");

	OK(oc_store_outbox_move_wait(s, &lane, supergroup, &e));
	assert_int_equal(oc_store_outbox_next_wait(s, &lane, &i, &e), OC_E_NOT_FOUND);
	OK(oc_store_outbox_next_wait(s, &after, &i, &e));
	assert_int_equal(i.nr, nr);
	oc_outbox_item_deinit(&i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_that_comes_again_is_known),
		cmocka_unit_test(an_answered_event_is_known_too_and_waits_no_more),
		cmocka_unit_test(an_answer_is_put_out_once_however_often_it_is_given),
		cmocka_unit_test(the_background_of_a_group_is_the_newest_part_of_it),
		cmocka_unit_test(what_was_being_sent_is_unknown_after_a_start_and_the_rest_goes_on),
		cmocka_unit_test(what_was_sent_is_found_by_the_messengers_id_and_forgotten_in_time),
		cmocka_unit_test(a_chat_that_moves_takes_along_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
