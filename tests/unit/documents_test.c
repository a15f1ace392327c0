/* Capability documents: one row for each dialect, compared in a short notation. */
#include "check.h"

#include <stdlib.h>

#include "model/provider/documents.h"

static const char *tri(enum oc_tri t)
{
	return t == OC_UNSET ? "-" : t == OC_TRUE ? "y" : "n";
}

/* id kind ctx/ctx_max source loaded vision tools; */
static void describe(const struct oc_model_list *l, struct oc_buf *out)
{
	if (l->error.class != OC_ERR_NONE) oc_buf_adds(out, oc_error_class_name(l->error.class));
	for (size_t i = 0; i < l->n; i++) {
		const struct oc_listed_model *m = &l->v[i];

		oc_buf_addf(out, "%s %s %lld/%lld %s %s%s%s;", m->id, m->kind, (long long)m->ctx,
			    (long long)m->ctx_max, m->ctx_source ? m->ctx_source : "-",
			    tri(m->loaded), tri(m->vision), tri(m->tools));
	}
}

static void every_dialect_is_read(void **state)
{
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "{\"data\":[{\"id\":\"a\"},{\"id\":\" a \"},{\"id\":\"\"},{\"id\":7},null,\"b\"]}",
		  "a llm 0/0 - ---;b llm 0/0 - ---;" },
		{ "[\"x\"]", "x llm 0/0 - ---;" },
		{ "{\"data\":null}", "" },
		{ "{\"data\":[]}", "" },
		{ "{}", "bad_payload" },
		{ "7", "bad_payload" },
		{ "{\"data\":7}", "bad_payload" },
		{ "{\"data\":[{\"id\":\"m\"}", "bad_payload" },
		{ "<html>", "not_an_api" },
		{ "", "empty_response" },
		{ "{\"error\":\"Unexpected endpoint or method. (GET /x)\"}", "endpoint_missing" },
		{ "{\"models\":[{\"type\":\"llm\",\"key\":\"k\",\"loaded_instances\":[{\"id\":\"k\",\"config\":{\"context_length\":9}},{\"id\":\"k:2\",\"config\":{\"context_length\":5}}],\"max_context_length\":99,\"capabilities\":{\"vision\":true,\"trained_for_tool_use\":false}}]}",
		  "k llm 5/99 lms.loaded yyn;" },
		{ "{\"models\":[{\"type\":\"embedding\",\"key\":\"e\",\"loaded_instances\":[],\"max_context_length\":9}]}",
		  "e embedding 0/9 lms.max n--;" },
		{ "{\"data\":[{\"id\":\"v\",\"type\":\"vlm\",\"state\":\"loaded\",\"max_context_length\":9,\"loaded_context_length\":4,\"capabilities\":[\"tool_use\"]},{\"id\":\"l\",\"type\":\"llm\",\"state\":\"not-loaded\",\"max_context_length\":9},{\"id\":\"e\",\"type\":\"embeddings\",\"state\":\"not-loaded\",\"max_context_length\":9}]}",
		  "v llm 4/9 lms.loaded yyy;l llm 0/9 lms.max nn-;e embedding 0/9 lms.max n--;" },
		{ "{\"data\":[{\"id\":\"g\",\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx\":4,\"n_ctx_train\":8}},{\"id\":\"h\",\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx_train\":8}},{\"id\":\"n\",\"owned_by\":\"llamacpp\",\"meta\":null},{\"id\":\"s\",\"owned_by\":\"llamacpp\",\"status\":{\"value\":\"sleeping\"}}]}",
		  "g llm 4/8 llama.meta.n_ctx y--;h llm 0/8 llama.meta.n_ctx_train y--;n llm 0/0 - ---;s llm 0/0 - y--;" },
		{ "{\"data\":[{\"id\":\"lora\",\"parent\":\"base\",\"max_model_len\":null},{\"id\":\"base\",\"parent\":null,\"max_model_len\":77}]}",
		  "lora llm 77/77 parent y--;base llm 77/77 max_model_len y--;" },
		{ "{\"data\":[{\"model_name\":\"x\",\"model_info\":{\"max_input_tokens\":9,\"supports_function_calling\":true}},{\"model_name\":\"x\",\"model_info\":{\"max_tokens\":7,\"supports_function_calling\":false}},{\"model_name\":\"y\",\"model_info\":{}}]}",
		  "x llm 7/7 litellm.max_input_tokens --n;y llm 0/0 - ---;" },
		{ "{\"data\":[{\"id\":\"o\",\"context_length\":9,\"top_provider\":{\"context_length\":5},\"architecture\":{\"input_modalities\":[\"text\"]},\"supported_parameters\":[]}]}",
		  "o llm 5/9 openrouter.top_provider -nn;" },
		{ "{\"id\":\"t\",\"parameters\":{\"max_seq_len\":6,\"use_vision\":true}}",
		  "t llm 6/6 tabby.max_seq_len yy-;" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_model_list l;
		struct oc_buf got;

		oc_buf_init(&got, 4096);
		oc_model_list_decode(&l, 200, oc_str(cases[i].body));
		describe(&l, &got);
		if (strcmp(oc_buf_cstr(&got), cases[i].want))
			fail_msg("%s: %s", cases[i].body, oc_buf_cstr(&got));
		oc_buf_deinit(&got);
		oc_model_list_deinit(&l);
	}
}

