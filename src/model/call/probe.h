#ifndef OC_PROBE_H
#define OC_PROBE_H
#include "model/provider/catalog.h"
#include "rt/task.h"
/*
 * What a server can do, found out by asking it (spec 04 §2.14): {"<feature>": {"value": …, "how":
 * …}}, also kept under "probe" in learned.json. Never changes the server's state, but for a model
 * that loads because it is asked.
 */
enum { OC_PROBE_TOTAL_MS = 180000, OC_PROBE_FREE_TOTAL_MS = 20000 };
/* chats: the model is asked too, about ten times and for a few tokens each; else only what costs
 * nothing and loads nothing. *report is a new reference in any case. Only OC_CANCELLED fails. */
OC_MUST_USE enum oc_rc oc_probe_wait(const struct oc_catalog *c, struct oc_provider *p,
				     const char *model, bool chats, json_t **report);
#endif
