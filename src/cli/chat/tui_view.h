#ifndef OC_TUI_VIEW_H
#define OC_TUI_VIEW_H
#include "cli/chat/term_markdown.h"
#include "json/json.h"
/*
 * What a chat looks like: messages, streaming answers, reasoning, tool calls, notes, as rows that
 * stay. It remembers what of each run was shown, so that text which comes again after a reconnect
 * is neither lost nor doubled. Into a pipe (plain) goes the text of the answers alone.
 */
struct oc_tui_segment {
	char *run;
	struct oc_buf text; /* as shown */
};
enum oc_tui_block { OC_TUI_NOTHING, OC_TUI_ANSWER, OC_TUI_THINKING };
struct oc_tui_view {
	size_t columns;
	bool colour, plain;
	bool show_thinking, show_tools;
	struct oc_buf rows; /* to be written above the live ones */
	enum oc_tui_block block;
	struct oc_term_markdown *open; /* of block */
	struct oc_tui_segment *segments;
	size_t n_segments;
	bool segment_open;
	struct oc_strv tools_started, tools_ended; /* call ids */
	char *tool_line;			   /* of the call that runs, NULL */
	struct oc_buf held;			   /* plain: white space that may be the end */
	bool began;
};
void oc_tui_view_init(struct oc_tui_view *v);
void oc_tui_view_deinit(struct oc_tui_view *v);
void oc_tui_view_resize(struct oc_tui_view *v, size_t columns);

void oc_tui_user(struct oc_tui_view *v, struct oc_str text);
/* Text of an answer so far; what was shown of it already is not shown again. */
void oc_tui_answer(struct oc_tui_view *v, const char *run, struct oc_str so_far);
void oc_tui_answer_more(struct oc_tui_view *v, const char *run, struct oc_str delta);
/* The same from the history: compared with everything that was shown of the run. */
void oc_tui_answer_again(struct oc_tui_view *v, const char *run, struct oc_str whole);
void oc_tui_answer_end(struct oc_tui_view *v);
void oc_tui_thinking(struct oc_tui_view *v, struct oc_str delta);
void oc_tui_tool_start(struct oc_tui_view *v, const char *id, const char *name, const json_t *args);
/* result: {content, details}. */
void oc_tui_tool_end(struct oc_tui_view *v, const char *id, const char *name, const json_t *args,
		     const json_t *result, bool is_error);
void oc_tui_note(struct oc_tui_view *v, const char *text);
void oc_tui_error(struct oc_tui_view *v, const char *text);
/* A message of the history. */
void oc_tui_message(struct oc_tui_view *v, const json_t *message);
/* Rows that are not finished, for the live part. */
void oc_tui_view_rest(const struct oc_tui_view *v, struct oc_strv *live);
#endif
