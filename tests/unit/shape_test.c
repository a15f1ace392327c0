/* The notation of shape.h, and what is said about values that do not fit. */
#include "check.h"

#include "gateway/wire/shape.h"

static const struct {
	const char *shape, *value, *problems; /* "" = it fits */
} cases[] = {
	{ "", "{}", "" },
	{ "", "{\"x\":1}", "at root: unexpected property 'x'" },
	{ "...", "{\"x\":1}", "" },
	{ "key:str", "{\"key\":\"a\"}", "" },
	{ "key:str", "{}", "must have required property 'key'" },
	{ "key:str", "{\"key\":1}", "at /key: must be string" },
	{ "key:str, other?:int", "{\"key\":\"a\",\"othr\":1}",
	  "at root: unexpected property 'othr'" },
	{ "key:str, ...", "{\"key\":\"a\",\"othr\":1}", "" },
	{ "key:str", "[]", "must be object" },
	{ "n:int>=1<=1000", "{\"n\":1}", "" },
	{ "n:int>=1<=1000", "{\"n\":1000.0}", "" },
	{ "n:int>=1<=1000", "{\"n\":0}", "at /n: must be >= 1" },
	{ "n:int>=1<=1000", "{\"n\":1001}", "at /n: must be <= 1000" },
	{ "n:int>=1<=1000", "{\"n\":1.5}", "at /n: must be integer" },
	{ "n:int>=1<=1000", "{\"n\":\"7\"}", "at /n: must be integer" },
	{ "n:num>=0", "{\"n\":0.5}", "" },
	{ "n:num>=0", "{\"n\":-0.5}", "at /n: must be >= 0" },
	{ "s:str min1 max3", "{\"s\":\"\"}", "at /s: must NOT have fewer than 1 characters" },
	{ "s:str min1 max3", "{\"s\":\"\xc3\xa9\xc3\xa9\xc3\xa9\"}", "" },
	{ "s:str min1 max3", "{\"s\":\"abcd\"}", "at /s: must NOT have more than 3 characters" },
	{ "b:bool", "{\"b\":true}", "" },
	{ "b:bool", "{\"b\":0}", "at /b: must be boolean" },
	{ "b:true", "{\"b\":false}", "at /b: must be true" },
	{ "o:object, a:any", "{\"o\":{\"x\":1},\"a\":null}", "" },
	{ "o:object", "{\"o\":[]}", "at /o: must be object" },
	{ "l:str[]", "{\"l\":[]}", "" },
	{ "l:str[]", "{\"l\":[\"a\",2,\"c\"]}", "at /l/1: must be string" },
	{ "l:str max2[], n:int", "{\"l\":[\"abc\"],\"n\":1}",
	  "at /l/0: must NOT have more than 2 characters" },
	{ "l:str[]", "{\"l\":\"a\"}", "at /l: must be array" },
	{ "l:(\"a\"|\"b\")[]", "{\"l\":[\"a\",\"c\"]}", "at /l/1: must be \"a\" or \"b\"" },
	{ "v:(bool|\"all\")", "{\"v\":true}", "" },
	{ "v:(bool|\"all\")", "{\"v\":\"all\"}", "" },
	{ "v:(bool|\"all\")", "{\"v\":\"some\"}", "at /v: must be \"all\"" },
	{ "v:(bool|\"all\")", "{\"v\":3}", "at /v: must be bool or \"all\"" },
	{ "v?:(str max3|null)", "{\"v\":null}", "" },
	{ "v?:(str max3|null)", "{\"v\":\"abcd\"}", "at /v: must NOT have more than 3 characters" },
	{ "v?:(1|null)", "{\"v\":1}", "" },
	{ "v?:(1|null)", "{\"v\":2}", "at /v: must be 1" },
	{ "v?:((\"x\"|\"y\")|null)", "{\"v\":\"y\"}", "" },
	{ "v?:((\"x\"|\"y\")|null)", "{\"v\":\"z\"}", "at /v: must be \"x\" or \"y\" or null" },
	{ "a?:{t?:str, n?:num}[]", "{\"a\":[{\"t\":\"x\"},{\"n\":1}]}", "" },
	{ "a?:{t?:str, n?:num}[]", "{\"a\":[{\"t\":\"x\"},{\"q\":1}]}",
	  "at /a/1: unexpected property 'q'" },
	{ "a?:{t?:str, ...}[]", "{\"a\":[{\"q\":1}]}", "" },
	{ "o:{a:{b:int}}", "{\"o\":{\"a\":{\"b\":\"x\"}}}", "at /o/a/b: must be integer" },
	{ "o:{a:{b:int}}", "{\"o\":{\"a\":{}}}", "at /o/a: must have required property 'b'" },
	{ "({id:str}|{jobId:str})", "{\"id\":\"a\"}", "" },
	{ "({id:str}|{jobId:str})", "{\"jobId\":\"a\"}", "" },
	{ "({id:str}|{jobId:str})", "{\"id\":\"a\",\"jobId\":\"b\"}",
	  "at root: unexpected property 'jobId'" },
	{ "({id:str}|{jobId:str})", "7", "must be {id:str} or {jobId:str}" },
	{ "a:int, b:str", "{\"a\":\"x\",\"b\":1}",
	  "at /a: must be integer; at /b: must be string" },
	{ "o:{...}", "{\"o\":{\"a/b~c\":1}}", "" },
	{ "o:{k:{x:int}}", "{\"o\":{\"k\":{\"x\":1},\"a/b~c\":1}}",
	  "at /o: unexpected property 'a/b~c'" },
};

static void problems_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_error_t why;
		json_t *value = json_loads(cases[i].value, JSON_DECODE_ANY, &why);
		struct oc_buf got;

		if (!value) fail_msg("case %zu: %s", i, why.text);
		oc_buf_init(&got, 4096);
		bool ok = oc_shape_check(cases[i].shape, value, &got);
		if (strcmp(oc_buf_cstr(&got), cases[i].problems) != 0)
			fail_msg("%s with %s: got <%s>, want <%s>", cases[i].shape, cases[i].value,
				 oc_buf_cstr(&got), cases[i].problems);
		assert_int_equal(ok, !*cases[i].problems);
		oc_buf_deinit(&got);
		json_decref(value);
	}
}

static void names_from_clients_are_cut(void **state)
{
	char name[4000];
	struct oc_buf got;
	json_t *value = json_object();

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "%0*d", (int)sizeof name - 1, i);
		json_object_set_new(value, name, json_null());
	}
	oc_buf_init(&got, 65536);
	assert_false(oc_shape_check("", value, &got));
	assert_true(got.n > 100 && got.n < 20 * 150);
	oc_buf_deinit(&got);
	json_decref(value);
}

static void problems_follow_what_is_there(void **state)
{
	json_t *value = json_pack("{s:i,s:i}", "a", 1, "b", 2);
	struct oc_buf got;

	(void)state;
	oc_buf_init(&got, 4096);
	oc_buf_adds(&got, "invalid x params: ");
	assert_false(oc_shape_check("a:str, b:str", value, &got));
	assert_string_equal(oc_buf_cstr(&got), "invalid x params: at /a: must be string; at /b: "
					       "must be string");
	oc_buf_deinit(&got);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_are_named),
		cmocka_unit_test(problems_follow_what_is_there),
		cmocka_unit_test(names_from_clients_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
