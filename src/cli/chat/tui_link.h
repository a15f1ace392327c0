#ifndef OC_TUI_LINK_H
#define OC_TUI_LINK_H
#include "base/rand.h"
#include "cli/chat/tui.h"
/* What the files of a conversation with a gateway share: tui_gateway.c holds the connection and
 * sends, tui_events.c shows what comes. */
struct oc_tui_outgoing {
	char id[OC_ID_CHARS + 1];
	char *text;
	struct oc_tui_outgoing *next;
};
struct oc_tui_link {
	struct oc_tui *tui;
	struct oc_rpc_target target;
	struct oc_rpc_client *client;
	struct oc_scope *scope;
	char *key;	  /* canonical, as events name it; NULL until the gateway told */
	int64_t last_seq; /* of the messages that were shown */
	bool caught_up;	  /* the history was shown once */
	struct oc_tui_outgoing *outbox;
	bool sending, catching_up;
	struct oc_strv own;  /* run ids of what was sent from here */
	struct oc_strv runs; /* active ones of this session */
	int64_t history;
};
struct oc_deadline oc_tui_call_deadline(void);
void oc_tui_link_error(struct oc_tui *t, const struct oc_err *e);

/* A run of this session began or goes on; run may be NULL. */
void oc_tui_run_began(struct oc_tui_link *l, const char *run, const char *activity);
void oc_tui_run_ended(struct oc_tui_link *l, const char *run);
void oc_tui_forget_runs(struct oc_tui_link *l);
/* For oc_rpc_on_event; arg is the link. */
void oc_tui_link_event(void *arg, const char *event, const json_t *payload);
/* A record of exec.approval.*. */
void oc_tui_link_question(struct oc_tui_link *l, const json_t *record);
/* Shows what of the history was not shown yet. */
OC_MUST_USE enum oc_rc oc_tui_history_wait(struct oc_tui_link *l, struct oc_err *e);
bool oc_tui_same(const char *a, const char *b); /* false for NULL */
#endif
