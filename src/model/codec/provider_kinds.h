#ifndef OC_PROVIDER_KINDS_H
#define OC_PROVIDER_KINDS_H
#include "base/str.h"
/*
 * The kinds of model servers, one row each (spec 04 §2 and §2.13): where they listen, what they
 * tell about themselves and how. Code asks a row for a capability and never for the name of a
 * server.
 */

/* A document that a server has about its models, by the decoder that reads it (documents.h). */
enum oc_document_kind {
	OC_DOC_END,
	OC_DOC_MODELS, /* GET: any list of models, or the card of the one that is loaded */
	OC_DOC_PROPS,  /* GET: slots and window of llama.cpp */
	OC_DOC_PS,     /* GET: what Ollama has in memory */
	OC_DOC_SHOW,   /* POST {"model": id}: one model of Ollama's */
};
/* A path that begins with "/" stands below the server's root (the base URL without its /v1), any
 * other below the base URL. */
struct oc_document_call {
	enum oc_document_kind kind;
	const char *path;
};

/* How a model gets into memory before it is used; those that can be asked at all. */
enum oc_load_call {
	OC_LOAD_NONE,	    /* fixed at start, or on the first request */
	OC_LOAD_LMSTUDIO,   /* POST /api/v1/models/load (preload.h) */
	OC_LOAD_ROUTER,	    /* llama.cpp without a fixed model: POST /models/load; chat loads too */
	OC_LOAD_KEEP_ALIVE, /* POST /api/generate without a prompt; chat loads too */
	OC_LOAD_ADMIN,	    /* there is a call, with an administrator's key: never used */
};

/* What counts tokens of a text exactly: the field that the text stands in, and the answer's. */
enum oc_token_count {
	OC_COUNT_NONE,
	OC_COUNT_CONTENT, /* {"content": …} -> {"tokens": […]} */
	OC_COUNT_PROMPT,  /* {"model": …, "prompt": …} -> {"count": n} */
	OC_COUNT_TEXT,	  /* {"text": …} -> {"length": n} */
};

enum { OC_KIND_CALLS = 4 };
struct oc_provider_kind {
	const char *id;
	const char *aliases;  /* other ids, between blanks; NULL */
	const char *label;    /* for people */
	const char *base_url; /* default inference base; NULL = must be given */
	const char *api;
	const char *own_api; /* that nobody else speaks: a provider with it is of this kind; NULL */
	const char *key_variable; /* where a key may stand in the environment; NULL */
	const char *marker;	/* apiKey in a config when there is no key; NULL = one is needed */
	const char *start_hint; /* how to start it; NULL = nobody does */

	/* Discovery: the first that brings a list counts. When none of them is the server's, the
	 * next is asked only where the answer says that there is no such thing. */
	struct oc_document_call list[OC_KIND_CALLS];
	/* The window of what is loaded, the first that tells it counts. Ends early when the list
	 * told it. */
	struct oc_document_call window[OC_KIND_CALLS];

	const char *health;	 /* cheap, answered without a model at work; path as above */
	bool answers_while_busy; /* no answer to the probe in time means dead (spec 03 §1.9) */
	enum oc_load_call load;
	int slots; /* where the server does not tell them (D36) */
	enum oc_token_count count;
	const char *count_path; /* NULL = none */

	/* How a provider of this id is configured. */
	bool bundled;	/* there without an entry in the config (D72) */
	bool stands_in; /* where an OpenAI-shaped server of the environment is meant; without any
			   other hint, what a name may belong to (D24, spec 01 §13.1) */
	bool any_base;	/* its address may be typed in any form: with /v1, /api/v1 or neither */
	bool live_list; /* its list is kept current: models of it count beside configured ones */
	bool keyless;	/* works without a key, wherever it is */
	int64_t assumed_window; /* of a model that tells none, for lists; 0 = 200 000 */

	/* What requests may hold, and what answers are worth (2.13). */
	bool suffixed;		 /* "<id>-anything" is the same kind */
	bool hosted;		 /* somebody else's machine: never probed with made-up requests */
	bool forwards;		 /* passes requests on to others, who may bill them */
	bool onboarding;	 /* offered there */
	bool stream_usage;	 /* stream_options.include_usage is understood */
	bool progress;		 /* return_progress is understood */
	bool no_schema_pattern;	 /* "pattern" in tool schemas breaks its grammar */
	bool ignores_model_name; /* answers with what is loaded, whatever was asked */
	bool cuts_prompts;   /* an overlong prompt is cut without a word: count before sending */
	bool lists_unloaded; /* the list holds models that are not in memory */
	bool loads_unknown;  /* an unknown name starts a download: never guess one */
	bool responses, messages;    /* has /v1/responses, /v1/messages */
	const char *reasoning_field; /* where its thoughts arrive, for people */
};

/* Rows in the order of onboarding; the last one is what fits everybody ("custom"). */
extern const struct oc_provider_kind oc_provider_kinds[];
extern const size_t oc_provider_kinds_n;
extern const struct oc_provider_kind *const oc_custom_kind;

/* By id, alias or "<id>-suffix", case folded; oc_custom_kind when nothing fits. */
const struct oc_provider_kind *oc_provider_kind(const char *provider_id);
/* By id or alias, but no suffix; NULL when there is no such row. */
const struct oc_provider_kind *oc_provider_kind_called(const char *name);
/* By id alone; NULL when there is no such row. */
const struct oc_provider_kind *oc_provider_kind_named(struct oc_str id);
/* The id of the kind that writes such a header Server; NULL = it does not show. Static. */
const char *oc_kind_of_header(const char *server);

/* ---- addresses ---- */
/* The server's root of an inference base: without "/v1" (or "/api/v1") and trailing slashes. Free
 * with free(). */
char *oc_server_root(const char *base_url);
/* Full URL of a path of the table. Free with free(). */
char *oc_kind_url(const char *base_url, const char *path);
#endif
