/* How alike two short texts are: names of files and lines of code that a model nearly got right. */
#include <string.h>

#include "tool/internal.h"

enum { MAX_COMPARED = 200, BUCKETS = 1024 };

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Counts the pairs of neighbouring bytes into buckets and returns how many there are. */
static unsigned count_pairs(struct oc_str s, unsigned short *bucket)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		bucket[(fold(s.p[i]) * 31u + fold(s.p[i + 1])) % BUCKETS]++;
	return (unsigned)(s.n - 1);
}

unsigned oc_text_similarity(struct oc_str a, struct oc_str b)
{
	unsigned short in_a[BUCKETS] = { 0 }, in_b[BUCKETS] = { 0 };
	unsigned total, common = 0;

	a = oc_str_head(a, MAX_COMPARED);
	b = oc_str_head(b, MAX_COMPARED);
	if (oc_str_ieq(a, b)) return 100;
	if (a.n < 2 || b.n < 2) return 0;
	total = count_pairs(a, in_a) + count_pairs(b, in_b);
	for (size_t i = 0; i < BUCKETS; i++) common += in_a[i] < in_b[i] ? in_a[i] : in_b[i];
	return 200 * common / total;
}