static void a_refused_list_tells_its_class(void **state)
{
	struct oc_model_list l;

	(void)state;
	oc_model_list_decode(&l, 401, OC_LIT("{\"error\":\"no\"}"));
	assert_int_equal(l.error.class, OC_ERR_AUTH);
	assert_string_equal(l.error.message, "no");
	oc_model_list_deinit(&l);
}

static void lmstudio_tells_efforts_instances_and_variants(void **state)
{
	static const char body[] =
	    "{\"models\":[{\"type\":\"llm\",\"key\":\"a/b\",\"display_name\":\"B\",\"format\":\"gguf\",\"max_context_length\":9,"
	    "\"loaded_instances\":[{\"id\":\"a/b\",\"config\":{\"context_length\":4,\"parallel\":3}}],"
	    "\"capabilities\":{\"reasoning\":{\"allowed_options\":[\"off\",\"on\"],\"default\":\"on\"}},"
	    "\"variants\":[\"a/b@q4\"],\"selected_variant\":\"a/b@q8\"},"
	    "{\"type\":\"llm\",\"key\":\"c\",\"loaded_instances\":[],\"capabilities\":{}}]}";
	struct oc_model_list l;

	(void)state;
	oc_model_list_decode(&l, 200, oc_str(body));
	assert_int_equal(l.source, OC_LIST_LMSTUDIO);
	const struct oc_listed_model *m = oc_model_list_find(&l, OC_LIT("A/B@Q8"));

	assert_ptr_equal(m, &l.v[0]);
	assert_null(oc_model_list_find(&l, OC_LIT("A/B"))); /* ids are exact */
	assert_string_equal(m->name, "B");
	assert_string_equal(m->format, "gguf");
	assert_int_equal(m->parallel, 3);
	assert_int_equal(m->instance_ctx[0], 4);
	assert_int_equal(m->efforts.n, 6);
	assert_int_equal(m->allowed_options.n, 2);
	assert_string_equal(m->effort_default, "on");
	assert_int_equal(m->reasoning, OC_TRUE);
	assert_non_null(m->effort_map);
	assert_int_equal(l.v[1].reasoning, OC_UNSET);
	assert_false(l.v[1].has_efforts);
	oc_model_list_deinit(&l);
}

static void ten_thousand_models_are_read_quickly(void **state)
{
	struct oc_buf b;
	struct oc_model_list l;

	(void)state;
	oc_buf_init(&b, 1 << 24);
	oc_buf_adds(&b, "{\"data\":[");
	for (int i = 0; i < 10000; i++)
		oc_buf_addf(&b, "%s{\"id\":\"vendor/model-%d\"}", i ? "," : "", i);
	oc_buf_adds(&b, "]}");
	oc_model_list_decode(&l, 200, oc_buf_view(&b));
	assert_int_equal(l.n, 10000);
	oc_model_list_deinit(&l);
	oc_buf_deinit(&b);
}

static void single_documents_are_read(void **state)
{
	struct oc_load_answer a;
	struct oc_props p;
	struct oc_show s;
	struct oc_model_list ps;

	(void)state;
	oc_load_answer_decode(
	    &a, 200,
	    OC_LIT(
		"{\"instance_id\":\"m:2\",\"status\":\"loaded\",\"load_config\":{\"context_length\":7}}"));
	assert_string_equal(a.instance, "m:2");
	assert_int_equal(a.ctx, 7);
	oc_load_answer_deinit(&a);
	oc_load_answer_decode(&a, 400,
			      OC_LIT("{\"error\":{\"message\":\"Failed to load model x\"}}"));
	assert_int_equal(a.error.class, OC_ERR_MODEL_LOAD_FAILED);
	assert_null(a.instance);
	oc_load_answer_deinit(&a);
	oc_props_decode(
	    &p, 200,
	    OC_LIT(
		"{\"default_generation_settings\":{\"n_ctx\":5},\"total_slots\":2,\"build_info\":\"b\"}"));
	assert_int_equal(p.ctx + p.parallel, 7);
	assert_string_equal(p.server, "llama.cpp");
	assert_int_equal(p.vision, OC_UNSET);
	oc_props_deinit(&p);
	oc_show_decode(
	    &s, 200,
	    OC_LIT(
		"{\"parameters\":\"stop x\\nnum_ctx 12\\nnum_ctx_other 3\",\"model_info\":{\"a.context_length\":40},\"capabilities\":[\"vision\"]}"));
	assert_int_equal(s.ctx, 12);
	assert_int_equal(s.ctx_max, 40);
	assert_int_equal(s.vision, OC_TRUE);
	assert_int_equal(s.tools, OC_FALSE);
	oc_show_deinit(&s);
	oc_ps_decode(&ps, 200, OC_LIT("{\"models\":[{\"name\":\"q:4b\",\"context_length\":8}]}"));
	assert_int_equal(ps.n, 1);
	assert_string_equal(ps.v[0].ctx_source, "ollama.ps");
	oc_model_list_deinit(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_dialect_is_read),
		cmocka_unit_test(a_refused_list_tells_its_class),
		cmocka_unit_test(lmstudio_tells_efforts_instances_and_variants),
		cmocka_unit_test(ten_thousand_models_are_read_quickly),
		cmocka_unit_test(single_documents_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
