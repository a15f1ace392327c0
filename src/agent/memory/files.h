#ifndef OC_MEMORY_FILES_H
#define OC_MEMORY_FILES_H
#include "store/memory_index.h"
/*
 * Which files hold memory: MEMORY.md, USER.md and memory/ (all .md below it) of the workspace, and
 * what the configuration names beside them. Never through a link that leads out of the folder that
 * was named. Everything here blocks: for a thread of its own.
 */
enum {
	OC_MEMORY_MAX_FILES = 50000,
	OC_MEMORY_MAX_DEPTH = 16,
	OC_MEMORY_FRESH_NS = 2000000000, /* a time stamp so young may hide a second change */
};

struct oc_memory_extra {
	char *path;    /* absolute: a file or a folder */
	char *pattern; /* of paths below it, "**" across folders; NULL = every .md */
};
struct oc_memory_places {
	const char *workspace; /* absolute */
	const struct oc_memory_extra *extra;
	size_t n_extra;
};
struct oc_memory_file {
	const char *path; /* shown: relative in the workspace, else absolute; points into text */
	char *real;	  /* without links; NULL = text */
	char *text;	  /* the path by which it was found */
	int64_t size, changed_ns;
};
struct oc_memory_files {
	struct oc_memory_file *v; /* in no order */
	size_t n, cap;
	size_t too_large; /* left out */
	bool too_many;	  /* there are more */
	/* Stands for all paths, sizes and time stamps, whatever the order; 0 = none of them, or one
	 * changed so lately that a second change would not show. */
	int64_t mark;
};
/* now_ns: wall clock. */
void oc_memory_files_find(const struct oc_memory_places *p, int64_t now_ns,
			  struct oc_memory_files *out);
void oc_memory_files_sort(struct oc_memory_files *l); /* by path, each once */
void oc_memory_files_deinit(struct oc_memory_files *l);
/* The file that a shown path means, for reading it; OC_E_DENIED when it is none of them. *real:
 * free with free(). */
OC_MUST_USE enum oc_rc oc_memory_file_locate(const struct oc_memory_places *p, struct oc_str path,
					     char **real, struct oc_err *e);
/* Its clean text: valid UTF-8 without NUL. out is initialised on success only. OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_memory_file_text(const char *real, struct oc_buf *out, struct oc_err *e);
/* Reads a file and cuts it into chunks. known_hash: of the bytes as they are known; NULL. */
OC_MUST_USE enum oc_rc oc_memory_file_read(const struct oc_memory_file *f, const char *known_hash,
					   struct oc_memory_note *out, struct oc_err *e);
#endif
