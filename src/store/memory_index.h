#ifndef OC_STORE_MEMORY_INDEX_H
#define OC_STORE_MEMORY_INDEX_H
#include "base/buf.h"
#include "rt/task.h"
/*
 * What the notes of one agent hold, ready to be searched (spec 03 §10): one file
 * <state>/memory-index/<agent>.sqlite with mode 0600. It is a cache of files that a person owns: it
 * may be deleted at any time, and is made anew when it is damaged or of another version. Several
 * processes may work with it at once. A thread of its own does the work, as for the store.
 *
 * Results are owned by the caller.
 */
struct oc_memory_index;
/* OC_E_SYS: cannot (no place, no permission, locked for long). path ":memory:" for tests. */
OC_MUST_USE enum oc_rc oc_memory_index_open_wait(const char *path, struct oc_memory_index **out,
						 struct oc_err *e);
void oc_memory_index_close_wait(struct oc_memory_index *m); /* accepts NULL */

/* ---- notes ---- */
struct oc_memory_chunk {
	int64_t first_line, last_line;
	char *heading; /* those above it, "A > B" */
	char *text;
	char *pairs; /* of characters that are written without spaces; see agent/memory/terms.h */
	char *hash;  /* of heading and text: the same words have the same vector */
};
struct oc_memory_note {
	char *path; /* as it is shown */
	char *hash; /* of its bytes */
	int64_t size, changed_ns;
	struct oc_memory_chunk *v; /* not read by oc_memory_index_notes_wait */
	size_t n;
	bool same; /* only the stamps are new: its chunks stay */
};
struct oc_memory_notes {
	struct oc_memory_note *v;
	size_t n;
	int64_t generation; /* of the index: counts what was put and removed */
};
void oc_memory_note_deinit(struct oc_memory_note *n);
void oc_memory_notes_deinit(struct oc_memory_notes *l);
/* All that are known, without their chunks, by path. */
OC_MUST_USE enum oc_rc oc_memory_index_notes_wait(struct oc_memory_index *m,
						  struct oc_memory_notes *out, struct oc_err *e);
/* Replaces what was known of these paths, in one transaction. */
OC_MUST_USE enum oc_rc oc_memory_index_put_wait(struct oc_memory_index *m,
						const struct oc_memory_note *v, size_t n,
						struct oc_err *e);
OC_MUST_USE enum oc_rc oc_memory_index_remove_wait(struct oc_memory_index *m,
						   const struct oc_strv *paths, struct oc_err *e);

/* Somebody compared files with the notes of that generation and found them equal: mark stands for
 * the files as they were. Not kept when the index has changed since. */
OC_MUST_USE enum oc_rc oc_memory_index_mark_wait(struct oc_memory_index *m, int64_t generation,
						 int64_t mark, struct oc_err *e);
/* The mark that holds, 0 = none. */
OC_MUST_USE enum oc_rc oc_memory_index_marked_wait(struct oc_memory_index *m, int64_t *out,
						   struct oc_err *e);

/* ---- search ---- */
struct oc_memory_vector {
	const int8_t *v; /* borrowed */
	size_t n;
	double scale;
};
struct oc_memory_question {
	const char *words; /* expression of FTS5, made by agent/memory/terms.h; NULL = not asked */
	/* For each term that may stand inside of longer words: [2 i] its expression for words,
	 * [2 i + 1] that for the table of trigrams, which is asked when words have it hardly ever.
	 */
	const struct oc_strv *parts;  /* NULL = not asked */
	struct oc_memory_vector near; /* n 0 = not asked */
	size_t limit;		      /* of each list */
};
struct oc_memory_hit {
	int64_t id;
	char *path, *heading, *text, *hash;
	int64_t first_line, last_line;
	double words, parts;	  /* BM25, larger is better; 0 = not found so */
	int64_t n_words, n_parts; /* how many of the terms it has */
	double near;		  /* cosine; only where has_near */
	bool has_near;
};
struct oc_memory_hits {
	struct oc_memory_hit *v; /* each chunk once, in no order */
	size_t n;
};
void oc_memory_hits_deinit(struct oc_memory_hits *l);
OC_MUST_USE enum oc_rc oc_memory_index_search_wait(struct oc_memory_index *m,
						   const struct oc_memory_question *q,
						   struct oc_memory_hits *out, struct oc_err *e);

/* ---- vectors ---- */
/* Those of another model are of no use: they are removed when key is not that of the last call. */
OC_MUST_USE enum oc_rc oc_memory_index_model_wait(struct oc_memory_index *m, const char *key,
						  struct oc_err *e);
struct oc_memory_text {
	char *hash, *heading, *text;
};
struct oc_memory_texts {
	struct oc_memory_text *v;
	size_t n;
};
void oc_memory_texts_deinit(struct oc_memory_texts *l);
/* Chunks that have no vector yet, at most limit. */
OC_MUST_USE enum oc_rc oc_memory_index_bare_wait(struct oc_memory_index *m, size_t limit,
						 struct oc_memory_texts *out, struct oc_err *e);
/* The vector of all chunks of this hash. */
OC_MUST_USE enum oc_rc oc_memory_index_vector_wait(struct oc_memory_index *m, const char *hash,
						   const struct oc_memory_vector *v,
						   struct oc_err *e);

/* ---- what there is ---- */
struct oc_memory_counts {
	int64_t notes, chunks, vectors; /* vectors: chunks that have one */
	int64_t bytes;			/* of the file */
	char *model;			/* of the vectors; NULL */
};
void oc_memory_counts_deinit(struct oc_memory_counts *c);
OC_MUST_USE enum oc_rc oc_memory_index_counts_wait(struct oc_memory_index *m,
						   struct oc_memory_counts *out, struct oc_err *e);
/* Everything is forgotten. */
OC_MUST_USE enum oc_rc oc_memory_index_clear_wait(struct oc_memory_index *m, struct oc_err *e);
#endif
