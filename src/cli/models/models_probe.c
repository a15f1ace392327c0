/* `openclaw models probe [ref]`: asks a server what it can do and prints how that was found out. */
#include <stdio.h>
#include <stdlib.h>

#include "base/visible.h"
#include "cli/models/models.h"
#include "model/call/probe.h"
#include "model/provider/refresh.h"

const struct oc_option oc_models_probe_options[] = {
	{ .name = "--json", .help = "Print one JSON document" },
	{ .name = "--free", .help = "Ask the server only, never the model" },
	{ 0 },
};

static void print_value(const json_t *v, char *out, size_t size)
{
	if (json_is_boolean(v))
		snprintf(out, size, "%s", json_is_true(v) ? "yes" : "no");
	else if (json_is_integer(v))
		snprintf(out, size, "%lld", (long long)json_integer_value(v));
	else
		snprintf(out, size, "%s", json_is_string(v) ? json_string_value(v) : "unknown");
}

void oc_models_print_probe(FILE *out, const char *key, json_t *report)
{
	const char *name;
	json_t *row;

	oc_visible_printf(out, "%s\n", key);
	json_object_foreach (report, name, row) {
		char value[80];

		print_value(json_object_get(row, "value"), value, sizeof value);
		fprintf(out, "  %-22s  %-12s  %s\n", name, value, oc_json_cstr(row, "how"));
	}
}

/* The model was asked, more than once, and no answer came to anything. */
static bool stayed_silent(const json_t *report)
{
	static const char *const asked[] = { "chat", "streaming", "tools" };

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		const json_t *row = json_object_get(report, asked[i]);
		if (!row || !json_is_null(json_object_get(row, "value"))) return false;
	}
	return true;
}

static void show(const struct oc_args *a, const char *key, json_t *report)
{
	if (oc_args_has(a, "--json"))
		oc_print_json(report);
	else
		oc_models_print_probe(stdout, key, report);
}

int oc_cmd_models_probe(struct oc_args *a)
{
	struct oc_models_cli m;
	struct oc_selection s = { 0 };
	struct oc_err e = { 0 };
	json_t *report = NULL;
	int code = 1;

	if (oc_models_open(&m)) {
		const char *ref = oc_args_n(a) ? oc_args_pos(a, 0) : "";
		enum oc_rc rc = oc_select_wait(&m.catalog, oc_str(ref), &s, NULL, &e);

		if (rc && rc != OC_CANCELLED) oc_error("%s", e.msg);
		if (!rc)
			rc = oc_probe_wait(&m.catalog, s.provider, s.model_id,
					   !oc_args_has(a, "--free"), &report);
		if (!rc) show(a, s.key, report);
		if (!rc) code = json_object_size(report) == 0;
		if (!rc && stayed_silent(report))
			code = oc_error("%s did not answer: start the server, or correct "
					"models.providers.%s.baseUrl",
					s.provider->base_url, s.provider->id);
		json_decref(report);
		oc_selection_deinit(&s);
	}
	oc_models_close(&m);
	return code;
}
