#ifndef OC_RELOAD_H
#define OC_RELOAD_H
#include "gateway/gateway.h"
/*
 * Changes of the configuration while the gateway runs (spec 02 §1.5, spec 01 §1.7): the file and
 * its includes are watched, what changed is classified by path, and applied, or the gateway
 * restarts in place. Invalid content costs one warning; the last good configuration stays.
 */
enum { OC_RELOAD_DEBOUNCE_MS = 300 };
struct oc_reload *oc_reload_start(struct oc_gateway *gw);
void oc_reload_stop_wait(struct oc_reload *r); /* accepts NULL */
/* The list of models was found anew (refresh service); news is copied. Does not park. */
void oc_reload_take_models(struct oc_reload *r, const json_t *news);

/* ---- pure: reload_class.c ---- */
enum oc_reload_class { OC_RELOAD_NONE, OC_RELOAD_HOT, OC_RELOAD_RESTART };
enum oc_reload_class oc_reload_class(const char *path);
const char *oc_reload_class_name(enum oc_reload_class c); /* "none" "hot" "restart" */
/* Dotted paths at which two configurations differ, at most max of them. */
void oc_reload_changes(const json_t *before, const json_t *after, struct oc_strv *out, size_t max);
#endif
