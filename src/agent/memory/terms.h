#ifndef OC_MEMORY_TERMS_H
#define OC_MEMORY_TERMS_H
#include "base/buf.h"
/*
 * A question in somebody's own words as something that an index can be asked (spec 03 §10): its
 * words without those that stand in every sentence, cut a little so that other endings are found;
 * pairs of characters for what is written without spaces. Pure. Texts are UTF-8.
 */
enum { OC_MEMORY_MAX_TERMS = 24 };

struct oc_memory_terms {
	struct oc_strv words; /* lower case, cut: all that begins so is meant */
	struct oc_strv pairs; /* one or two characters, to be found in the pairs of a text */
};
void oc_memory_terms_init(struct oc_memory_terms *t, struct oc_str question);
void oc_memory_terms_deinit(struct oc_memory_terms *t);
/* Expression of FTS5 for the columns heading, text and pairs; nothing is added when there is
 * nothing to ask for. */
void oc_memory_terms_words(const struct oc_memory_terms *t, struct oc_buf *out);
/* Two expressions for each term that may stand inside of longer words, as struct
 * oc_memory_question wants them. */
void oc_memory_terms_parts(const struct oc_memory_terms *t, struct oc_strv *out);
size_t oc_memory_terms_n(const struct oc_memory_terms *t); /* in words */
/* Whether any of them stands in the text, in any case. */
bool oc_memory_terms_in(const struct oc_memory_terms *t, struct oc_str text);

/* Each run of characters that are written without spaces (Chinese, Japanese, Korean, Thai …) as
 * its overlapping pairs, with spaces between: "北京大学" is "北京 京大 大学". */
void oc_memory_pairs(struct oc_str text, struct oc_buf *out);
/* The words of a text, pairs included, one call each; for comparing texts. word is borrowed. */
typedef void oc_memory_word_fn(void *arg, struct oc_str word);
void oc_memory_words(struct oc_str text, oc_memory_word_fn *fn, void *arg);
#endif
