/* Rows of sessions: names, states, tokens, and what a person chose. */
#include "check.h"

#include "fixture.h"
#include "gateway/view/session_row.h"

static const char config[] =
    "{\"agents\":{\"defaults\":{\"model\":{\"primary\":\"lmstudio/a\"}}},\"models\":{\"providers\":{"
    "\"lmstudio\":{\"baseUrl\":\"http://127.0.0.1:1/v1\",\"models\":[{\"id\":\"a\",\"contextWindow\":32768},"
    "{\"id\":\"b\",\"contextWindow\":8192,\"reasoning\":true}]}}}}";

static const struct {
	const char *key, *settings, *status;
	int64_t prompt_tokens;
	enum oc_row_size size;
	const char *members; /* JSON object: each is in the row as it stands here; null = absent */
} cases[] = {
	{ "agent:main:main", "{}", "done", 100, OC_ROW_FULL,
	  "{\"key\":\"agent:main:main\",\"kind\":\"direct\",\"chatType\":\"direct\",\"isMain\":true,"
	  "\"agentId\":\"main\",\"sessionId\":\"S\",\"status\":\"done\",\"hasActiveRun\":false,"
	  "\"activeRunIds\":[],\"modelProvider\":\"lmstudio\",\"model\":\"a\",\"contextTokens\":32768,"
	  "\"totalTokens\":100,\"totalTokensFresh\":true,\"modelOverrideSource\":null,\"thinkingLevel\":\"off\","
	  "\"thinkingLevels\":[{\"id\":\"off\",\"label\":\"off\"}],\"runtimeMs\":40,\"effectiveResponseUsage\":\"off\","
	  "\"contextBudgetStatus\":{\"estimatedPromptTokens\":100,\"contextTokenBudget\":32768,"
	  "\"promptBudgetBeforeReserve\":24576,\"reserveTokens\":8192,\"remainingPromptBudgetTokens\":24476,"
	  "\"route\":\"fits\",\"shouldCompact\":false}}" },
	{ "agent:main:notes",
	  "{\"model\":\"lmstudio/b\",\"thinkingLevel\":\"high\",\"responseUsage\":\"full\",\"icon\":\"x\",\"secret\":1}",
	  "killed", 8000, OC_ROW_FULL,
	  "{\"isMain\":false,\"model\":\"b\",\"modelOverrideSource\":\"user\",\"contextTokens\":8192,"
	  "\"thinkingLevel\":\"high\",\"responseUsage\":\"full\",\"effectiveResponseUsage\":\"full\",\"icon\":\"x\","
	  "\"secret\":null,\"abortedLastRun\":true}" },
	{ "agent:main:notes", "{\"model\":\"lmstudio/b\",\"icon\":\"x\"}", NULL, 0, OC_ROW_COMPACT,
	  "{\"thinkingLevels\":null,\"contextBudgetStatus\":null,\"snapshotAt\":null,\"icon\":null,"
	  "\"status\":null,\"totalTokensFresh\":false,\"thinkingLevel\":\"medium\"}" },
	{ "agent:ops:telegram:group:7", "{\"model\":\"gone/x\"}", "failed", 0, OC_ROW_COMPACT,
	  "{\"kind\":\"group\",\"chatType\":\"group\",\"model\":\"a\"}" },
};

static void check_members(size_t i, json_t *row)
{
	json_t *want = json_loads(cases[i].members, 0, NULL), *value;
	const char *key;

	assert_non_null(want);
	json_object_foreach (want, key, value) {
		json_t *got = json_object_get(row, key);
		if (json_is_null(value) ? !got : json_equal(got, value)) continue;
		char *text = json_dumps(got ? got : json_null(), JSON_ENCODE_ANY | JSON_COMPACT);
		fail_msg("case %zu, %s: got %s", i, key, text);
	}
	json_decref(want);
}

static void rows(void *arg)
{
	struct oc_gateway gw = { 0 };
	struct oc_err e = { 0 };

	(void)arg;
	if (oc_snapshot_load(&gw.snapshot, &e)) fail_msg("%s", e.msg);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_session_record r = { .key = (char *)(uintptr_t)cases[i].key,
					       .id = (char *)(uintptr_t) "S",
					       .agent = (char *)(uintptr_t) "main",
					       .last_status = (char *)(uintptr_t)cases[i].status,
					       .prompt_tokens = cases[i].prompt_tokens,
					       .run_started_ms = 60,
					       .run_ended_ms = 100 };
		r.settings = json_loads(cases[i].settings, 0, NULL);
		json_t *row = oc_session_row(&gw, &r, cases[i].size);
		check_members(i, row);
		json_decref(row);
		json_decref(r.settings);
	}
	oc_snapshot_unref(gw.snapshot);
}

static void rows_tell_about_their_sessions(void **state)
{
	(void)state;
	home_write(".openclaw/openclaw.json", config);
	assert_int_equal(oc_rt_run(rows, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_tell_about_their_sessions, new_home,
						drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
