#ifndef OC_AGENT_PLAN_H
#define OC_AGENT_PLAN_H
#include "model/codec/message.h"
/*
 * What fits into the context of the model (spec 03 §5.3): how long the answer may get, how much of
 * the user's files goes along, whether there is room for tools, how long one tool result may be.
 * Pure.
 */
enum {
	OC_PLAN_ASSUMED_CTX = 8192,   /* nobody told the window */
	OC_PLAN_DEFAULT_OUTPUT = 8192 /* nobody told the model's output limit */
};

enum { OC_PLAN_COUNTED = 8 };
struct oc_plan {
	int64_t n_ctx;
	unsigned level;	      /* row of the table; lower levels send less */
	int64_t out;	      /* tokens for the answer, thinking included */
	bool tools;	      /* false: chat only */
	bool core_files_only; /* SOUL and USER alone */
	bool core_tools_only; /* read, write, edit, exec; the rest by use_tool or by name */
	bool skill_names_only;
	size_t skill_chars;	  /* of the list of skills; 0 = none */
	int64_t soft_cap;	  /* shorten the conversation above it; 0 = none */
	const char *limited_by;	  /* the setting, or who said how much n_ctx is; NULL = nobody */
	unsigned compact_percent; /* of what is left for the conversation: shorten it then */
	size_t user_file_chars;	  /* of all user files together */
	size_t max_result_chars;  /* of one tool result */
	double chars_per_token;	  /* learnt from the server's own counts */
	struct {
		uint64_t hash; /* of the text */
		size_t n;      /* its bytes; 0 = unused */
		int64_t tokens;
	} counted[OC_PLAN_COUNTED]; /* blocks that the server itself counted */
	unsigned next_counted;
};
/* n_ctx 0 = unknown; max_output 0 = unknown. Starts at the level that belongs to n_ctx. */
void oc_plan_init(struct oc_plan *p, int64_t n_ctx, int64_t max_output);
/* One level less. False at the lowest. */
bool oc_plan_drop(struct oc_plan *p);

/* What shortens a conversation earlier than the window asks for: the configured number, else 48 k
 * for a server that reads fewer than 500 tokens a second, so that huge windows do not make every
 * turn slow; 0 = none. speed 0 = not measured. */
int64_t oc_plan_soft_cap(int64_t configured, double tokens_per_second);

/* Estimates in tokens: characters by chars_per_token, CJK one each. */
int64_t oc_plan_tokens(const struct oc_plan *p, struct oc_str text);
int64_t oc_plan_message_tokens(const struct oc_plan *p, const struct oc_messages *m);
/* A ratio that was measured before, 0 = none. */
void oc_plan_set_ratio(struct oc_plan *p, double chars_per_token);
/* The server's own tokenizer counted this text: it is no longer estimated. Texts that are sent
 * again and again are worth it. */
void oc_plan_know(struct oc_plan *p, struct oc_str text, int64_t tokens);
bool oc_plan_knows(const struct oc_plan *p, struct oc_str text);
/* Whether a request of this many prompt tokens leaves room for the answer. */
bool oc_plan_fits(const struct oc_plan *p, int64_t prompt_tokens);
/* Corrects chars_per_token by what the server counted for a prompt that was estimated. */
void oc_plan_learn(struct oc_plan *p, int64_t estimated, int64_t counted);
#endif
