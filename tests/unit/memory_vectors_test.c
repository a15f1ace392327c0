/* Embeddings on the wire and in eight bits. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "agent/memory/vectors.h"
#include "base/mem.h"

static const struct {
	const char *model, *question, *note;
} prefixes[] = {
	{ "text-embedding-nomic-embed-text-v1.5", "search_query: ", "search_document: " },
	{ "Multilingual-E5-Large", "query: ", "passage: " },
	{ "Qwen3-Embedding-0.6B-GGUF",
	  "Instruct: Given a question, find the notes that answer it\nQuery: ", "" },
	{ "embeddinggemma:300m", "task: search result | query: ", "title: none | text: " },
	{ "bge-m3", "", "" },
	{ "text-embedding-3-small", "", "" },
};

static void each_family_of_models_gets_its_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		assert_string_equal(oc_memory_prefix(prefixes[i].model, true),
				    prefixes[i].question);
		assert_string_equal(oc_memory_prefix(prefixes[i].model, false), prefixes[i].note);
	}
}

static void a_request_holds_the_texts_cut_at_a_character(void **state)
{
	const struct oc_str texts[] = { OC_LIT("abc"), OC_LIT("äöü") };
	char *body = oc_memory_embed_body("m", "p: ", texts, 2, 3);

	(void)state;
	assert_string_equal(body, "{\"model\":\"m\",\"input\":[\"p: abc\",\"p: ä\"]}");
	free(body);
}

static double length_of(const struct oc_memory_embedding *e)
{
	double sum = 0;

	for (size_t i = 0; i < e->n; i++) sum += e->v[i] * e->scale * e->v[i] * e->scale;
	return sqrt(sum);
}

static void a_vector_keeps_its_direction_and_gets_length_one(void **state)
{
	static const double x[] = { 3, -4, 0, 0.5 };
	struct oc_memory_embedding e = { 0 };

	(void)state;
	assert_true(oc_memory_quantise(x, 4, &e));
	assert_int_equal(e.n, 4);
	assert_int_equal(e.v[1], -127);
	assert_int_equal(e.v[0], 95);
	assert_int_equal(e.v[2], 0);
	assert_true(fabs(length_of(&e) - 1) < 0.01);
	oc_memory_embedding_deinit(&e);
}

static void what_is_no_vector_is_refused(void **state)
{
	static const double zeros[3] = { 0 };
	static const double odd[] = { 1, NAN }, endless[] = { 1, INFINITY };
	struct oc_memory_embedding e = { 0 };

	(void)state;
	assert_false(oc_memory_quantise(zeros, 3, &e));
	assert_false(oc_memory_quantise(zeros, 0, &e));
	assert_false(oc_memory_quantise(odd, 2, &e));
	assert_false(oc_memory_quantise(endless, 2, &e));
	assert_null(e.v);
}

static const struct {
	const char *name, *body;
	bool ok;
} answers[] = {
	{ "in order", "{\"data\":[{\"embedding\":[1,0]},{\"embedding\":[0,1]}]}", true },
	{ "by index",
	  "{\"data\":[{\"index\":1,\"embedding\":[0,1]},{\"index\":0,\"embedding\":[1,0]}]}",
	  true },
	{ "one is missing", "{\"data\":[{\"embedding\":[1,0]}]}", false },
	{ "twice the same",
	  "{\"data\":[{\"index\":0,\"embedding\":[1,0]},{\"index\":0,\"embedding\":[0,1]}]}",
	  false },
	{ "out of bounds",
	  "{\"data\":[{\"index\":-1,\"embedding\":[1,0]},{\"index\":9,\"embedding\":[0,1]}]}",
	  false },
	{ "of two lengths", "{\"data\":[{\"embedding\":[1,0]},{\"embedding\":[0,1,2]}]}", false },
	{ "no numbers", "{\"data\":[{\"embedding\":[\"1\",0]},{\"embedding\":[0,1]}]}", false },
	{ "empty", "{\"data\":[{\"embedding\":[]},{\"embedding\":[]}]}", false },
	{ "an error", "{\"error\":{\"message\":\"no model\"}}", false },
	{ "no JSON", "<html>", false },
};

static void an_answer_counts_only_as_a_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct oc_memory_embedding v[2] = { { 0 } };
		struct oc_err e = { 0 };
		enum oc_rc rc = oc_memory_embed_answer(oc_str(answers[i].body), 2, v, &e);

		if ((rc == OC_OK) != answers[i].ok)
			fail_msg("%s: %d %s", answers[i].name, rc, e.msg);
		if (!rc) {
			assert_int_equal(v[0].v[0], 127);
			assert_int_equal(v[1].v[1], 127);
		}
		oc_memory_embedding_deinit(&v[0]);
		oc_memory_embedding_deinit(&v[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_family_of_models_gets_its_prefix),
		cmocka_unit_test(a_request_holds_the_texts_cut_at_a_character),
		cmocka_unit_test(a_vector_keeps_its_direction_and_gets_length_one),
		cmocka_unit_test(what_is_no_vector_is_refused),
		cmocka_unit_test(an_answer_counts_only_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
