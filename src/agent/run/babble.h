#ifndef OC_BABBLE_H
#define OC_BABBLE_H
#include "base/str.h"
/*
 * A model that says the same thing for ever within one answer (spec 03 §1.8): a piece of at most 64
 * bytes, again and again, for so long that it is no line, table or list. Pure.
 */
enum {
	OC_BABBLE_UNIT = 64,	/* bytes of the piece at most */
	OC_BABBLE_REPEATS = 20, /* times at least */
	OC_BABBLE_LENGTH = 512, /* and bytes together at least */
	OC_BABBLE_KEPT = OC_BABBLE_UNIT * (OC_BABBLE_REPEATS + 1),
};
struct oc_babble {
	char tail[OC_BABBLE_KEPT];
	size_t n;      /* bytes of tail */
	size_t unseen; /* since the last look */
};
/* More of the answer; any split gives the same verdict, at most one piece later. True: that is what
 * it is. */
bool oc_babble_feed(struct oc_babble *b, struct oc_str delta);
#endif
