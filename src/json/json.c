/* Members of jansson's values, read without care for what is missing or of another type. */
#include "json/json.h"

#include "base/utf8.h"

struct oc_str oc_json_text(const json_t *string)
{
	return (struct oc_str){ json_string_value(string), json_string_length(string) };
}

struct oc_str oc_json_str(const json_t *obj, const char *key)
{
	return oc_json_text(json_object_get(obj, key));
}

const char *oc_json_cstr(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

bool oc_json_bool(const json_t *obj, const char *key, bool dflt)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_boolean(v) ? json_is_true(v) : dflt;
}

int64_t oc_json_int(const json_t *obj, const char *key, int64_t dflt)
{
	const json_t *v = json_object_get(obj, key);

	if (json_is_integer(v)) return json_integer_value(v);
	if (!json_is_real(v)) return dflt;
	double d = json_real_value(v);
	return d >= -9223372036854775808.0 && d < 9223372036854775808.0 ? (int64_t)d : dflt;
}

int64_t oc_json_positive(const json_t *obj, const char *key)
{
	int64_t v = oc_json_int(obj, key, 0);

	return v > 0 ? v : 0;
}

void oc_json_put(json_t *obj, const char *key, json_t *value)
{
	if (value) json_object_set_new(obj, key, value);
}

json_t *oc_json_new_str(struct oc_str s)
{
	struct oc_buf clean;

	if (!s.n || oc_utf8_valid(s)) return json_stringn_nocheck(s.n ? s.p : "", s.n);
	oc_buf_init(&clean, SIZE_MAX / 4);
	oc_utf8_clean(s, &clean);
	json_t *v = json_stringn_nocheck(oc_buf_cstr(&clean), clean.n);
	oc_buf_deinit(&clean);
	return v;
}
