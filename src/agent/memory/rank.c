/* Scores, places, age, and likeness. */
#include "agent/memory/rank.h"

#include <math.h>
#include <stdlib.h>

#include "agent/memory/terms.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { RECIPROCAL_K = 60, DAY_MS = 86400000 };
static const double weight_near = 0.7, weight_words = 0.3;
static const double weight_parts = 0.6; /* inside of a longer word it may be chance */
static const double lambda = 0.7;	/* of likeness: how much fitting counts */
static const double least_age = 0.5;	/* the part that no time takes away */

struct one {
	size_t hit;
	double text, near, score, base;
	uint64_t *words; /* sorted hashes */
	size_t n_words, cap;
	bool shown;
};

/* ---- scores ---- */

static double share(double part, double whole)
{
	return whole > 0 && part > 0 ? part / whole : 0;
}

static double text_score(const struct oc_memory_hit *h, const struct oc_memory_ranking *r,
			 double best_words, double best_parts)
{
	double words =
	    (share((double)h->n_words, (double)r->n_terms) + share(h->words, best_words)) / 2;
	double parts =
	    (share((double)h->n_parts, (double)r->n_terms) + share(h->parts, best_parts)) / 2 *
	    weight_parts;

	return fmin(1, fmax(words, parts));
}

static void score_all(const struct oc_memory_hits *hits, const struct oc_memory_ranking *r,
		      struct one *v)
{
	double best_words = 0, best_parts = 0;

	for (size_t i = 0; i < hits->n; i++) {
		best_words = fmax(best_words, hits->v[i].words);
		best_parts = fmax(best_parts, hits->v[i].parts);
	}
	for (size_t i = 0; i < hits->n; i++) {
		const struct oc_memory_hit *h = &hits->v[i];

		v[i].hit = i;
		v[i].text = text_score(h, r, best_words, best_parts);
		v[i].near = h->has_near ? fmin(1, fmax(0, h->near)) : 0;
		v[i].score =
		    h->has_near ? weight_near * v[i].near + weight_words * v[i].text : v[i].text;
	}
}

/* ---- places ---- */

static int by_text(const void *a, const void *b)
{
	double x = ((const struct one *)a)->text, y = ((const struct one *)b)->text;

	return x < y ? 1 : x > y ? -1 : 0;
}

static int by_near(const void *a, const void *b)
{
	double x = ((const struct one *)a)->near, y = ((const struct one *)b)->near;

	return x < y ? 1 : x > y ? -1 : 0;
}

static double reciprocal(size_t place)
{
	return (double)(RECIPROCAL_K + 1) / (double)(RECIPROCAL_K + 1 + place);
}

static void fuse(struct one *v, size_t n)
{
	qsort(v, n, sizeof *v, by_text);
	for (size_t i = 0; i < n; i++) v[i].base = v[i].text > 0 ? weight_words * reciprocal(i) : 0;
	qsort(v, n, sizeof *v, by_near);
	for (size_t i = 0; i < n; i++)
		if (v[i].near > 0) v[i].base += weight_near * reciprocal(i);
}

/* To 0.5 … 1: the places of what is shown at all lie close together. */
static void spread(struct one *v, size_t n)
{
	double low = 2, high = 0;

	for (size_t i = 0; i < n; i++) {
		low = fmin(low, v[i].base);
		high = fmax(high, v[i].base);
	}
	for (size_t i = 0; i < n; i++)
		v[i].base = high > low ? 0.5 + (v[i].base - low) / (high - low) / 2 : 1;
}

/* ---- age ---- */

static int64_t digits(const char *p, size_t n)
{
	int64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9') return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

int64_t oc_memory_day_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (strlen(name) < 10 || name[4] != '-' || name[7] != '-') return -1;
	int64_t y = digits(name, 4), m = digits(name + 5, 2), d = digits(name + 8, 2);
	if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31) return -1;
	/* The year begins in March: the leap day is its last. */
	if (m < 3) y--;
	int64_t days = 365 * y + y / 4 - y / 100 + y / 400;
	return days + (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1 - 719468;
}

static double age_factor(const char *path, int64_t now_ms)
{
	int64_t day = oc_memory_day_of(path), age = now_ms / DAY_MS - day;

	if (day < 0 || age <= 0) return 1;
	return least_age + (1 - least_age) * exp2(-(double)age / (double)OC_MEMORY_HALF_LIFE_DAYS);
}

/* ---- likeness ---- */

static void add_word(void *arg, struct oc_str word)
{
	struct one *o = arg;
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < word.n; i++)
		hash = (hash ^ (unsigned char)word.p[i]) * 1099511628211u;
	if (o->n_words == o->cap)
		o->words =
		    oc_realloc_array(o->words, o->cap = o->cap ? o->cap * 2 : 64, sizeof hash);
	o->words[o->n_words++] = hash;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void read_words(const char *text, struct one *o)
{
	struct oc_buf lower;
	size_t n = 0;

	oc_buf_init(&lower, 4 * strlen(text) + 16);
	oc_utf8_lower(oc_str(text), &lower);
	oc_memory_words(oc_buf_view(&lower), add_word, o);
	oc_buf_deinit(&lower);
	if (!o->n_words) return;
	qsort(o->words, o->n_words, sizeof *o->words, by_value);
	for (size_t i = 1; i < o->n_words; i++)
		if (o->words[i] != o->words[n]) o->words[++n] = o->words[i];
	o->n_words = n + 1;
}

/* Words in common, of all words of both. */
static double likeness(const struct one *a, const struct one *b)
{
	size_t i = 0, j = 0, common = 0;

	while (i < a->n_words && j < b->n_words) {
		if (a->words[i] == b->words[j]) {
			common++;
			i++;
			j++;
		} else if (a->words[i] < b->words[j])
			i++;
		else
			j++;
	}
	size_t all = a->n_words + b->n_words - common;
	return all ? (double)common / (double)all : 1;
}

/* ---- the choice ---- */

static double worth(const struct one *v, size_t n, const struct one *o)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].shown) most = fmax(most, likeness(&v[i], o));
	return lambda * o->base - (1 - lambda) * most;
}

static struct one *best_of(struct one *v, size_t n)
{
	struct one *best = NULL;
	double best_worth = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].shown) continue;
		double w = worth(v, n, &v[i]);

		if (best && w <= best_worth) continue;
		best = &v[i];
		best_worth = w;
	}
	return best;
}

static size_t drop_low(struct one *v, size_t n, double min_score)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].score >= min_score || v[i].text >= min_score) v[kept++] = v[i];
	return kept;
}

size_t oc_memory_rank(const struct oc_memory_hits *hits, const struct oc_memory_ranking *r,
		      struct oc_memory_ranked *out)
{
	struct one *v = oc_alloc((hits->n + 1) * sizeof *v);
	size_t n, shown = 0;
	bool any_near = false;

	score_all(hits, r, v);
	n = drop_low(v, hits->n, r->min_score);
	for (size_t i = 0; i < n; i++) {
		v[i].base = v[i].text;
		any_near = any_near || v[i].near > 0;
	}
	if (any_near) {
		fuse(v, n);
		spread(v, n);
	}
	for (size_t i = 0; i < n; i++) {
		v[i].base *= age_factor(hits->v[v[i].hit].path, r->now_ms);
		read_words(hits->v[v[i].hit].text, &v[i]);
	}
	while (shown < r->max && shown < n) {
		struct one *best = best_of(v, n);

		best->shown = true;
		out[shown++] = (struct oc_memory_ranked){ best->hit, best->score };
	}
	for (size_t i = 0; i < n; i++) free(v[i].words);
	free(v);
	return shown;
}
