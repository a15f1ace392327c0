#ifndef OC_GATEWAY_COMMAND_H
#define OC_GATEWAY_COMMAND_H
#include "gateway/commands/chat_command.h"
#include "model/provider/select.h"
/*
 * Chat commands as rows; private to this folder. A command reads the words after its name from
 * `rest` and writes Markdown to `answer->text`. What a person did wrong becomes text as well.
 */
struct oc_command_ask {
	const struct oc_chat_ask *chat;
	struct oc_gateway *gw;
	struct oc_snapshot *snapshot;	  /* held for the command */
	const struct oc_chat_row *row;	  /* which command it is */
	struct oc_str rest;		  /* trimmed */
	struct oc_session_record session; /* as it is now; zeroed when it does not exist yet */
	struct oc_chat_answer *answer;
};
struct oc_chat_row {
	const char *name;	/* without the slash */
	const char *aliases[4]; /* end with NULL */
	const char *category;	/* "session" "options" "status" "management" "tools" */
	const char *args;	/* "[ref|status|list]"; NULL = takes none */
	const char *choices;	/* "on|off|stream", offered by menus; NULL */
	const char *help;	/* one line */
	const char *setting;	/* of the session, for rows that share one function; NULL */
	bool admin;		/* only for who may change more than this session */
	enum oc_rc (*run_wait)(struct oc_command_ask *a);
};
extern const struct oc_chat_row oc_chat_rows[]; /* ends with name NULL */

/* Adds to the answer. */
void oc_command_say(struct oc_command_ask *a, const char *fmt, ...) OC_PRINTF(2, 3);
/* The next word of rest, which loses it; empty at the end. */
struct oc_str oc_command_word(struct oc_command_ask *a);
/* A member of the session's settings, NULL when it was not chosen. Borrowed. */
const char *oc_command_setting(const struct oc_command_ask *a, const char *key);
/* Patches the session; a refusal is said. True when it was done. patch is stolen. */
bool oc_command_patch_wait(struct oc_command_ask *a, json_t *patch);
bool oc_command_set_wait(struct oc_command_ask *a, const char *key, const char *value);
/* The model that the next turn would ask: the session's choice, else the configured one. e says why
 * there is none. Deinit out. */
OC_MUST_USE enum oc_rc oc_command_model(const struct oc_command_ask *a, struct oc_selection *out,
					struct oc_err *e);
/* Without the session's choice: the agent's model, else that of all agents. */
OC_MUST_USE enum oc_rc oc_command_default_model(const struct oc_command_ask *a,
						struct oc_selection *out, struct oc_err *e);
/* Lines with the cost of this session and what the server's cache saved; OC_CANCELLED. */
enum oc_rc oc_command_say_cost_wait(struct oc_command_ask *a);
/* "12.3k" */
void oc_command_tokens(struct oc_buf *out, int64_t n);

enum oc_rc oc_command_loop_wait(struct oc_command_ask *a);
enum oc_rc oc_command_help(struct oc_command_ask *a), oc_command_list(struct oc_command_ask *a),
    oc_command_new(struct oc_command_ask *a), oc_command_stop(struct oc_command_ask *a),
    oc_command_compact(struct oc_command_ask *a), oc_command_name(struct oc_command_ask *a),
    oc_command_export(struct oc_command_ask *a), oc_command_session(struct oc_command_ask *a),
    oc_command_send(struct oc_command_ask *a), oc_command_model_cmd(struct oc_command_ask *a),
    oc_command_models(struct oc_command_ask *a), oc_command_think(struct oc_command_ask *a),
    oc_command_choice(struct oc_command_ask *a), oc_command_usage(struct oc_command_ask *a),
    oc_command_queue(struct oc_command_ask *a), oc_command_steer(struct oc_command_ask *a),
    oc_command_status(struct oc_command_ask *a), oc_command_context(struct oc_command_ask *a),
    oc_command_tools(struct oc_command_ask *a), oc_command_whoami(struct oc_command_ask *a),
    oc_command_tasks(struct oc_command_ask *a), oc_command_approve(struct oc_command_ask *a),
    oc_command_exec(struct oc_command_ask *a), oc_command_restart(struct oc_command_ask *a),
    oc_command_config(struct oc_command_ask *a), oc_command_debug(struct oc_command_ask *a),
    oc_command_btw(struct oc_command_ask *a), oc_command_goal(struct oc_command_ask *a),
    oc_command_skill(struct oc_command_ask *a), oc_command_subagents(struct oc_command_ask *a);
#endif
