#ifndef OC_JSON_H
#define OC_JSON_H
#include <jansson.h>

#include "base/buf.h"
/*
 * jansson, made as forgiving as servers are sloppy and as strict as memory safety wants.
 * Owned json_t * are given back with json_decref(); borrowed ones live as long as their parent.
 */

/* What oc_json_parse had to mend. */
struct oc_json_notes {
	bool utf8_replaced; /* ill-formed UTF-8 or a lone surrogate escape became U+FFFD */
};

/*
 * Parses one JSON value (RFC 8259) and nothing after it but white space. One BOM is dropped,
 * ill-formed UTF-8 and lone \uD800 escapes become U+FFFD, nesting beyond OC_MAX_JSON_DEPTH is
 * refused (OC_E_LIMIT). NUL inside strings is kept. Integers beyond 64 bits
 * come out as strings with their digits. notes may be NULL. NULL result: e says line and column,
 * and never quotes the text (it may hold secrets).
 */
OC_MUST_USE json_t *oc_json_parse(struct oc_str in, struct oc_json_notes *notes, struct oc_err *e);
/* The same for text that this program wrote itself: without the mending, and without the ceilings
 * that foreign text needs. */
OC_MUST_USE json_t *oc_json_parse_own(struct oc_str in, struct oc_err *e);

/* Members of an object; the default when obj is no object, the key is missing or the type differs.
 * Borrowed. */
const char *oc_json_cstr(const json_t *obj, const char *key); /* NULL when absent or not a string */
struct oc_str oc_json_str(const json_t *obj,
			  const char *key);	  /* {NULL, 0} when absent or not a string */
struct oc_str oc_json_text(const json_t *string); /* with NULs counted; {NULL, 0} for other types */
bool oc_json_bool(const json_t *obj, const char *key, bool dflt);
/* A finite number truncated towards zero; dflt for anything else, also when out of the range of
 * int64_t. */
int64_t oc_json_int(const json_t *obj, const char *key, int64_t dflt);
/* Positive finite number, truncated; 0 otherwise. */
int64_t oc_json_positive(const json_t *obj, const char *key);

/* Sets key to a new reference, dropping NULL values. value is stolen. */
void oc_json_put(json_t *obj, const char *key, json_t *value);
/* String value from a view that may hold any bytes: ill-formed UTF-8 is replaced. New reference. */
json_t *oc_json_new_str(struct oc_str s);

/* Two-space indented text with a trailing newline; free with free(). Key order is kept. */
char *oc_json_pretty(const json_t *v);
/* Shortest form, key order kept; free with free(). */
char *oc_json_compact(const json_t *v);
#endif
