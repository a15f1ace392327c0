#ifndef OC_JSON5_H
#define OC_JSON5_H
#include "json/json.h"
/*
 * JSON5 (spec.json5.org 1.0.0) reader for files that people write: comments, trailing commas, bare
 * keys, single quotes, hex, leading '+', Infinity/NaN, line continuations. Duplicate keys: the last
 * wins. Pure: text in, values out.
 *
 * Beside the values it remembers what a later write must keep: the authored text of every number,
 * and the bytes of every member of the root object.
 */
struct oc_json5;

/*
 * text is copied. Failure (OC_E_INPUT): the message holds "JSON5", the offending character and
 * line:column, both counted from 1, columns in characters; for U+2018/2019/201C/201D it adds a hint
 * to use plain quotes. Empty text is an error. Depth limit OC_MAX_JSON_DEPTH.
 */
OC_MUST_USE enum oc_rc oc_json5_parse(struct oc_str text, struct oc_json5 **out, struct oc_err *e);
void oc_json5_free(struct oc_json5 *d);

/* Borrowed. Non-finite numbers are jansson reals, which json_real() cannot make, so they are the
 * strings "Infinity", "-Infinity", "NaN". */
json_t *oc_json5_value(const struct oc_json5 *d);
size_t oc_json5_comments(const struct oc_json5 *d);    /* how many */
struct oc_str oc_json5_text(const struct oc_json5 *d); /* the whole text; borrowed */
/* The bytes of the value of a root member as authored, without surrounding comments; {NULL, 0} when
 * absent. */
struct oc_str oc_json5_member_text(const struct oc_json5 *d, const char *key);

/*
 * Pretty JSON of value (two spaces, trailing newline; free with free()), written so that what d
 * holds unchanged keeps its authored form: numbers keep their text where that is legal JSON, and
 * the root members named in verbatim (may be NULL) are copied byte for byte while their value is
 * equal.
 */
char *oc_json5_write(const struct oc_json5 *d, const json_t *value, const struct oc_strv *verbatim);
#endif
