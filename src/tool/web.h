#ifndef OC_TOOL_WEB_H
#define OC_TOOL_WEB_H
#include "config/config.h"
#include "net/client/http_client.h"
#include "tool/tool.h"
/* What web_fetch and web_search share: the configuration, and one bounded document of the web. */

/* Of tools.web; owned by whoever made it (tool/settings.h). */
struct oc_web_options {
	size_t max_chars;			    /* of a result of web_fetch; 0 = built in */
	size_t max_bytes;			    /* read of a page; 0 = built in */
	unsigned fetch_timeout_s, search_timeout_s; /* 0 = built in */
	char *user_agent;			    /* NULL = built in */
	enum oc_tri allow_private; /* fetch.ssrfPolicy.dangerouslyAllowPrivateNetwork */
	struct oc_strv private_ok; /* fetch.ssrfPolicy.allowedHostnames, canonical */
	bool fetch_off;
	const struct oc_search_provider *provider; /* NULL = search is not configured */
	char *search_url;			   /* base URL */
	char *search_key;			   /* NULL = none */
	char *language, *categories;		   /* SearXNG; NULL */
	unsigned max_results;			   /* 0 = built in */
};
void oc_web_options_init(struct oc_web_options *o, const struct oc_config *config);
void oc_web_options_deinit(struct oc_web_options *o);
/* The tools that these options leave out, for oc_policy_spec.off; static, NULL = none. */
const char *oc_web_off(const struct oc_web_options *o);

/* ---- a document ---- */
struct oc_web_document {
	int status;
	char *url, *content_type; /* content_type may be NULL */
	struct oc_buf body;
	bool cut; /* it is longer */
};
/* Reads at most max_bytes. Deinit out in every case. */
OC_MUST_USE enum oc_rc oc_web_get_wait(const struct oc_http_request *req, unsigned timeout_s,
				       size_t max_bytes, struct oc_web_document *out,
				       struct oc_err *e);
void oc_web_document_deinit(struct oc_web_document *d);

/* ---- pages (web_page.c) ---- */
enum oc_web_kind { OC_WEB_PAGE, OC_WEB_TEXT, OC_WEB_OTHER };
/* name gets what it is in words for OC_WEB_OTHER: "a PDF document". */
enum oc_web_kind oc_web_kind_of(const char *content_type, struct oc_str body, const char **name);
/* Addresses that a page brought in. */
void oc_web_remember(struct oc_tool_context *ctx, const char *url);
bool oc_web_is_known(const struct oc_tool_context *ctx, const char *url);
/* The address can hold more than a place: a query, or a part too long for a name. */
bool oc_web_carries_data(const struct oc_url *url);

/* ---- search services (web_providers.c) ---- */
struct oc_search_query {
	struct oc_str words;
	unsigned count;
	const char *freshness; /* day, week, month, year; NULL */
};
struct oc_search_request {
	const char *method; /* static */
	char *url;
	char *body; /* NULL = none */
	struct oc_strv headers;
};
struct oc_search_hit {
	char *title, *url, *snippet; /* one line each; snippet may be "" */
};
struct oc_search_hits {
	struct oc_search_hit *v;
	size_t n, cap;
};
struct oc_search_provider {
	const char *id;	     /* of tools.web.search.provider */
	const char *host;    /* default base URL; NULL = must be configured */
	const char *key_env; /* variables of the environment; NULL = none */
	const char *url_env;
	bool needs_key;
	bool automatic; /* used without being named once its key or address is there */
	void (*request)(const struct oc_web_options *o, const struct oc_search_query *q,
			struct oc_search_request *out);
	/* Reads an answer; for the thread pool. Hits without http address are left out. */
	enum oc_rc (*read)(struct oc_str body, struct oc_search_hits *out, struct oc_err *e);
};
/* NULL behind the last. */
const struct oc_search_provider *oc_search_provider_at(size_t i);
const struct oc_search_provider *oc_search_provider_find(const char *id);
void oc_search_request_deinit(struct oc_search_request *r);
void oc_search_hits_deinit(struct oc_search_hits *hits);

enum oc_rc oc_tool_web_fetch_wait(struct oc_tool_context *ctx, const json_t *args,
				  struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_tool_web_search_wait(struct oc_tool_context *ctx, const json_t *args,
				   struct oc_tool_result *out, struct oc_err *e);
#endif
