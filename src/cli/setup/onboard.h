#ifndef OC_ONBOARD_H
#define OC_ONBOARD_H
#include <stdio.h>

#include "cli/command.h"
#include "model/provider/catalog.h"
#include "model/provider/lmstudio.h"
/* What the files of `openclaw onboard` share: one setup, from what was typed to what is written
 * (spec 01 §3.8). */

struct oc_auth_choice {
	const struct oc_provider_kind *kind; /* NULL = none */
	const char *name;		     /* value of --auth-choice */
	const char *label;
	const char *provider;	  /* NULL = --custom-provider-id */
	const char *base_url;	  /* default; NULL = must be given, or LM Studio's own rule */
	const char *marker;	  /* apiKey in the config when there is no key */
	const char *keyed_marker; /* and when the key is in a profile */
	bool native_list;	  /* LM Studio's own list */
	const char *remedy;	  /* when it does not answer */
};
/* One for each row of provider_kinds.h that is offered; ends with name NULL. */
const struct oc_auth_choice *oc_auth_choices(void);
const struct oc_auth_choice *oc_auth_choice_find(struct oc_str name);

enum oc_key_source {
	OC_KEY_NONE,   /* the server takes no key */
	OC_KEY_NEW,    /* typed or from the environment: goes to the profile */
	OC_KEY_STORED, /* a profile has it */
	OC_KEY_CONFIG, /* the config says it, or headers do: left alone */
};
struct oc_onboard {
	const struct oc_args *args;
	struct oc_config *config;
	struct oc_catalog *catalog;
	const struct oc_auth_choice *choice; /* NULL = skip */
	char *provider;			     /* id */
	const json_t *entry;		     /* existing config of the provider, NULL */
	char *base_url;			     /* inference base */
	const char *api;
	bool keep_base; /* the config already says it; its text stays */
	char *key;	/* secret */
	enum oc_key_source key_source;
	int64_t preferred_ctx; /* 0 = none */
	struct oc_discovery found;
	char *typed_provider; /* answered, not given as an option; NULL */
	char *model;	      /* chosen id */
	bool list_all;	      /* every discovered model gets an entry in agents.defaults.models */
	bool json;
	FILE *out; /* where results for a person go */
};
void oc_onboard_deinit(struct oc_onboard *o);

/* ---- onboard_provider.c: from a base URL to a chosen model; failures are in words in e ---- */

/* Server base or inference base as typed (may be NULL: existing config, else the default). */
OC_MUST_USE enum oc_rc oc_onboard_set_base(struct oc_onboard *o, const char *typed,
					   struct oc_err *e);
/* key may be NULL or blank: then what is stored or configured. */
OC_MUST_USE enum oc_rc oc_onboard_set_key(struct oc_onboard *o, const char *key, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_onboard_discover_wait(struct oc_onboard *o, struct oc_err *e);
/* wanted may be NULL: the best one listed. */
OC_MUST_USE enum oc_rc oc_onboard_choose_model(struct oc_onboard *o, const char *wanted,
					       struct oc_err *e);
/* Records for the config (chat models) or for models.json (all). New reference. */
json_t *oc_onboard_records(const struct oc_onboard *o, bool for_config);

/* ---- onboard_interactive.c ---- */
/* Which provider. */
OC_MUST_USE enum oc_rc oc_onboard_ask_choice_wait(struct oc_onboard *o, struct oc_err *e);
/* Name of a provider that has none of its own; o->typed_provider. */
OC_MUST_USE enum oc_rc oc_onboard_ask_provider_wait(struct oc_onboard *o);
/* Asks for all of the above. OC_EOF: the person declined; nothing is to be written. */
OC_MUST_USE enum oc_rc oc_onboard_ask_wait(struct oc_onboard *o, struct oc_err *e);

/* ---- onboard_write.c ---- */
/* Config, profile, models.json. On failure the config is untouched. */
OC_MUST_USE enum oc_rc oc_onboard_write(struct oc_onboard *o, bool *changed, struct oc_err *e);

/* ---- onboard_gateway.c: the gateway, agents and meta parts (spec 02 §6, D73) ---- */
/* Options that are wrong, before anything is asked or sent. */
OC_MUST_USE enum oc_rc oc_onboard_check_gateway(const struct oc_onboard *o, struct oc_err *e);
void oc_onboard_put_gateway(const struct oc_onboard *o, json_t *raw);
void oc_onboard_put_agents(const struct oc_onboard *o, json_t *raw);
void oc_onboard_put_meta(json_t *raw);
/* {port, bind, authMode, tailscaleMode} of a config; new reference. */
json_t *oc_onboard_gateway_summary(const json_t *config);
char *oc_onboard_workspace(const struct oc_onboard *o);
/* Says how the gateway is, or how to start one (D37). OC_CANCELLED or OC_OK. */
OC_MUST_USE enum oc_rc oc_onboard_report_gateway_wait(const struct oc_onboard *o,
						      const struct oc_config *now);
/* ---- onboard_reset.c ---- */
/* --reset, before anything is read; says on out where things went. */
OC_MUST_USE enum oc_rc oc_onboard_reset(const struct oc_args *a, FILE *out, struct oc_err *e);
/* The object at key of parent, made when it is missing or of another type. Borrowed. */
json_t *oc_onboard_object(json_t *parent, const char *key);
#endif
