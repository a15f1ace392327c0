/* Memory, what is pure of it: pieces of notes, questions, the order of what is found, excerpts. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/memory/chunk.h"
#include "agent/memory/excerpt.h"
#include "agent/memory/rank.h"
#include "agent/memory/terms.h"
#include "base/mem.h"

/* ---- pieces ---- */

static void note_piece(void *arg, const struct oc_memory_piece *p)
{
	struct oc_buf *out = arg;
	struct oc_str text = p->text;

	oc_buf_addf(out, "%lld-%lld[%.*s]", (long long)p->first_line, (long long)p->last_line,
		    OC_FMT(p->heading));
	for (size_t i = 0; i < text.n; i++) oc_buf_addc(out, text.p[i] == '\n' ? '/' : text.p[i]);
	oc_buf_addc(out, ';');
}

static const struct {
	const char *name, *text, *want;
} pieces[] = {
	{ "nothing", "", "" },
	{ "white space", "\n  \n\t\n", "" },
	{ "one line", "hello", "1-1[]hello;" },
	{ "below a heading", "# A\nx\n", "1-2[A]# A/x/;" },
	{ "a heading begins a piece", "a\n# B\nb\n", "1-1[]a/;2-3[B]# B/b/;" },
	{ "headings above", "# A\n## B ##\nb\n### C\nc\n## D\nd\n",
	  "1-3[A > B]# A/## B ##/b/;4-5[A > B > C]### C/c/;6-7[A > D]## D/d/;" },
	{ "a heading alone stays", "a\n# End\n", "1-1[]a/;2-2[End]# End/;" },
	{ "no heading", "#tag\n####### seven\n", "1-2[]#tag/####### seven/;" },
	{ "code is no heading", "```\n# no\n```\n# Yes\ny", "1-3[]```/# no/```/;4-5[Yes]# Yes/y;" },
	{ "another sign does not close the code", "~~~\n```\n# no\n~~~\n# Yes\ny",
	  "1-4[]~~~/```/# no/~~~/;5-6[Yes]# Yes/y;" },
	{ "carriage returns", "# A\r\nx\r\n", "1-2[A]# A\r/x\r/;" },
};

static void notes_are_cut_at_headings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct oc_buf out;

		oc_buf_init(&out, 1 << 16);
		oc_memory_chunk(oc_str(pieces[i].text), note_piece, &out);
		if (strcmp(oc_buf_cstr(&out), pieces[i].want))
			fail_msg("%s: %s", pieces[i].name, oc_buf_cstr(&out));
		oc_buf_deinit(&out);
	}
}

struct seen {
	int64_t last;	 /* line that a piece ended with */
	int64_t repeats; /* lines that the next one began with again */
	size_t n, longest;
};

static void look_at_piece(void *arg, const struct oc_memory_piece *p)
{
	struct seen *s = arg;

	if (s->n) s->repeats += s->last - p->first_line + 1;
	assert_true(p->first_line <= s->last + 1); /* nothing is left out */
	assert_true(p->last_line > s->last);
	s->last = p->last_line;
	if (p->text.n > s->longest) s->longest = p->text.n;
	s->n++;
}

static void a_long_section_is_cut_and_its_pieces_overlap(void **state)
{
	struct seen s = { 0 };
	struct oc_buf text;

	(void)state;
	oc_buf_init(&text, 1 << 20);
	for (int i = 0; i < 200; i++) oc_buf_addf(&text, "line %03d of a long section\n", i);
	oc_memory_chunk(oc_buf_view(&text), look_at_piece, &s);
	assert_int_equal(s.last, 200);
	assert_true(s.n >= 4 && s.longest <= OC_MEMORY_CHUNK_TOKENS * 4);
	/* 80 tokens are 320 letters: eleven of these lines. */
	assert_int_equal(s.repeats, 11 * (int64_t)(s.n - 1));
	oc_buf_deinit(&text);
}

static void join_piece(void *arg, const struct oc_memory_piece *p)
{
	assert_int_equal(p->first_line, 2);
	assert_int_equal(p->last_line, 2);
	assert_true(p->text.n <= OC_MEMORY_CHUNK_TOKENS * 4);
	oc_buf_add(arg, p->text);
}

