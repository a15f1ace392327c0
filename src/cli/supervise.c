/* openclaw __supervise <provider>: the process behind a model server that is started on demand. Not
 * for people. */
#include <stdio.h>

#include "cli/command.h"
#include "config/config.h"
#include "model/provider/catalog.h"
#include "model/service/service_supervisor.h"

static enum oc_rc supervise(const struct oc_config *config, const char *id, struct oc_err *e)
{
	struct oc_catalog catalog = { 0 };
	const struct oc_provider *p;
	enum oc_rc rc = oc_catalog_load(&catalog, config, e);

	if (rc) return rc;
	p = oc_catalog_provider(&catalog, oc_str(id));
	rc = p ? oc_service_supervise_wait(&catalog, p, e)
	       : oc_fail(e, OC_E_INPUT, "no provider '%s'", id);
	oc_catalog_deinit(&catalog);
	return rc;
}

int oc_cmd_supervise(struct oc_args *a)
{
	struct oc_config config;
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (oc_args_n(a) != 1) return oc_usage_error(a, "expected one provider");
	rc = oc_config_load(&config, &e);
	if (!rc) rc = supervise(&config, oc_args_pos(a, 0), &e);
	oc_config_deinit(&config);
	return rc ? oc_error("%s", e.msg) : 0;
}
