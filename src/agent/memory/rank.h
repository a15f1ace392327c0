#ifndef OC_MEMORY_RANK_H
#define OC_MEMORY_RANK_H
#include "store/memory_index.h"
/*
 * Which of the pieces that were found are shown, and in which order (spec 03 §10). Words and
 * vectors are put together by their places in the two lists, because the scores of models are not
 * alike; notes of a day lose a part of their weight with time; what says the same as a better one
 * gives way. Pure.
 */
enum { OC_MEMORY_HALF_LIFE_DAYS = 30 };

struct oc_memory_ranking {
	size_t n_terms; /* that were asked for */
	size_t max;
	double min_score; /* 0 … 1 */
	int64_t now_ms;	  /* UTC */
};
struct oc_memory_ranked {
	size_t hit;   /* index */
	double score; /* 0 … 1: how well it fits, whatever its place */
};
/* out has room for max. Returns how many there are, the best first. */
size_t oc_memory_rank(const struct oc_memory_hits *hits, const struct oc_memory_ranking *r,
		      struct oc_memory_ranked *out);
/* Days since 1970 of the date that a file's name begins with ("2026-11-02.md"); -1 = it has none.
 */
int64_t oc_memory_day_of(const char *path);
#endif
