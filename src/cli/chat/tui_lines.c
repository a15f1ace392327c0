/* The chat without a terminal: each line of stdin is a message, its answer goes to stdout before
 * the next line is read. For scripts. */
#include <stdio.h>

#include "cli/chat/tui.h"
#include "rt/tty.h"

enum { MAX_LINE = 1 << 22 };

/* Until no run is active. */
static enum oc_rc idle_wait(struct oc_tui *t)
{
	while (t->activity && !t->quit) {
		struct oc_wait w = { 0 };

		t->idle = &w;
		enum oc_rc rc = oc_wait_park(&w, OC_NO_DEADLINE);
		t->idle = NULL;
		if (rc) return rc;
	}
	return OC_OK;
}

static enum oc_rc send_wait(struct oc_tui *t, const char *text)
{
	t->failed = false;
	oc_tui_submit(t, text);
	enum oc_rc rc = idle_wait(t);
	if (t->failed && !t->quit) t->exit_code = 1;
	return rc;
}

enum oc_rc oc_tui_lines_wait(struct oc_tui *t, struct oc_err *e)
{
	const char *first = oc_args_get(t->args, "--message");
	enum oc_rc rc = idle_wait(t);

	if (!rc && first && *first) rc = send_wait(t, first);
	while (!rc && !t->quit) {
		struct oc_buf line;

		oc_buf_init(&line, MAX_LINE);
		rc = oc_tty_ask_wait("", false, &line);
		if (!rc && line.bad)
			rc = oc_fail(e, OC_E_LIMIT, "a line is longer than %d bytes", MAX_LINE);
		if (!rc && oc_str_trim(oc_buf_view(&line)).n) rc = send_wait(t, oc_buf_cstr(&line));
		oc_buf_deinit(&line);
	}
	if (rc == OC_CANCELLED) oc_fail(e, rc, "stopped");
	return rc == OC_EOF ? OC_OK : rc;
}
