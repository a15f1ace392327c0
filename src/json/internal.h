#ifndef OC_JSON_INTERNAL_H
#define OC_JSON_INTERNAL_H
#include "json/json5.h"
/* What the JSON5 reader remembers for the writer. */

/* One number as it was written. value is a reference, so that its address names it for good. */
struct number {
	json_t *value;
	struct oc_str text;
};
struct member {
	char *key;
	struct oc_str text;
};
struct oc_json5 {
	char *text; /* all views point into it */
	size_t n;
	json_t *value;
	size_t comments;
	struct number *numbers; /* by address */
	size_t n_numbers, cap_numbers;
	struct member *members; /* of the root object */
	size_t n_members, cap_members;
};

/* Fills d->value, comments, numbers and members from d->text; a failure leaves value NULL. */
OC_MUST_USE enum oc_rc oc_json5_read(struct oc_json5 *d, struct oc_err *e);
/* The authored text of a number of d->value; {NULL, 0} when there is none. */
struct oc_str oc_json5_number_text(const struct oc_json5 *d, const json_t *number);

/* How many bytes at the beginning of s stand for themselves in a string. */
size_t oc_json_plain(struct oc_str s);
/* RFC 8259, section 6. *integer tells that there is neither fraction nor exponent. */
bool oc_json_is_number(struct oc_str s, bool *integer);
/* The four hex digits at position i, or -1. */
int32_t oc_json_hex4(struct oc_str s, size_t i);
#endif
