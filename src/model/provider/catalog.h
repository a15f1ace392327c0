#ifndef OC_CATALOG_H
#define OC_CATALOG_H
#include "config/config.h"
#include "model/codec/compat.h"
#include "model/codec/provider_kinds.h"
/*
 * The models a person can use: config entries, joined with what models.json remembers of discovery
 * (spec 01 §2.1, §3.6). Reading it asks no server.
 */
struct oc_model {
	char *id; /* provider-local */
	char *name;
	bool reasoning, vision;
	bool configured;	/* an entry of the config, not only discovered */
	bool can_chat;		/* D10 */
	bool available;		/* false: the server's list, as it was last read, lacks it */
	int64_t context_window; /* 0 = nobody said */
	int64_t context_tokens; /* 0 = nobody said */
	int64_t max_tokens;	/* 0 = nobody said */
	json_t *entry;		/* the merged record, owned reference */
};
struct oc_provider {
	char *id;			     /* lower case */
	const struct oc_provider_kind *kind; /* by its id, else as its answers once showed */
	char *base_url;			     /* inference base; NULL = not usable, see problem */
	char *problem;			     /* why not, with the remedy; NULL */
	char *api;
	const json_t *entry;	 /* config object, borrowed from the config; NULL for one known from
				  * models.json     or bundled only */
	int64_t timeout_seconds; /* 0 = unset */
	enum oc_tri allow_private;
	bool local; /* local endpoint by the "Names of things" of the decisions */
	struct oc_model *models;
	size_t n_models;
	json_t *index; /* folded id -> position of the first such model */
};
struct oc_catalog {
	const struct oc_config *config;
	struct oc_provider *providers;
	size_t n;
	json_t *aliases;	    /* folded alias, and "provider/alias" -> {"ref", "count"} */
	struct oc_strv named_hosts; /* hosts of all configured base URLs (D16) */
};
OC_MUST_USE enum oc_rc oc_catalog_load(struct oc_catalog *c, const struct oc_config *config,
				       struct oc_err *e);
void oc_catalog_deinit(struct oc_catalog *c);
struct oc_provider *oc_catalog_provider(const struct oc_catalog *c, struct oc_str id);
struct oc_model *oc_provider_model(const struct oc_provider *p, struct oc_str id);
/* The same, in any case: the exact one, else the first. */
struct oc_model *oc_provider_model_folded(const struct oc_provider *p, struct oc_str id);
/* The reference that an alias of agents.defaults.models stands for: the last one, where *count
 * models have it. NULL. Borrowed. */
const char *oc_catalog_alias(const struct oc_catalog *c, struct oc_str alias, size_t *count);
/* Reads models.json again for this provider; pointers to its models are void afterwards. */
OC_MUST_USE enum oc_rc oc_provider_reload(struct oc_catalog *c, struct oc_provider *p,
					  struct oc_err *e);
/* The same from a document like models.json that the caller has. */
void oc_provider_take(const struct oc_catalog *c, struct oc_provider *p, const json_t *models_json);
/* The server's answers are those of this kind (id of a row): remembered, and used from now on where
 * the provider's id says nothing. */
void oc_provider_shows(const struct oc_catalog *c, struct oc_provider *p, const char *kind);
/* Guard of this provider's calls; deinit it. */
OC_MUST_USE enum oc_rc oc_provider_guard(const struct oc_catalog *c, const struct oc_provider *p,
					 struct oc_guard *g, struct oc_err *e);

/* The provider that names without another one may belong to; NULL. Borrowed. */
struct oc_provider *oc_catalog_stand_in(const struct oc_catalog *c);
/* Where LM Studio is. entry: models.providers.lmstudio, may be NULL; then the place may be that of
 * an OpenAI-shaped server that the config or the environment names (spec 01 §13.1). Free with
 * free(). */
char *oc_lmstudio_base_of(const struct oc_config *c, const json_t *entry);
bool oc_lmstudio_is_from_openai(const struct oc_config *c, const json_t *entry);

/* ---- pure helpers ---- */
/* request.allowPrivateNetwork of a provider entry, may be NULL. */
enum oc_tri oc_entry_allow_private(const json_t *entry);
/* An embedding model by its record's type, else by its id (spec 01 §13.2, D10), cannot chat. */
bool oc_record_can_chat(const json_t *record);
/* A string, at most OC_MAX_MODEL_ID_BYTES, not blank, no control characters. */
bool oc_model_id_usable(struct oc_str id);
/* Rebuilds saved reasoning efforts that hold the raw "on"/"off" (spec 01 §4.2), in place. */
void oc_saved_compat_normalise(json_t *compat);
/* The name that counts for a model: its own `api`, else the provider's. model may be NULL. */
const char *oc_model_api(const struct oc_provider *p, const struct oc_model *model);
#endif
