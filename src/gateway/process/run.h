#ifndef OC_GATEWAY_RUN_H
#define OC_GATEWAY_RUN_H
#include "base/err.h"
/* `openclaw gateway [run]` (spec 02 §1): what was asked for on the command line; borrowed, NULL =
 * not given. */
struct oc_gateway_options {
	const char *port, *bind, *auth, *token, *password, *password_file, *tailscale;
	const char *ws_log; /* auto, full, compact */
	bool allow_unconfigured, force, verbose, interactive;
	const char *log_level; /* of the command line, NULL = the configuration's */
	const char *version;   /* "2026.11.1" */
};
enum { OC_EXIT_REFUSED = 78 }; /* EX_CONFIG: starting again would not help */
/* Runs until it is told to stop, in a task. Returns the exit code: 0, 78 for what the
 * configuration, the lock or the address forbids, 1 for other failures; what was wrong is on
 * stderr. */
int oc_gateway_run_wait(const struct oc_gateway_options *o);
#endif
