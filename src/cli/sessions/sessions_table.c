/* Session rows as a table. */
#include "cli/sessions/sessions_table.h"

#include <stdio.h>

#include "cli/cron/when.h"
#include "cli/table.h"
#include "rt/task.h"

static void add_tokens(struct oc_table *t, const json_t *row)
{
	int64_t used = oc_json_int(row, "totalTokens", 0);
	int64_t window = oc_json_int(row, "contextTokens", 0);

	if (used > 0 && window > 0)
		oc_table_addf(t, "%lld/%lld (%lld%%)", (long long)used, (long long)window,
			      (long long)(used * 100 / window));
	else if (used > 0)
		oc_table_addf(t, "%lld", (long long)used);
	else
		oc_table_add(t, NULL);
}

static void add_row(struct oc_table *t, const json_t *row)
{
	const char *title = oc_json_cstr(row, "label");
	char age[OC_WHEN_CHARS];

	if (!title) title = oc_json_cstr(row, "displayName");
	if (!title) title = oc_json_cstr(row, "derivedTitle");
	oc_age_text(oc_wall_ms() - oc_json_int(row, "updatedAt", 0), age, sizeof age);
	oc_table_add(t, oc_json_cstr(row, "key"));
	oc_table_add(t, age);
	oc_table_add(t, oc_json_cstr(row, "model"));
	add_tokens(t, row);
	oc_table_add(t, title ? title : "");
}

void oc_sessions_table(const json_t *rows)
{
	static const char *const titles[] = { "Session", "Last", "Model", "Tokens", "Title", NULL };
	const json_t *row;
	struct oc_table t;
	size_t i;

	oc_table_init(&t, titles);
	json_array_foreach (rows, i, row) add_row(&t, row);
	oc_table_print(&t);
	oc_table_deinit(&t);
}
