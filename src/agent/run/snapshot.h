#ifndef OC_SNAPSHOT_H
#define OC_SNAPSHOT_H
#include "model/provider/catalog.h"
/*
 * One loaded configuration with its catalog, shared by whoever works with it: a reload makes a new
 * one, and what runs finishes on the one it began with. One thread owns all of them.
 */
struct oc_snapshot {
	struct oc_config config;
	struct oc_catalog catalog;
	unsigned refs; /* private */
};
/* *out holds one reference. Fails as oc_config_load and oc_catalog_load do, and with OC_E_INPUT
 * when the configuration has problems (e names the first). May park (login shell). */
OC_MUST_USE enum oc_rc oc_snapshot_load(struct oc_snapshot **out, struct oc_err *e);
struct oc_snapshot *oc_snapshot_ref(struct oc_snapshot *s);
void oc_snapshot_unref(struct oc_snapshot *s); /* accepts NULL */
#endif
