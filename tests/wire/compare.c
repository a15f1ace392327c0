/* Is a result what a case expects? Keys that the expectation does not name do not count. */
#include "wire.h"

#include <stdlib.h>

static void note(struct oc_buf *out, const char *path, json_t *expected, const json_t *got)
{
	char *want = expected ? json_dumps(expected, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	char *have = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	oc_buf_addf(out, "    %s: expected %.300s, got %.300s\n", path, want ? want : "nothing",
		    have ? have : "nothing");
	free(want);
	free(have);
}

static bool anything(const json_t *expected)
{
	return oc_str_eq(oc_json_text(expected), OC_LIT("*"));
}

static bool same_value(json_t *a, json_t *b);

static bool same_members(json_t *a, json_t *b)
{
	const char *key;
	json_t *v;

	if (json_object_size(a) != json_object_size(b)) return false;
	json_object_foreach (a, key, v)
		if (!same_value(v, json_object_get(b, key))) return false;
	return true;
}

static bool same_elements(json_t *a, json_t *b)
{
	if (json_array_size(a) != json_array_size(b)) return false;
	for (size_t i = 0; i < json_array_size(a); i++)
		if (!same_value(json_array_get(a, i), json_array_get(b, i))) return false;
	return true;
}

/* Equal as JSON values: 1 and 1.0 are the same number. */
static bool same_value(json_t *a, json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	if (json_is_object(a) && json_is_object(b)) return same_members(a, b);
	if (json_is_array(a) && json_is_array(b)) return same_elements(a, b);
	return json_equal(a, b);
}

static void compare(const char *path, json_t *expected, const json_t *got, struct oc_buf *out);

static void compare_object(const char *path, json_t *expected, const json_t *got,
			   struct oc_buf *out)
{
	bool error = !strcmp(path, "error");
	const char *key;
	char below[300];
	json_t *v;

	json_object_foreach (expected, key, v) {
		json_t *other = json_object_get(got, key);

		snprintf(below, sizeof below, "%.200s%s%.80s", path, *path ? "." : "", key);
		if (error && !strcmp(key, "code") && json_is_null(v)) continue; /* not checked */
		if (!strcmp(key, "arguments")) {
			if (!same_value(v, other)) note(out, below, v, other);
		} else {
			compare(below, v, other, out);
		}
	}
}

static void compare_array(const char *path, json_t *expected, const json_t *got, struct oc_buf *out)
{
	char below[300];

	if (json_array_size(expected) != json_array_size(got)) {
		note(out, path, expected, got);
		return;
	}
	for (size_t i = 0; i < json_array_size(expected); i++) {
		snprintf(below, sizeof below, "%.200s[%zu]", path, i);
		compare(below, json_array_get(expected, i), json_array_get(got, i), out);
	}
}

static void compare(const char *path, json_t *expected, const json_t *got, struct oc_buf *out)
{
	size_t n = strlen(path);
	bool call_id = n > 3 && !strcmp(path + n - 3, ".id") && !strncmp(path, "tool_calls", 10);

	if (got &&
	    (anything(expected) || (call_id && oc_str_eq(oc_json_text(expected), OC_LIT("gen")) &&
				    json_string_length(got) > 0)))
		return;
	bool alike = got && json_typeof(expected) == json_typeof(got);

	if (alike && json_is_object(expected))
		compare_object(path, expected, got, out);
	else if (alike && json_is_array(expected))
		compare_array(path, expected, got, out);
	else if (!alike || !json_equal(expected, got))
		note(out, path, expected, got);
}

static void check_unique_ids(const json_t *calls, struct oc_buf *out)
{
	for (size_t i = 0; i < json_array_size(calls); i++)
		for (size_t k = 0; k < i; k++) {
			const json_t *a = json_object_get(json_array_get(calls, i), "id");

			if (json_equal(a, json_object_get(json_array_get(calls, k), "id")))
				oc_buf_addf(out, "    tool_calls[%zu].id: used twice\n", i);
		}
}

void wire_compare(json_t *expected, const json_t *got, struct oc_buf *out)
{
	compare("", expected, got, out);
	check_unique_ids(json_object_get(got, "tool_calls"), out);
}
