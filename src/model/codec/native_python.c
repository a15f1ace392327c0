/* Python's call arguments as an object: the text is cut at its commas, names are put before what
 * lacks one, and the rest is mended as JSON. */
#include "model/codec/native_python.h"

#include <stdlib.h>

#include "base/limits.h"
#include "json/repair.h"

enum { MAX_ARGUMENTS = 64 };

/* ---- pieces ---------------------------------------------------------------------- */

/* Where the argument that begins at `at` ends: at its comma, or at the end. */
static size_t piece_end(struct oc_str s, size_t at)
{
	size_t depth = 0;
	char quote = '\0';

	for (; at < s.n; at++) {
		char c = s.p[at];

		if (quote) {
			if (c == '\\')
				at++;
			else if (c == quote)
				quote = '\0';
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (strchr("([{", c)) {
			depth++;
		} else if (strchr(")]}", c)) {
			if (depth) depth--;
		} else if (c == ',' && depth == 0) {
			return at;
		}
	}
	return s.n;
}

static bool name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* "key=…"; the key, or an empty string. */
static struct oc_str keyword_of(struct oc_str piece)
{
	size_t n = 0, at;

	while (n < piece.n && name_char(piece.p[n], n == 0)) n++;
	at = n;
	while (at < piece.n && oc_is_space(piece.p[at])) at++;
	bool is = n && at < piece.n && piece.p[at] == '=' &&
		  !(at + 1 < piece.n && piece.p[at + 1] == '=');

	return oc_str_head(piece, is ? n : 0);
}

/* ---- names of those that have none ---------------------------------------------------- */

static bool is_required(const json_t *schema, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(schema, "required"), i, v)
		if (oc_str_eq(oc_json_text(v), oc_str(name))) return true;
	return false;
}

/* As a Python function would have them: nothing that is required after something that is not. */
static bool is_signature(const json_t *schema)
{
	bool optional = false;
	const char *name;
	json_t *v;

	json_object_foreach (json_object_get(schema, "properties"), name, v) {
		bool needed = is_required(schema, name);

		if (needed && optional) return false;
		optional = optional || !needed;
	}
	return true;
}

/* The i-th of n lone arguments; NULL when that would be a guess. */
static const char *name_of(const json_t *schema, size_t i, size_t n)
{
	const json_t *required = json_object_get(schema, "required");
	const char *name;
	json_t *v;
	size_t k = 0;

	if (n == 1 && json_array_size(required) == 1)
		return json_string_value(json_array_get(required, 0));
	if (!is_signature(schema)) return NULL;
	json_object_foreach (json_object_get(schema, "properties"), name, v)
		if (k++ == i) return name;
	return NULL;
}

/* ---- the whole -------------------------------------------------------------------------- */

static void add_named(struct oc_buf *out, const char *name, struct oc_str value)
{
	json_t *key = json_string(name);
	char *quoted = json_dumps(key, JSON_ENCODE_ANY);

	oc_buf_addf(out, "%s:", quoted);
	oc_buf_add(out, value);
	free(quoted);
	json_decref(key);
}

/* Those that stand alone come first, and no name comes twice. */
static bool named(const struct oc_str *pieces, size_t n, size_t lone, const json_t *schema,
		  struct oc_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = i < lone ? name_of(schema, i, lone) : NULL;
		struct oc_str key = keyword_of(pieces[i]);

		if (i) oc_buf_addc(out, ',');
		if (i >= lone) {
			if (!key.n) return false;
			for (size_t k = 0; k < lone; k++)
				if (oc_str_eq(oc_str(name_of(schema, k, lone)), key)) return false;
			oc_buf_add(out, pieces[i]);
		} else {
			if (!name) return false;
			add_named(out, name, pieces[i]);
		}
	}
	return true;
}

json_t *oc_native_python_args(struct oc_str args, const json_t *schema)
{
	struct oc_json_repair repair = { .keywords = true };
	struct oc_str pieces[MAX_ARGUMENTS];
	struct oc_buf object;
	size_t n = 0, lone = 0;
	json_t *out = NULL;

	for (size_t at = 0, end; at < args.n; at = end + 1) {
		end = piece_end(args, at);
		struct oc_str piece = oc_str_trim(oc_str_head(oc_str_from(args, at), end - at));

		if (!piece.n && end == args.n) break; /* behind the last comma */
		if (!piece.n || n == MAX_ARGUMENTS) return NULL;
		if (!keyword_of(piece).n && lone == n) lone++;
		pieces[n++] = piece;
	}
	oc_buf_init(&object, OC_MAX_TOOL_ARGS_BYTES + 16384);
	oc_buf_addc(&object, '{');
	bool ok = named(pieces, n, lone, schema, &object);
	oc_buf_addc(&object, '}');
	if (ok && !object.bad) out = oc_json_repair(&repair, oc_buf_view(&object));
	oc_buf_deinit(&object);
	return out;
}
