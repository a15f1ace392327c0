#ifndef OC_DOCTOR_H
#define OC_DOCTOR_H
#include "cli/gateway/rpc_client.h"
/*
 * What the files of `openclaw doctor` share. Checks are rows; each adds findings. With --fix a
 * check mends what it can and says so instead.
 */
enum oc_severity { OC_SEVERITY_INFO, OC_SEVERITY_WARNING, OC_SEVERITY_ERROR };
struct oc_doctor {
	const struct oc_args *args;
	struct oc_config config; /* of what could be read of it */
	bool config_readable;
	struct oc_err config_problem; /* why not */
	bool fix, deep, ask;	      /* ask: a person is there to be asked before a change */
	json_t *findings, *fixed;
	size_t run, skipped;
	unsigned errors, warnings;
};
struct oc_check {
	const char *id, *title;
	bool deep;	   /* only with --deep */
	bool needs_config; /* a readable one */
	/* OC_OK whatever was found; OC_CANCELLED. */
	enum oc_rc (*run_wait)(struct oc_doctor *d, const struct oc_check *check);
};
/* The groups; each ends with id NULL. */
extern const struct oc_check oc_checks_config[], oc_checks_state[], oc_checks_model[],
    oc_checks_gateway[];

void oc_doctor_find(struct oc_doctor *d, const struct oc_check *check, enum oc_severity severity,
		    const char *path, const char *hint, const char *fmt, ...) OC_PRINTF(6, 7);
void oc_doctor_fixed(struct oc_doctor *d, const struct oc_check *check, const char *fmt, ...)
    OC_PRINTF(3, 4);
/* Whether a change that loses something may be made: --fix, and the person agrees where one is
 * asked. */
bool oc_doctor_may_wait(struct oc_doctor *d, const char *question);
#endif