static void a_line_that_is_too_long_becomes_pieces_of_itself(void **state)
{
	struct oc_buf text, got;

	(void)state;
	oc_buf_init(&text, 1 << 20);
	oc_buf_init(&got, 1 << 20);
	oc_buf_adds(&text, "\n");
	for (int i = 0; i < 3000; i++) oc_buf_adds(&text, i % 7 ? "汉" : " x");
	oc_memory_chunk(oc_buf_view(&text), join_piece, &got);
	assert_true(oc_str_eq(oc_buf_view(&got), oc_str_from(oc_buf_view(&text), 1)));
	oc_buf_deinit(&got);
	oc_buf_deinit(&text);
}

/* ---- questions ---- */

static const struct {
	const char *question, *words, *parts;
} questions[] = {
	{ "", "", "" },
	{ "?!", "", "" },
	{ "When is the birthday of Anna?", "\"birthday\"* OR \"anna\"*",
	  "\"birthday\"* \"birthday\"" },
	{ "Wann war das Treffen mit Frau Müller",
	  "\"war\"* OR \"treff\"* OR \"frau\"* OR \"müll\"*", "\"treff\"* \"treff\"" },
	{ "quelle est la réunion", "\"réunio\"*", "\"réunio\"* \"réunio\"" },
	{ "the meetings and notes", "\"meet\"* OR \"note\"*", "" },
	{ "cats cats CATS", "\"cats\"*", "" },
	{ "to be or not", "\"to\" OR \"be\" OR \"or\" OR \"not\"*", "" }, /* all there is */
	{ "C 64", "\"64\"", "" },
	{ "北京大学", "pairs : \"北京\" OR pairs : \"京大\" OR pairs : \"大学\"", "" },
	{ "猫", "pairs : \"猫\"*", "" },
	{ "GPT模型", "\"gpt\"* OR pairs : \"模型\"", "" },
	{ "\"quoted\" AND (x) NEAR*", "\"quot\"* OR \"x\" OR \"near\"*", "" },
	{ "a_b-c.md", "\"b\" OR \"md\"", "" },
};

static void a_question_asks_for_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		struct oc_memory_terms t;
		struct oc_strv parts = { 0 };
		struct oc_buf words;

		oc_buf_init(&words, 1 << 16);
		oc_memory_terms_init(&t, oc_str(questions[i].question));
		oc_memory_terms_words(&t, &words);
		oc_memory_terms_parts(&t, &parts);
		char *joined = oc_strv_join(&parts, " ");
		if (strcmp(oc_buf_cstr(&words), questions[i].words) ||
		    strcmp(joined, questions[i].parts))
			fail_msg("%s: %s | %s", questions[i].question, oc_buf_cstr(&words), joined);
		free(joined);
		oc_memory_terms_deinit(&t);
		oc_buf_deinit(&words);
		oc_strv_deinit(&parts);
	}
}

static void a_question_has_no_more_terms_than_the_limit(void **state)
{
	struct oc_memory_terms t;
	struct oc_buf question;

	(void)state;
	oc_buf_init(&question, 1 << 20);
	for (int i = 0; i < 500; i++) oc_buf_addf(&question, "word%d 汉%d ", i, i);
	oc_memory_terms_init(&t, oc_buf_view(&question));
	assert_int_equal(oc_memory_terms_n(&t), OC_MEMORY_MAX_TERMS);
	oc_memory_terms_deinit(&t);
	oc_buf_deinit(&question);
}

