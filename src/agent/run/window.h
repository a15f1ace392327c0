#ifndef OC_AGENT_WINDOW_H
#define OC_AGENT_WINDOW_H
#include "model/provider/context.h"
/*
 * What a server said of the window it has loaded holds for a minute, as its list of loaded models
 * does (D54): a turn does not begin with a question that was just answered. Until a request fails
 * or the configuration changes. In memory, of this process.
 */
enum { OC_WINDOW_HELD_MS = 60000 };
/* False: nothing is held, ask the server. */
bool oc_window_held(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
		    struct oc_context *out);
void oc_window_hold(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
		    const struct oc_context *context);
void oc_window_forget(const struct oc_provider *p); /* all of this server */
#endif
