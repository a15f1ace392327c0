#ifndef OC_AGENT_MEMORY_H
#define OC_AGENT_MEMORY_H
#include "agent/memory/files.h"
#include "agent/memory/rank.h"
#include "agent/memory/terms.h"
#include "agent/run/settings.h"
#include "model/provider/catalog.h"
/*
 * What an agent remembers: Markdown files of its workspace, and an index of them that is brought up
 * to date before every search (spec 03 §10). Nothing has to be configured. Vectors join in when an
 * embedding model is at hand (embedder.h), and their absence is nobody's error.
 */
/* Whose memory; all borrowed. */
struct oc_memory_scope {
	const struct oc_catalog *catalog;
	const struct oc_agent_settings *settings;
	const char *workspace; /* absolute */
};

/* memory.search of the configuration, and of the agent's entry. */
struct oc_memory_settings {
	bool enabled;
	size_t max_results;
	double min_score;
	const char *provider, *model, *base_url; /* of embeddings; NULL = what is at hand */
	const json_t *remote;			 /* that base_url stands in; NULL */
	struct oc_memory_extra *extra;
	size_t n_extra;
	struct oc_memory_places places; /* borrows from the scope and from extra */
};
void oc_memory_settings_init(struct oc_memory_settings *s, const struct oc_memory_scope *scope);
void oc_memory_settings_deinit(struct oc_memory_settings *s);

/* An index that is open, with its places. */
struct oc_notebook {
	const struct oc_memory_scope *scope;
	struct oc_memory_settings settings;
	struct oc_memory_index *index;
	char *path; /* of the index */
};
/* OC_E_DENIED: switched off in the configuration. Close m in every case. */
OC_MUST_USE enum oc_rc oc_memory_open_wait(struct oc_notebook *m,
					   const struct oc_memory_scope *scope, struct oc_err *e);
void oc_memory_close_wait(struct oc_notebook *m);

struct oc_memory_sync {
	size_t files;	/* there are */
	size_t changed; /* read and cut anew */
	size_t removed;
	size_t too_large, unreadable;
	bool too_many;
};
/* The index holds what the files hold. Only what changed is read. Off the loop. */
OC_MUST_USE enum oc_rc oc_memory_sync_wait(struct oc_notebook *m, struct oc_memory_sync *out,
					   struct oc_err *e);

struct oc_memory_ask {
	struct oc_str question;
	size_t max;	  /* 0 = configured */
	double min_score; /* < 0 = configured */
};
struct oc_memory_found {
	struct oc_memory_hits hits;
	struct oc_memory_ranked *v; /* the best first */
	size_t n;
	struct oc_memory_terms terms;
	const char *mode; /* "fts" or "hybrid", static */
};
OC_MUST_USE enum oc_rc oc_memory_search_wait(struct oc_notebook *m, const struct oc_memory_ask *ask,
					     struct oc_memory_found *out, struct oc_err *e);
/* The same in an index that is up to date, as far as that can be had: what keeps it from being so
 * goes into the log. */
OC_MUST_USE enum oc_rc oc_memory_search_fresh_wait(struct oc_notebook *m,
						   const struct oc_memory_ask *ask,
						   struct oc_memory_found *out, struct oc_err *e);
void oc_memory_found_deinit(struct oc_memory_found *f); /* accepts a zeroed one */

/* The tools memory_search and memory_get become part of the registry. Again does no harm. */
void oc_memory_tools_register(void);
#endif
