/* The document: what was read, and what the writer asks about it. */
#include "json/json5.h"

#include <stdlib.h>

#include "base/mem.h"
#include "json/internal.h"

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct number *)a)->value,
		  y = (uintptr_t)((const struct number *)b)->value;

	return (x > y) - (x < y);
}

enum oc_rc oc_json5_parse(struct oc_str text, struct oc_json5 **out, struct oc_err *e)
{
	struct oc_err local = { 0 };
	struct oc_json5 *d = oc_new(struct oc_json5);
	d->text = oc_strndup(text.p, text.n);
	d->n = text.n;
	enum oc_rc rc = oc_json5_read(d, e ? e : &local);
	if (rc) {
		oc_json5_free(d);
		return rc;
	}
	if (d->n_numbers) qsort(d->numbers, d->n_numbers, sizeof *d->numbers, by_address);
	*out = d;
	return OC_OK;
}

void oc_json5_free(struct oc_json5 *d)
{
	if (!d) return;
	for (size_t i = 0; i < d->n_numbers; i++) json_decref(d->numbers[i].value);
	for (size_t i = 0; i < d->n_members; i++) free(d->members[i].key);
	free(d->numbers);
	free(d->members);
	json_decref(d->value);
	free(d->text);
	free(d);
}

json_t *oc_json5_value(const struct oc_json5 *d)
{
	return d->value;
}

struct oc_str oc_json5_text(const struct oc_json5 *d)
{
	return (struct oc_str){ d->text, d->n };
}

size_t oc_json5_comments(const struct oc_json5 *d)
{
	return d->comments;
}

struct oc_str oc_json5_member_text(const struct oc_json5 *d, const char *key)
{
	for (size_t i = d->n_members; i > 0; i--) /* the last of two equal keys counts */
		if (!strcmp(d->members[i - 1].key, key)) return d->members[i - 1].text;
	return (struct oc_str){ NULL, 0 };
}

struct oc_str oc_json5_number_text(const struct oc_json5 *d, const json_t *number)
{
	struct number key = { .value = (json_t *)(uintptr_t)number };

	if (!d->n_numbers) return (struct oc_str){ NULL, 0 };
	const struct number *found =
	    bsearch(&key, d->numbers, d->n_numbers, sizeof *d->numbers, by_address);
	return found ? found->text : (struct oc_str){ NULL, 0 };
}
