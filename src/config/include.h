#ifndef OC_INCLUDE_H
#define OC_INCLUDE_H
#include "json/json5.h"
/*
 * $include (spec 01 §1.3). file is the main configuration file: it need not exist, but its folder
 * is the first place includes may come from; the folders of OPENCLAW_INCLUDE_ROOTS are the others.
 */
/* *out: a copy of tree with every $include replaced; new reference. OC_E_INPUT names file and
 * reason. files (may be NULL) gets the real paths of what was read or tried, also on failure. */
OC_MUST_USE enum oc_rc oc_include_resolve(const json_t *tree, const char *file, json_t **out,
					  struct oc_strv *files, struct oc_err *e);
#endif