static void pairs_are_made_where_no_spaces_are(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = { { "hello", "" },
		      { "北京大学", "北京 京大 大学" },
		      { "我 like 猫咪", "我 猫咪" },
		      { "カタカナ", "カタ タカ カナ" },
		      { "회의록", "회의 의록" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf out;

		oc_buf_init(&out, 1000);
		oc_memory_pairs(oc_str(cases[i].text), &out);
		assert_string_equal(oc_buf_cstr(&out), cases[i].want);
		oc_buf_deinit(&out);
	}
}

/* ---- order ---- */

static struct oc_memory_hit hit(const char *path, const char *text)
{
	return (struct oc_memory_hit){ .path = (char *)(uintptr_t)path,
				       .text = (char *)(uintptr_t)text };
}

enum { DAY_MS = 86400000 };

static void the_better_match_comes_first(void **state)
{
	struct oc_memory_hit v[] = { hit("a.md", "one two"), hit("b.md", "three four"),
				     hit("c.md", "five six") };
	const struct oc_memory_hits hits = { v, 3 };
	const struct oc_memory_ranking r = { .n_terms = 4, .max = 5, .min_score = 0.35 };
	struct oc_memory_ranked out[5];

	(void)state;
	v[0].words = 1, v[0].n_words = 2;
	v[1].words = 4, v[1].n_words = 4;
	v[2].words = 0.1, v[2].n_words = 1; /* below the least score */
	assert_int_equal(oc_memory_rank(&hits, &r, out), 2);
	assert_int_equal(out[0].hit, 1);
	assert_true(out[0].score > 0.99 && out[1].score < 0.5);
}

static void a_part_of_a_word_is_worth_less_than_the_word(void **state)
{
	struct oc_memory_hit v[] = { hit("a.md", "Datenschutzvereinbarung"),
				     hit("b.md", "Vereinbarung") };
	const struct oc_memory_hits hits = { v, 2 };
	const struct oc_memory_ranking r = { .n_terms = 1, .max = 5 };
	struct oc_memory_ranked out[5];

	(void)state;
	v[0].parts = 3, v[0].n_parts = 1;
	v[1].parts = 1, v[1].n_parts = 1, v[1].words = 1, v[1].n_words = 1;
	assert_int_equal(oc_memory_rank(&hits, &r, out), 2);
	assert_int_equal(out[0].hit, 1);
}

static void an_old_day_gives_way_to_a_new_one_but_is_not_lost(void **state)
{
	struct oc_memory_hit v[] = { hit("memory/2024-01-01.md", "x y"),
				     hit("memory/2026-11-20.md", "p q"), hit("MEMORY.md", "m n") };
	const struct oc_memory_hits hits = { v, 3 };
	const struct oc_memory_ranking r = {
		.n_terms = 1,
		.max = 5,
		.min_score = 0.35,
		.now_ms = oc_memory_day_of("2026-11-21.md") * DAY_MS,
	};
	struct oc_memory_ranked out[5];

	(void)state;
	for (size_t i = 0; i < 3; i++) v[i].words = 1, v[i].n_words = 1;
	assert_int_equal(oc_memory_rank(&hits, &r, out), 3);
	assert_int_equal(out[0].hit, 2); /* what has no date has no age */
	assert_int_equal(out[1].hit, 1);
	assert_int_equal(out[2].hit, 0);
	assert_true(out[2].score > 0.99); /* how well it fits is another matter */
}

static void what_was_said_already_gives_way(void **state)
{
	struct oc_memory_hit v[] = { hit("a.md", "the warehouse in Hamburg is new"),
				     hit("b.md", "the warehouse in Hamburg is new"),
				     hit("c.md", "our warehouse costs much money each year") };
	const struct oc_memory_hits hits = { v, 3 };
	const struct oc_memory_ranking r = { .n_terms = 2, .max = 2, .min_score = 0.35 };
	struct oc_memory_ranked out[2];

	(void)state;
	v[0].words = v[1].words = 2, v[0].n_words = v[1].n_words = 2;
	v[2].words = 1.5, v[2].n_words = 2;
	assert_int_equal(oc_memory_rank(&hits, &r, out), 2);
	assert_true(out[0].hit != 2);
	assert_int_equal(out[1].hit, 2);
}

static void meaning_finds_what_words_do_not(void **state)
{
	struct oc_memory_hit v[] = { hit("a.md", "the car is blue"), hit("b.md", "an automobile"),
				     hit("c.md", "far away") };
	const struct oc_memory_hits hits = { v, 3 };
	const struct oc_memory_ranking r = { .n_terms = 2, .max = 3, .min_score = 0.35 };
	struct oc_memory_ranked out[3];

	(void)state;
	v[0].words = 1, v[0].n_words = 1, v[0].near = 0.55, v[0].has_near = true;
	v[1].near = 0.9, v[1].has_near = true;
	v[2].near = 0.2, v[2].has_near = true;
	assert_int_equal(oc_memory_rank(&hits, &r, out), 2);
	assert_int_equal(out[0].hit + out[1].hit, 1); /* both, and not the third */
	assert_true(out[0].score > 0.35 && out[1].score > 0.35);
}

static void the_date_of_a_note_is_in_its_name(void **state)
{
	(void)state;
	assert_int_equal(oc_memory_day_of("memory/1970-01-01.md"), 0);
	assert_int_equal(oc_memory_day_of("memory/2000-03-01.md"), 11017);
	assert_int_equal(oc_memory_day_of("memory/2026-11-21-meeting.md"), 20778);
	assert_int_equal(oc_memory_day_of("memory/2026-13-21.md"), -1);
	assert_int_equal(oc_memory_day_of("memory/notes.md"), -1);
	assert_int_equal(oc_memory_day_of("2026-11-21/notes.md"), -1);
}

/* ---- excerpts ---- */

static void excerpt_of(const char *text, const char *question, size_t max, const char *want)
{
	struct oc_memory_terms t;
	struct oc_buf out;

	oc_memory_terms_init(&t, oc_str(question));
	oc_buf_init(&out, 1 << 16);
	oc_memory_excerpt(oc_str(text), &t, max, &out);
	assert_string_equal(oc_buf_cstr(&out), want);
	oc_buf_deinit(&out);
	oc_memory_terms_deinit(&t);
}

static void an_excerpt_shows_the_lines_that_were_asked_for(void **state)
{
	(void)state;
	excerpt_of("# A\n\nall of it\n", "x", 100, "# A\nall of it");
	excerpt_of("first line here\nsecond one here\nthird with tulips\n", "tulips", 40,
		   "… second one here\nthird with tulips");
	excerpt_of("tulips first\nthen a much longer line of text\n", "tulips", 20,
		   "tulips first …");
	excerpt_of("aaaa bbbb cccc dddd eeee ffff", "zzz", 10, "aaaa bbbb  …");
	excerpt_of("", "x", 10, "");
}

static void an_excerpt_of_a_long_line_has_the_term_in_it(void **state)
{
	struct oc_memory_terms t;
	struct oc_buf text, out;

	(void)state;
	oc_buf_init(&text, 1 << 16);
	oc_buf_init(&out, 1 << 16);
	for (int i = 0; i < 300; i++) oc_buf_addf(&text, "wort%d ", i);
	oc_buf_adds(&text, "Tulpen ");
	for (int i = 0; i < 300; i++) oc_buf_addf(&text, "wort%d ", i);
	oc_memory_terms_init(&t, OC_LIT("tulpen"));
	oc_memory_excerpt(oc_buf_view(&text), &t, 200, &out);
	assert_non_null(strstr(oc_buf_cstr(&out), "Tulpen"));
	assert_true(out.n <= 200 + 16);
	oc_memory_terms_deinit(&t);
	oc_buf_deinit(&out);
	oc_buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_cut_at_headings),
		cmocka_unit_test(a_long_section_is_cut_and_its_pieces_overlap),
		cmocka_unit_test(a_line_that_is_too_long_becomes_pieces_of_itself),
		cmocka_unit_test(a_question_asks_for_its_words),
		cmocka_unit_test(a_question_has_no_more_terms_than_the_limit),
		cmocka_unit_test(pairs_are_made_where_no_spaces_are),
		cmocka_unit_test(the_better_match_comes_first),
		cmocka_unit_test(a_part_of_a_word_is_worth_less_than_the_word),
		cmocka_unit_test(an_old_day_gives_way_to_a_new_one_but_is_not_lost),
		cmocka_unit_test(what_was_said_already_gives_way),
		cmocka_unit_test(meaning_finds_what_words_do_not),
		cmocka_unit_test(the_date_of_a_note_is_in_its_name),
		cmocka_unit_test(an_excerpt_shows_the_lines_that_were_asked_for),
		cmocka_unit_test(an_excerpt_of_a_long_line_has_the_term_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
