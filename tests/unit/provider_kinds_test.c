#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/codec/provider_kinds.h"

static void every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < oc_provider_kinds_n; i++) {
		const struct oc_provider_kind *k = &oc_provider_kinds[i];

		print_message("%s\n", k->id);
		assert_true(*k->id && *k->label && *k->reasoning_field && *k->health);
		assert_true(!strcmp(k->api, "openai-completions") ||
			    !strcmp(k->api, "anthropic-messages"));
		assert_int_equal(k->list[0].kind, OC_DOC_MODELS);
		assert_true(k->slots >= 1);
		assert_int_equal(k->count != OC_COUNT_NONE, k->count_path != NULL);
		assert_int_equal(k->hosted, k->marker == NULL);
		if (k->hosted) assert_true(k->key_variable && !k->suffixed && !k->onboarding);
		if (k->onboarding) assert_true(k->base_url && k->start_hint);
	}
}

static void a_name_without_suffix_is_an_id_or_an_alias(void **state)
{
	(void)state;
	assert_string_equal(oc_provider_kind_called("lm_studio")->id, "lmstudio");
	assert_string_equal(oc_provider_kind_called("llama.cpp")->id, "llamacpp");
	assert_string_equal(oc_provider_kind_called("openai")->id, "openai");
	assert_null(oc_provider_kind_called("ollama-upstairs"));
	assert_null(oc_provider_kind_called("lm"));
	assert_null(oc_provider_kind_called(""));
}

static void one_row_stands_in_for_servers_that_nobody_named(void **state)
{
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < oc_provider_kinds_n; i++)
		n += oc_provider_kinds[i].stands_in && oc_provider_kinds[i].bundled;
	assert_int_equal(n, 1);
}

static void every_call_of_a_row_has_a_path_and_the_lists_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < oc_provider_kinds_n; i++) {
		const struct oc_provider_kind *k = &oc_provider_kinds[i];
		const struct oc_document_call *calls[] = { k->list, k->window };

		for (size_t c = 0; c < 2; c++)
			for (size_t j = 0; j < OC_KIND_CALLS; j++)
				assert_int_equal(calls[c][j].kind != OC_DOC_END,
						 calls[c][j].path != NULL);
		assert_int_equal(k->list[OC_KIND_CALLS - 1].kind, OC_DOC_END);
		assert_int_equal(k->window[OC_KIND_CALLS - 1].kind, OC_DOC_END);
	}
}

static void ids_aliases_and_suffixes_lead_to_one_row(void **state)
{
	static const struct {
		const char *id, *want;
	} cases[] = {
		{ "lmstudio", "lmstudio" },
		{ "LMStudio", "lmstudio" },
		{ "lm-studio", "lmstudio" },
		{ "lmstudio-upstairs", "lmstudio" },
		{ "lmstudioX", "custom" },
		{ "ollama", "ollama" },
		{ "ollama-gpu", "ollama" },
		{ "llamacpp", "llamacpp" },
		{ "llama-cpp", "llamacpp" },
		{ "llama.cpp", "llamacpp" },
		{ "llama.cpp-2", "llamacpp" },
		{ "llama", "custom" },
		{ "vllm", "vllm" },
		{ "sglang-a", "sglang" },
		{ "localai", "localai" },
		{ "jan", "jan" },
		{ "january", "custom" },
		{ "tabby", "tabbyapi" },
		{ "tabbyapi", "tabbyapi" },
		{ "textgen", "textgen" },
		{ "text-generation-webui", "textgen" },
		{ "mlx", "mlx" },
		{ "mlx-lm", "mlx" },
		{ "litellm", "litellm" },
		{ "starter", "starter" },
		{ "openrouter", "openrouter" },
		{ "anthropic", "anthropic" },
		{ "openai", "openai" },
		{ "openai-like", "custom" },
		{ "my-box", "custom" },
		{ "", "custom" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(oc_provider_kind(cases[i].id)->id, cases[i].want);
	assert_ptr_equal(oc_provider_kind(NULL), oc_custom_kind);
	assert_null(oc_provider_kind_named(OC_LIT("nobody")));
}

/* D36. */
static void slots_that_nobody_tells_are_those_of_the_kind(void **state)
{
	static const struct {
		const char *id;
		int want;
	} cases[] = { { "lmstudio", 4 }, { "vllm", 32 },       { "sglang", 32 },
		      { "litellm", 16 }, { "openrouter", 16 }, { "anthropic", 16 },
		      { "openai", 16 },	 { "llamacpp", 1 },    { "ollama", 1 },
		      { "mlx", 1 },	 { "custom", 1 } };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(oc_provider_kind(cases[i].id)->slots, cases[i].want);
}

static void paths_stand_below_the_root_or_the_base(void **state)
{
	static const struct {
		const char *base, *path, *want;
	} cases[] = {
		{ "http://h:1/v1", "models", "http://h:1/v1/models" },
		{ "http://h:1/v1/", "models", "http://h:1/v1/models" },
		{ "http://h:1/v1", "/props", "http://h:1/props" },
		{ "http://h:1/v1/", "/props", "http://h:1/props" },
		{ "http://h:1", "/props", "http://h:1/props" },
		{ "http://h:1/api/v1", "/api/v1/models", "http://h:1/api/v1/models" },
		{ "http://h:1/proxy/v1", "/health", "http://h:1/proxy/health" },
		{ "http://h:1/proxy", "models", "http://h:1/proxy/models" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *url = oc_kind_url(cases[i].base, cases[i].path);

		assert_string_equal(url, cases[i].want);
		free(url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(a_name_without_suffix_is_an_id_or_an_alias),
		cmocka_unit_test(one_row_stands_in_for_servers_that_nobody_named),
		cmocka_unit_test(every_call_of_a_row_has_a_path_and_the_lists_end),
		cmocka_unit_test(ids_aliases_and_suffixes_lead_to_one_row),
		cmocka_unit_test(slots_that_nobody_tells_are_those_of_the_kind),
		cmocka_unit_test(paths_stand_below_the_root_or_the_base),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
