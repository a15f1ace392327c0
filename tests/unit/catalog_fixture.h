#ifndef OC_CATALOG_FIXTURE_H
#define OC_CATALOG_FIXTURE_H
/* A catalog of a configuration text in a private home. */
#include "fixture.h"
#include "model/provider/catalog.h"

struct fixture {
	struct oc_config config;
	struct oc_catalog catalog;
};

static inline void open_catalog(struct fixture *f, const char *config_text)
{
	struct oc_err e = { 0 };

	if (config_text) home_write(".openclaw/openclaw.json", config_text);
	if (oc_config_load(&f->config, &e) != OC_OK) fail_msg("%s", e.msg);
	if (f->config.problems.n > 0) fail_msg("%s", f->config.problems.v[0]);
	if (oc_catalog_load(&f->catalog, &f->config, &e) != OC_OK) fail_msg("%s", e.msg);
}

static inline void close_catalog(struct fixture *f)
{
	oc_catalog_deinit(&f->catalog);
	oc_config_deinit(&f->config);
}

/* Test data as JSON with single quotes. */
static inline json_t *js(const char *text)
{
	char *copy = strdup(text);
	json_error_t why;

	for (char *c = copy; *c; c++)
		if (*c == '\'') *c = '"';
	json_t *v = json_loads(copy, JSON_DECODE_ANY, &why);
	if (!v) fail_msg("%s: %s", why.text, copy);
	free(copy);
	return v;
}

static inline void assert_json(const json_t *got, const char *want)
{
	json_t *w = js(want);

	if (!json_equal(got, w)) {
		char *text = json_dumps(got, JSON_ENCODE_ANY);
		print_error("got  %s\nwant %s\n", text, want);
		free(text);
		json_decref(w);
		fail();
	}
	json_decref(w);
}
#endif
