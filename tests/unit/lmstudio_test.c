#include "check.h"

#include "catalog_fixture.h"
#include "model/provider/lmstudio.h"
#include "model/provider/openai_models.h"
#include "model/provider/preload.h"

static void every_form_of_the_address_leads_to_the_server(void **state)
{
	static const struct {
		const char *in, *want;
		bool docker;
	} cases[] = {
		{ "http://localhost:1234", "http://localhost:1234", false },
		{ "http://localhost:1234/", "http://localhost:1234", false },
		{ "http://localhost:1234/v1", "http://localhost:1234", false },
		{ "http://localhost:1234/v1///", "http://localhost:1234", false },
		{ "http://localhost:1234/api/v1", "http://localhost:1234", false },
		{ "http://localhost:1234/API/V1/", "http://localhost:1234", false },
		{ " localhost:1234 ", "http://localhost:1234", false },
		{ "localhost", "http://localhost", false },
		{ "192.168.1.5:1234/v1", "http://192.168.1.5:1234", false },
		{ "[::1]:1234", "http://[::1]:1234", false },
		{ "gpu-box.local:1234", "http://gpu-box.local:1234", false },
		{ "https://lm.example.com/v1?a=b#c", "https://lm.example.com", false },
		{ "http://h/lm/v1", "http://h/lm", false },
		{ "http://h/lm/api/v1/", "http://h/lm", false },
		{ "http://h/v1/v1", "http://h/v1", false },
		{ "http://me:secret@h:1/v1", "http://h:1", false },
		{ "", "http://localhost:1234", false },
		{ "", "http://host.docker.internal:1234", true },
		{ "not a url", "http://localhost:1234", false },
		{ "http://", "http://localhost:1234", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *base = oc_lmstudio_server_base(oc_str(cases[i].in), cases[i].docker);
		char *full = oc_lmstudio_inference_base(base), want[200];

		assert_string_equal(base, cases[i].want);
		snprintf(want, sizeof want, "%s/v1", cases[i].want);
		assert_string_equal(full, want);
		char *again = oc_lmstudio_server_base(oc_str(full), false);
		assert_string_equal(again, base);
		free(again);
		free(full);
		free(base);
	}
}

/* ---- records ---- */

#define MODEL(rest)  "{'models':[{'type':'llm','key':'a/b','loaded_instances':[]" rest "}]}"
#define LOADED(rest) "{'models':[{'type':'llm','key':'a/b'" rest "}]}"

static json_t *record_of(const char *list_text, int64_t preferred)
{
	json_t *doc = js(list_text);
	char *text = json_dumps(doc, 0);
	struct oc_model_list l = { 0 };

	oc_model_list_decode(&l, 200, oc_str(text));
	assert_int_equal(l.error.class, OC_ERR_NONE);
	json_t *records = oc_lmstudio_records(&l, preferred, false);
	json_t *r = json_incref(json_array_get(records, 0));
	json_decref(records);
	oc_model_list_deinit(&l);
	free(text);
	json_decref(doc);
	return r;
}

static void sizes_follow_the_loaded_instance_and_the_wish(void **state)
{
	static const struct {
		const char *list;
		int64_t preferred, window, tokens, output;
	} cases[] = {
		{ MODEL(",'max_context_length':262144"), 0, 262144, 64000, 8192 },
		{ MODEL(",'max_context_length':8192"), 0, 8192, 8192, 8192 },
		{ MODEL(",'max_context_length':2048"), 0, 2048, 2048, 2048 },
		{ MODEL(""), 0, 128000, 64000, 8192 },
		{ LOADED(",'max_context_length':262144,'loaded_instances':[{'id':'x','config':"
			 "{'context_length':65536}},{'id':'y','config':{'context_length':40000}}]"),
		  0, 262144, 40000, 8192 },
		{ LOADED(",'max_context_length':262144,'loaded_instances':[{'id':'x','config':"
			 "{'context_length':4096}}]"),
		  0, 262144, 64000, 8192 },
		{ MODEL(",'max_context_length':262144"), 20000, 262144, 20000, 8192 },
		{ MODEL(",'max_context_length':16384"), 20000, 16384, 16384, 8192 },
		{ MODEL(",'max_context_length':262144"), 1000, 262144, 1000, 1000 },
		{ MODEL(",'max_context_length':-5.5"), 0, 128000, 64000, 8192 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *r = record_of(cases[i].list, cases[i].preferred);
		assert_int_equal(oc_json_int(r, "contextWindow", 0), cases[i].window);
		assert_int_equal(oc_json_int(r, "contextTokens", 0), cases[i].tokens);
		assert_int_equal(oc_json_int(r, "maxTokens", 0), cases[i].output);
		json_decref(r);
	}
}

static void a_record_tells_what_the_model_can(void **state)
{
	json_t *r = record_of(MODEL(",'display_name':' B ','max_context_length':131072,"
				    "'capabilities':{'vision':true,'trained_for_tool_use':true,"
				    "'reasoning':{'allowed_options':['off','on'],'default':'on'}}"),
			      0);

	(void)state;
	assert_json(r,
		    "{'id':'a/b','name':'B','reasoning':true,'input':['text','image'],"
		    "'cost':{'input':0,'output':0,'cacheRead':0,'cacheWrite':0},"
		    "'contextWindow':131072,'contextTokens':64000,'maxTokens':8192,"
		    "'compat':{'supportsTools':true,'supportedReasoningEfforts':['none',"
		    "'minimal','low','medium','high','xhigh'],'reasoningEffortMap':{'off':'none',"
		    "'none':'none','adaptive':'xhigh','max':'xhigh'}}}");
	json_decref(r);
}

static void a_record_says_nothing_where_the_server_says_nothing(void **state)
{
	json_t *r = record_of(MODEL(",'max_context_length':4096,'capabilities':{'vision':false,"
				    "'trained_for_tool_use':false}"),
			      0);

	(void)state;
	assert_null(json_object_get(r, "compat"));
	assert_json(json_object_get(r, "input"), "['text']");
	assert_false(oc_json_bool(r, "reasoning", true));
	json_decref(r);
	r = record_of("{'data':[{'id':'deepseek-r1'}]}", 0);
	assert_true(oc_json_bool(r, "reasoning", false));
	assert_int_equal(oc_json_int(r, "contextWindow", 0), 128000);
	json_decref(r);
}

static void an_embedding_model_is_kept_but_cannot_chat(void **state)
{
	json_t *r = record_of("{'models':[{'type':'embedding','key':'nomic','loaded_instances':[],"
			      "'max_context_length':2048}]}",
			      0);

	(void)state;
	assert_false(oc_record_can_chat(r));
	assert_int_equal(oc_json_int(r, "contextWindow", 0), 2048);
	json_decref(r);
}

static void ids_decide_where_no_type_is_told(void **state)
{
	static const struct {
		const char *record;
		bool can;
	} cases[] = {
		{ "{'id':'qwen'}", true },
		{ "{'id':'Text-Embedding-3'}", false },
		{ "{'id':'my-EMBEDDING'}", false },
		{ "{'id':'nomic-embed-text'}", false },
		{ "{'id':'embedded-coder'}", true },
		{ "{'id':'x','type':'embeddings'}", false },
		{ "{'id':'text-embedding-x','type':'llm'}", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *r = js(cases[i].record);
		if (oc_record_can_chat(r) != cases[i].can) fail_msg("%s", cases[i].record);
		json_decref(r);
	}
}

static void unusable_and_double_ids_are_left_out(void **state)
{
	json_t *doc = js(
	    "{'models':[{'type':'llm','key':'a','loaded_instances':[]},{'type':'llm','key':'a','loaded_instances':[]},"
	    "{'type':'llm','key':'b\\u0007','loaded_instances':[]},{'type':'embedding','key':'e','loaded_instances':[]}]}");
	char *text = json_dumps(doc, 0);
	struct oc_model_list l = { 0 };

	(void)state;
	oc_model_list_decode(&l, 200, oc_str(text));
	json_t *all = oc_lmstudio_records(&l, 0, false), *chat = oc_lmstudio_records(&l, 0, true);
	assert_int_equal(json_array_size(all), 2);
	assert_int_equal(json_array_size(chat), 1);
	assert_false(oc_model_id_usable(OC_LIT(" ")));
	json_decref(all);
	json_decref(chat);
	oc_model_list_deinit(&l);
	free(text);
	json_decref(doc);
}

static void a_window_nobody_told_stays_open_for_other_servers(void **state)
{
	json_t *doc = js("{'data':[{'id':'m','meta':{'n_ctx':8192,'n_ctx_train':32768}},"
			 "{'id':'n'}]}");
	char *text = json_dumps(doc, 0);
	struct oc_model_list l = { 0 };

	(void)state;
	oc_model_list_decode(&l, 200, oc_str(text));
	json_t *records = oc_openai_records(&l, false, false);
	assert_json(records, "[{'id':'m','name':'m','input':['text'],'contextWindow':8192},"
			     "{'id':'n','name':'n','input':['text']}]");
	json_decref(records);
	oc_model_list_deinit(&l);
	free(text);
	json_decref(doc);
}

static void the_default_model_is_the_known_one_then_a_loaded_one_then_the_first(void **state)
{
	static const struct {
		const char *list, *want;
	} cases[] = {
		{ "{'models':[{'type':'llm','key':'a','loaded_instances':[{'id':'a','config':"
		  "{'context_length':5}}]},{'type':'llm','key':'qwen/qwen3.5-9b','loaded_instances':[]}]}",
		  "qwen/qwen3.5-9b" },
		{ "{'models':[{'type':'llm','key':'a','loaded_instances':[]},{'type':'llm','key':'b','loaded_instances':"
		  "[{'id':'b','config':{'context_length':5}}]}]}",
		  "b" },
		{ "{'models':[{'type':'embedding','key':'e','loaded_instances':[]},{'type':'llm','key':'a','loaded_instances':[]}]}",
		  "a" },
		{ "{'models':[{'type':'embedding','key':'e','loaded_instances':[]}]}", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *doc = js(cases[i].list);
		char *text = json_dumps(doc, 0);
		struct oc_model_list l = { 0 };

		oc_model_list_decode(&l, 200, oc_str(text));
		const struct oc_listed_model *m = oc_lmstudio_pick(&l);
		assert_string_equal(m ? m->id : "-", cases[i].want ? cases[i].want : "-");
		oc_model_list_deinit(&l);
		free(text);
		json_decref(doc);
	}
}

/* ---- preload ---- */

static void preload_is_off_only_for_exactly_false(void **state)
{
	static const struct {
		const char *entry;
		bool off;
	} cases[] = { { "{}", false },
		      { "{'params':{'preload':false}}", true },
		      { "{'params':{'preload':true}}", false },
		      { "{'params':{'preload':0}}", false },
		      { "{'params':{'preload':'false'}}", false },
		      { "{'models':[{'id':'x','params':{'preload':false}}]}", false } };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *entry = js(cases[i].entry);
		assert_int_equal(oc_preload_disabled(entry), cases[i].off);
		json_decref(entry);
	}
}

static void the_context_that_is_asked_for(void **state)
{
	struct oc_model m = { .context_window = 131072, .context_tokens = 65536 };

	(void)state;
	assert_int_equal(oc_preload_context(&m, 0), 65536);
	assert_int_equal(oc_preload_context(&m, 32768), 32768);
	m.context_tokens = 0;
	assert_int_equal(oc_preload_context(&m, 262144), 131072);
	m.context_window = 0;
	assert_int_equal(oc_preload_context(&m, 0), 64000);
	assert_int_equal(oc_preload_context(NULL, 8192), 8192);
}

static void the_first_adequate_instance_is_taken(void **state)
{
	int64_t sizes[] = { 4096, 65536, 131072 }, ctx = 0;
	struct oc_listed_model m = { .instance_ctx = sizes };

	(void)state;
	oc_strv_add(&m.instances, OC_LIT("a"));
	oc_strv_add(&m.instances, OC_LIT("a:2"));
	oc_strv_add(&m.instances, OC_LIT("a:3"));
	assert_string_equal(oc_preload_instance(&m, 64000, &ctx), "a:2");
	assert_int_equal(ctx, 65536);
	assert_string_equal(oc_preload_instance(&m, 4096, &ctx), "a");
	assert_null(oc_preload_instance(&m, 200000, &ctx));
	oc_strv_deinit(&m.instances);
}

static void the_back_off_doubles_up_to_five_minutes(void **state)
{
	static const uint64_t want[] = { 5000, 10000, 20000, 40000, 80000, 160000, 300000, 300000 };

	(void)state;
	for (unsigned i = 0; i < sizeof want / sizeof *want; i++)
		assert_int_equal(oc_preload_backoff_ms(i + 1), want[i]);
	assert_int_equal(oc_preload_backoff_ms(4000000000u), 300000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_the_address_leads_to_the_server),
		cmocka_unit_test(sizes_follow_the_loaded_instance_and_the_wish),
		cmocka_unit_test(a_record_tells_what_the_model_can),
		cmocka_unit_test(a_record_says_nothing_where_the_server_says_nothing),
		cmocka_unit_test(an_embedding_model_is_kept_but_cannot_chat),
		cmocka_unit_test(ids_decide_where_no_type_is_told),
		cmocka_unit_test(unusable_and_double_ids_are_left_out),
		cmocka_unit_test(a_window_nobody_told_stays_open_for_other_servers),
		cmocka_unit_test(
		    the_default_model_is_the_known_one_then_a_loaded_one_then_the_first),
		cmocka_unit_test(preload_is_off_only_for_exactly_false),
		cmocka_unit_test(the_context_that_is_asked_for),
		cmocka_unit_test(the_first_adequate_instance_is_taken),
		cmocka_unit_test(the_back_off_doubles_up_to_five_minutes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
