#ifndef OC_DISCOVERY_H
#define OC_DISCOVERY_H
#include "model/codec/provider_kinds.h"
#include "model/provider/documents.h"
#include "rt/task.h"
/* Asking a server what it has, by the calls of its kind (provider_kinds.h). No model works for
 * them, and nothing changes on the server. */
enum { OC_DISCOVERY_TIMEOUT_MS = 5000 };

/* One server as it is spoken to. All borrowed. */
struct oc_server {
	const struct oc_provider_kind *kind;
	const char *base_url; /* inference base */
	const struct oc_guard *guard;
	const struct oc_strv *headers; /* "Name: value"; may be NULL */
};

struct oc_discovery {
	bool reachable; /* an HTTP answer came */
	int status;	/* of the answer, 0 = none */
	struct oc_model_list list;
	const char *shows; /* id of the kind that the answer gives away, static; NULL = none */
	char *error;	   /* NULL when a list came; cause in words */
	enum oc_rc rc; /* OC_OK when a list came; OC_E_DENIED: the guard refused; OC_CANCELLED */
};
/*
 * The list of models, and what else the server tells about them: windows of loaded models, vision,
 * tools. Only the list can fail. timeout_ms is for the list, and again for the rest.
 */
void oc_discover_wait(const struct oc_server *s, uint64_t timeout_ms, struct oc_discovery *out);
/* GET url and decode it as a model list, nothing more. context is for log lines. */
void oc_discover_list_wait(const char *url, const struct oc_guard *g, const struct oc_strv *headers,
			   uint64_t timeout_ms, const char *context, struct oc_discovery *out);
void oc_discovery_deinit(struct oc_discovery *d);

/* What a server says of one model as it is now. */
struct oc_window {
	int64_t tokens;	    /* 0 = not told */
	int64_t slots;	    /* 0 = not told */
	enum oc_tri loaded; /* OC_FALSE: the server has it, but not in memory */
	bool failed;	    /* its last load did not succeed */
	char source[64];    /* path that told the window */
	const char *shows;  /* as in oc_discovery */
};
/* The window of the loaded instance, from the first of the kind's calls that tells it. OC_OK even
 * when none does; OC_CANCELLED. timeout_ms is for all of it. */
OC_MUST_USE enum oc_rc oc_discover_window_wait(const struct oc_server *s, const char *model,
					       uint64_t timeout_ms, struct oc_window *out);

/* Listed under its id, or under it with Ollama's ":latest"; NULL. */
const struct oc_listed_model *oc_discovered_model(const struct oc_model_list *l, const char *id);
/* Catalog records of a list as they are saved. chat_only leaves out embedding models. New
 * reference. */
json_t *oc_discovered_records(const struct oc_model_list *l, const struct oc_provider_kind *kind,
			      int64_t preferred_ctx, bool chat_only);
#endif
