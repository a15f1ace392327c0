#ifndef OC_MEMORY_CHUNK_H
#define OC_MEMORY_CHUNK_H
#include "base/str.h"
/*
 * A note as pieces that are found and shown by themselves (spec 03 §10): what stands below one
 * heading, and no more than some 400 tokens of it; where a longer text is cut, the next piece
 * begins with the last lines of the one before. Pure. text is valid UTF-8 without NUL.
 */
enum { OC_MEMORY_CHUNK_TOKENS = 400, OC_MEMORY_OVERLAP_TOKENS = 80 };

struct oc_memory_piece {
	struct oc_str text;	       /* borrowed, whole lines unless one line is too long */
	struct oc_str heading;	       /* those above it, "A > B"; "" = none */
	int64_t first_line, last_line; /* from 1 */
};
/* The piece is borrowed until fn returns. Nothing is told of white space alone. */
typedef void oc_memory_piece_fn(void *arg, const struct oc_memory_piece *piece);
void oc_memory_chunk(struct oc_str text, oc_memory_piece_fn *fn, void *arg);
#endif
