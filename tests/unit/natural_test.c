/*
 * Times as people say them: every row of tests/vectors/when.tsv, at the moment and in the zone that
 * it names. Its arguments are the table and how many rows it has at least.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/cron/natural.h"
#include "base/mem.h"
#include "rt/file.h"

enum { NOW, ZONE, PHRASE, RESULT, CELLS, MAX_TABLE = 1 << 20 };

/* "2026-11-23 08:30:00+01:00" */
static void add_moment(const struct oc_zone *z, int64_t ms, struct oc_buf *out)
{
	struct oc_civil c;
	int offset = oc_zone_offset(z, ms) / 60;

	oc_zone_civil(z, ms, &c);
	oc_buf_addf(out, " %04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
	if (c.second) oc_buf_addf(out, ":%02d", c.second);
	oc_buf_addf(out, "%c%02d:%02d", offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
}

/* "at TIME", "cron EXPR = TIME TIME TIME", "every MS = TIME TIME TIME", "? QUESTION", "! ERROR" */
static void describe(struct oc_str phrase, const char *zone, int64_t now_ms, struct oc_buf *out)
{
	const struct oc_zone *z = oc_zone_get(zone, NULL);
	struct oc_natural n;
	struct oc_schedule s;
	struct oc_err e = { 0 };

	if (oc_natural_read(phrase, zone, now_ms, &n, &e) != OC_OK) {
		oc_buf_addf(out, "! %s", e.msg);
		return;
	}
	if (!n.schedule) {
		oc_buf_addf(out, "? %s", n.question);
		return;
	}
	if (oc_schedule_parse(n.schedule, now_ms, &s, &e) != OC_OK)
		fail_msg("%.*s: %s", OC_FMT(phrase), e.msg);
	oc_buf_adds(out, oc_json_cstr(n.schedule, "kind"));
	if (s.kind == OC_SCHEDULE_CRON) oc_buf_addf(out, " %s =", oc_json_cstr(n.schedule, "expr"));
	if (s.kind == OC_SCHEDULE_EVERY) oc_buf_addf(out, " %lld =", (long long)s.every_ms);
	int64_t at = s.kind == OC_SCHEDULE_AT ? now_ms - 1 : now_ms;
	for (int i = 0; i < 3 && (at = oc_schedule_next(&s, at)); i++) add_moment(z, at, out);
	json_decref(n.schedule);
}

static void split(struct oc_str line, struct oc_str *cells)
{
	for (size_t i = 0; i < CELLS; i++) {
		size_t tab = oc_str_find(line, OC_LIT("\t"), 0);

		cells[i] = oc_str_head(line, tab);
		line = tab == SIZE_MAX ? OC_LIT("") : oc_str_from(line, tab + 1);
	}
}

/* Of questions and errors a part is enough. */
static bool fits(struct oc_str expected, struct oc_str got)
{
	if (!expected.n || !strchr("?!", expected.p[0])) return oc_str_eq(expected, got);
	return got.n && got.p[0] == expected.p[0] &&
	       oc_str_has(got, oc_str_trim(oc_str_from(expected, 1)));
}

static bool check_row(struct oc_str line)
{
	struct oc_str cells[CELLS];
	struct oc_buf got;
	int64_t now_ms;
	bool ok;

	split(line, cells);
	char *zone = oc_strndup(cells[ZONE].p, cells[ZONE].n);
	if (!oc_parse_moment(cells[NOW], oc_zone_get(zone, NULL), 0, &now_ms))
		fail_msg("not a moment: %.*s", OC_FMT(cells[NOW]));
	oc_buf_init(&got, 4096);
	describe(cells[PHRASE], zone, now_ms, &got);
	ok = fits(cells[RESULT], oc_buf_view(&got));
	if (!ok)
		printf("%.*s\t%s\t%.*s\t%s\n", OC_FMT(cells[NOW]), zone, OC_FMT(cells[PHRASE]),
		       oc_buf_cstr(&got));
	oc_buf_deinit(&got);
	free(zone);
	return ok;
}

static size_t check_table(const char *path, size_t *wrong)
{
	struct oc_err e = { 0 };
	struct oc_buf table;
	size_t rows = 0;

	if (oc_file_read(path, MAX_TABLE, &table, &e) != OC_OK) fail_msg("%s", e.msg);
	struct oc_str text = oc_buf_view(&table);
	for (size_t at = 0; at < text.n;) {
		size_t lf = oc_str_find(text, OC_LIT("\n"), at), end = lf == SIZE_MAX ? text.n : lf;
		struct oc_str line = oc_str_trim(oc_str_head(oc_str_from(text, at), end - at));

		at = end + 1;
		if (!line.n || line.p[0] == '#') continue;
		rows++;
		*wrong += !check_row(line);
	}
	oc_buf_deinit(&table);
	return rows;
}

static const char *table_path;
static int64_t least_rows;

static void every_row_of_the_table_holds(void **state)
{
	size_t wrong = 0, rows = check_table(table_path, &wrong);

	(void)state;
	assert_int_equal(wrong, 0);
	assert_true((int64_t)rows >= least_rows);
}

static void spaces_and_case_change_nothing(void **state)
{
	static const char *const same[] = { "every weekday 8:30", "  Every   WEEKDAY at 8:30 ",
					    "weekdays 8:30", "every weekday, 08:30" };
	struct oc_buf first, other;

	(void)state;
	oc_buf_init(&first, 4096);
	describe(oc_str(same[0]), "UTC", 1795219200000, &first);
	for (size_t i = 1; i < sizeof same / sizeof *same; i++) {
		oc_buf_init(&other, 4096);
		describe(oc_str(same[i]), "UTC", 1795219200000, &other);
		assert_string_equal(oc_buf_cstr(&first), oc_buf_cstr(&other));
		oc_buf_deinit(&other);
	}
	oc_buf_deinit(&first);
}

static void the_echo_names_the_next_times(void **state)
{
	struct oc_natural n;
	struct oc_schedule s;
	struct oc_err e = { 0 };
	struct oc_buf text;

	(void)state;
	assert_int_equal(
	    oc_natural_read(OC_LIT("every weekday 8:30"), "Europe/Berlin", 1795219200000, &n, &e),
	    OC_OK);
	assert_int_equal(oc_schedule_parse(n.schedule, 1795219200000, &s, &e), OC_OK);
	oc_buf_init(&text, 4096);
	oc_schedule_echo(&s, s.zone, "Europe/Berlin", 1795219200000, 2, &text);
	assert_string_equal(oc_buf_cstr(&text),
			    "Mon 2026-11-23 08:30, Tue 2026-11-24 08:30 (Europe/Berlin)");
	oc_buf_deinit(&text);
	json_decref(n.schedule);
}

static void a_phrase_cut_anywhere_is_never_a_crash(void **state)
{
	static const char whole[] =
	    "every other friday at half past 8 pm from 9 to 17 on the 24.12.2026 um 18 Uhr 30";

	(void)state;
	for (size_t from = 0; from < sizeof whole; from++)
		for (size_t n = 0; from + n < sizeof whole; n++) {
			struct oc_natural out = { 0 };
			struct oc_err e = { 0 };
			enum oc_rc rc = oc_natural_read((struct oc_str){ whole + from, n },
							"Europe/Berlin", 1795219200000, &out, &e);

			assert_true(rc ? e.msg[0] : (out.schedule || out.question[0]));
			json_decref(out.schedule);
		}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table_holds),
		cmocka_unit_test(spaces_and_case_change_nothing),
		cmocka_unit_test(the_echo_names_the_next_times),
		cmocka_unit_test(a_phrase_cut_anywhere_is_never_a_crash),
	};

	if (argc != 3 || !oc_parse_int(oc_str(argv[2]), 1, 100000, &least_rows)) return 2;
	table_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
