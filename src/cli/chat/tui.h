#ifndef OC_TUI_H
#define OC_TUI_H
#include "cli/chat/term_edit.h"
#include "cli/chat/term_keys.h"
#include "cli/chat/term_screen.h"
#include "cli/chat/tui_view.h"
#include "cli/gateway/rpc_client.h"
#include "config/config.h"
/*
 * What the files of `openclaw chat` share. One conversation at a time, with a gateway
 * (tui_gateway.c) or in this process (tui_local.c), shown on a terminal (tui_screen.c) or line by
 * line (tui_lines.c).
 */
struct oc_tui;

/* Whoever carries the conversation. None of these parks. */
struct oc_tui_partner {
	void (*send)(struct oc_tui *t, const char *text);
	void (*stop)(struct oc_tui *t); /* the run that is under way */
	/* Fills the list to pick from; what: 'm' models, 'a' agents, 's' sessions. */
	void (*ask_list)(struct oc_tui *t, char what);
	void (*picked)(struct oc_tui *t, char what, const json_t *item);
	void (*decide)(struct oc_tui *t, const char *id, const char *decision);
};
/* Something to choose from a list. */
struct oc_tui_pick {
	char what;     /* 0 = no list is shown */
	json_t *items; /* {label, detail, …}; NULL while it is fetched */
	struct oc_buf filter;
	size_t at;
};
struct oc_tui_question {
	char *id;
	char *text;
};
struct oc_tui {
	const struct oc_args *args;
	struct oc_config *config;
	struct oc_scope *scope; /* of every task that is started on the way */
	const struct oc_tui_partner *partner;
	struct oc_tui_link *link; /* tui_gateway.c */
	struct oc_tui_local *local;
	struct oc_tui_view view;

	/* the terminal; unused with lines */
	bool interactive;
	struct oc_term_screen screen;
	struct oc_term_edit edit;
	struct oc_term_keys keys;
	struct oc_timer *timer; /* a lone escape, the clock of the status line */
	struct oc_tui_pick pick;
	struct oc_tui_question *questions;
	size_t n_questions;
	uint64_t interrupted_ms; /* of the last Ctrl-C */
	bool dirty;		 /* to be drawn */

	/* the conversation */
	char *session; /* as shown */
	char *model;
	int64_t used_tokens, context_tokens;
	bool connected;
	const char *activity; /* "thinking", "loading the model" … while a run is active; static */
	uint64_t active_since_ms;
	json_t *commands; /* of commands.list; NULL */

	/* the end */
	struct oc_wait *done; /* whoever waits for it */
	bool quit;
	int exit_code;
	struct oc_wait *idle; /* lines: waits for the end of a run */
	bool failed;	      /* the last run did */
};
/* Something changed. */
void oc_tui_changed(struct oc_tui *t);
void oc_tui_quit(struct oc_tui *t, int exit_code);
/* A run began (activity is what the status line says) or none is active any more (NULL). */
void oc_tui_activity(struct oc_tui *t, const char *activity);
/* The list that was asked for; items are stolen. */
void oc_tui_list(struct oc_tui *t, char what, json_t *items);
void oc_tui_ask(struct oc_tui *t, const char *id, const char *text);
void oc_tui_asked(struct oc_tui *t, const char *id); /* it was answered, by whomever */
/* What was typed, told to the partner, or a command of this program. */
void oc_tui_submit(struct oc_tui *t, const char *text);

/* ---- tui_gateway.c ---- */
extern const struct oc_tui_partner oc_tui_gateway;
/* Connects; the conversation then goes on in tasks of t->scope. */
OC_MUST_USE enum oc_rc oc_tui_gateway_start_wait(struct oc_tui *t, struct oc_err *e);
void oc_tui_gateway_stop_wait(struct oc_tui *t);
/* ---- tui_local.c ---- */
extern const struct oc_tui_partner oc_tui_in_process;
OC_MUST_USE enum oc_rc oc_tui_local_start_wait(struct oc_tui *t, struct oc_err *e);
void oc_tui_local_stop_wait(struct oc_tui *t);
/* ---- tui_screen.c ---- */
/* Parks until the person leaves. */
OC_MUST_USE enum oc_rc oc_tui_screen_wait(struct oc_tui *t, struct oc_err *e);
/* ---- tui_pick.c ---- */
void oc_tui_pick_open(struct oc_tui *t, char what);
void oc_tui_pick_close(struct oc_tui *t);
void oc_tui_pick_key(struct oc_tui *t, const struct oc_term_press *p);
void oc_tui_pick_rows(const struct oc_tui *t, struct oc_strv *live);
/* ---- tui_lines.c ---- */
/* Each line of stdin is a message. */
OC_MUST_USE enum oc_rc oc_tui_lines_wait(struct oc_tui *t, struct oc_err *e);
#endif
