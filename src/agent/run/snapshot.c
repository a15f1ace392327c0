/* Configuration and catalog of one moment, with a count of those who work with them. */
#include "agent/run/snapshot.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

static void snapshot_free(struct oc_snapshot *s)
{
	oc_catalog_deinit(&s->catalog);
	oc_config_deinit(&s->config);
	free(s);
}

static enum oc_rc refuse_problems(const struct oc_config *c, struct oc_err *e)
{
	char *path = oc_paths_short(&c->paths, c->paths.config_path);
	enum oc_rc rc;

	if (c->problems.n > 1)
		rc = oc_fail(e, OC_E_INPUT, "%s: %s (and %zu more)", path, c->problems.v[0],
			     c->problems.n - 1);
	else
		rc = oc_fail(e, OC_E_INPUT, "%s: %s", path, c->problems.v[0]);
	free(path);
	return rc;
}

static enum oc_rc load(struct oc_snapshot *s, struct oc_err *e)
{
	enum oc_rc rc = oc_config_load(&s->config, e);

	if (rc) return rc;
	if (s->config.problems.n) return refuse_problems(&s->config, e);
	return oc_catalog_load(&s->catalog, &s->config, e);
}

enum oc_rc oc_snapshot_load(struct oc_snapshot **out, struct oc_err *e)
{
	struct oc_snapshot *s = oc_new(struct oc_snapshot);
	enum oc_rc rc = load(s, e);

	if (rc) {
		snapshot_free(s);
		return rc;
	}
	s->refs = 1;
	*out = s;
	return OC_OK;
}

struct oc_snapshot *oc_snapshot_ref(struct oc_snapshot *s)
{
	s->refs++;
	return s;
}

void oc_snapshot_unref(struct oc_snapshot *s)
{
	if (!s) return;
	assert(s->refs > 0);
	if (--s->refs == 0) snapshot_free(s);
}
