/*
 * `openclaw config set|unset|patch`. An edit is a function from the authored tree to a new one; the
 * frame around it loads, checks, writes, and repeats the edit when another process wrote in
 * between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/visible.h"
#include "cli/setup/config_cli.h"
#include "config/edit.h"
#include "config/redact.h"
#include "config/schema.h"
#include "gateway/process/reload.h"
#include "rt/file.h"

enum { ATTEMPTS = 50 };

struct edit {
	struct oc_args *args;
	const char *path_text; /* NULL for a patch */
	struct oc_path path;
	json_t *value;
	bool as_asked; /* losing entries is what was asked for */
	bool strict;
	/* Changes tree. False: a message was printed. */
	bool (*apply)(const struct edit *ed, const struct oc_config *c, json_t *tree);
	const char *done; /* "Updated", "Removed" */
};

static bool apply_batch(const struct edit *ed, const struct oc_config *c, json_t *tree);

/* ---- the frame ---- */

/* What a running gateway makes of it. Of a patch only the gateway knows. */
static const char *when_applied(const struct edit *ed, const struct oc_config *c)
{
	static const char *const by_itself[] = {
		[OC_RELOAD_NONE] = "The gateway does not use it.",
		[OC_RELOAD_HOT] = "A running gateway takes this over without a restart.",
		[OC_RELOAD_RESTART] = "A running gateway restarts itself to apply this.",
	};
	const char *mode = json_string_value(oc_config_get(c, "gateway.reload.mode"));
	enum oc_reload_class class;
	struct oc_buf at;

	oc_buf_init(&at, OC_MAX_CONFIG_BYTES);
	oc_path_format(&ed->path, ed->path.n, &at);
	class = oc_reload_class(oc_buf_cstr(&at));
	oc_buf_deinit(&at);
	if (class == OC_RELOAD_NONE) return by_itself[class];
	if (mode && (!strcmp(mode, "off") || (class == OC_RELOAD_RESTART && !strcmp(mode, "hot"))))
		return "Restart the gateway, if one is running, to apply this.";
	return ed->path.n ? by_itself[class] : "A running gateway applies this by itself.";
}

static void print_done(const struct edit *ed, const struct oc_config *c, enum oc_edit_result result)
{
	char *file = oc_paths_short(&c->paths, c->paths.config_path);

	if (result == OC_EDIT_UNCHANGED)
		printf("No change: %s\n", ed->path_text ? ed->path_text : file);
	else
		printf("%s %s. %s\n", ed->done, ed->path_text ? ed->path_text : file,
		       when_applied(ed, c));
	free(file);
}

static int print_failure(const struct oc_config *c, const struct oc_strv *problems,
			 const struct oc_err *e)
{
	char *file = oc_paths_short(&c->paths, c->paths.config_path);

	if (problems->n) {
		fprintf(stderr, "error: Config validation failed: %s was not changed\n", file);
		for (size_t i = 0; i < problems->n; i++)
			oc_visible_printf(stderr, "  - %s\n", problems->v[i]);
	} else
		oc_error("%s", e->msg);
	free(file);
	return 1;
}

static json_t *error_list(const struct oc_strv *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->n; i++)
		json_array_append_new(
		    list, json_pack("{s:s,s:s}", "kind", "schema", "message", problems->v[i]));
	return list;
}

static int dry_run(const struct edit *ed, const struct oc_config *c, json_t *tree)
{
	struct oc_strv problems = { 0 };
	struct oc_err e = { 0 };
	int result;

	oc_config_check(c, tree, &problems);
	result = problems.n > 0;
	if (oc_args_has(ed->args, "--json")) {
		json_t *doc = json_pack(
		    "{s:b,s:i,s:s,s:[s],s:{s:b,s:b,s:b},s:i,s:i}", "ok", !result, "operations",
		    ed->apply == apply_batch ? (int)json_array_size(ed->value) : 1, "configPath",
		    c->paths.config_path, "inputModes", ed->strict ? "json" : "value", "checks",
		    "schema", 1, "resolvability", 0, "resolvabilityComplete", 0, "refsChecked", 0,
		    "skippedExecRefs", 0);
		if (result) json_object_set_new(doc, "errors", error_list(&problems));
		char *text = oc_json_pretty(doc);
		fputs(text, stdout);
		free(text);
		json_decref(doc);
	} else if (result)
		print_failure(c, &problems, &e);
	else
		puts("Dry run: the result would be valid; nothing was written.");
	oc_strv_deinit(&problems);
	return result;
}

/* -1: the file changed meanwhile, try again. */
static int attempt(const struct edit *ed)
{
	struct oc_strv problems = { 0 };
	struct oc_config c;
	struct oc_err e = { 0 };
	enum oc_edit_result result = OC_EDIT_UNCHANGED;
	json_t *tree = NULL;
	int status = 1;

	if (oc_config_load(&c, &e)) {
		oc_config_cli_failed(&e);
		goto done;
	}
	if (!json_is_object(c.raw)) {
		print_failure(&c, &c.problems, &e);
		goto done;
	}
	tree = json_deep_copy(c.raw);
	if (!ed->apply(ed, &c, tree)) goto done;
	if (oc_args_has(ed->args, "--dry-run")) {
		status = dry_run(ed, &c, tree);
		goto done;
	}
	enum oc_rc rc = ed->as_asked ? oc_config_write_as_asked(&c, tree, &result, &problems, &e)
				     : oc_config_write(&c, tree, &result, &problems, &e);
	if (result == OC_EDIT_STALE)
		status = -1;
	else if (rc)
		print_failure(&c, &problems, &e);
	else {
		print_done(ed, &c, result);
		status = 0;
	}
done:
	json_decref(tree);
	oc_strv_deinit(&problems);
	oc_config_deinit(&c);
	return status;
}

static int run_edit(const struct edit *ed)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		int status = attempt(ed);
		if (status >= 0) return status;
	}
	return oc_error(
	    "the configuration keeps being changed by somebody else; run the command again");
}

static bool say(const char *fmt, ...) OC_PRINTF(1, 2);
static bool say(const char *fmt, ...)
{
	va_list ap;

	fputs("error: ", stderr);
	va_start(ap, fmt);
	oc_visible_vprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

/* ---- set ---- */

/* The placeholder that `config get` prints for a secret stands for the secret that is there. */
static bool restore_secrets(json_t **v, const json_t *old)
{
	struct oc_err e = { 0 };

	return oc_config_unredact(v, old, &e) == OC_OK || say("%s", e.msg);
}

static bool check_expectation(const struct edit *ed, const json_t *current)
{
	const char *expected = oc_args_get(ed->args, "--expect-current-json");
	struct oc_err e = { 0 };

	if (oc_args_has(ed->args, "--expect-absent") && current)
		return say("%s is set already; nothing was changed", ed->path_text);
	if (!expected) return true;
	json_t *want = oc_json_parse(oc_str(expected), NULL, &e);
	if (!want) return say("--expect-current-json: %s", e.msg);
	bool same = current && json_equal(want, current);
	json_decref(want);
	return same ||
	       say("%s has another value than expected; nothing was changed", ed->path_text);
}

static bool check_losses(const struct edit *ed, json_t *tree, const json_t *value)
{
	struct oc_strv lost = { 0 };

	oc_config_lost_entries(tree, &ed->path, value, &lost);
	if (!lost.n) return true;
	char *names = oc_strv_join(&lost, ", ");
	say("setting %s like this would remove: %s. Use --merge to keep them, --replace to remove them",
	    ed->path_text, names);
	free(names);
	oc_strv_deinit(&lost);
	return false;
}

static bool knows_provider(const json_t *tree, struct oc_str id)
{
	static const char *const bundled[] = { "lmstudio", "openai", "anthropic", "openrouter" };
	json_t *providers = json_object_get(json_object_get(tree, "models"), "providers"), *value;
	const char *key;

	for (size_t i = 0; i < sizeof bundled / sizeof *bundled; i++)
		if (oc_str_ieq(oc_str(bundled[i]), id)) return true;
	json_object_foreach (providers, key, value)
		if (oc_str_ieq(oc_str_trim(oc_str(key)), id)) return true;
	return false;
}

/* A default model whose provider nobody configured would fail at the first run: say so now (spec 01
 * §12.4). */
static bool check_model(const struct edit *ed, json_t *tree)
{
	const struct oc_path *p = &ed->path;
	bool defaults = p->n >= 3 && p->seg[1].key && !strcmp(p->seg[1].key, "defaults");
	size_t at = defaults ? 2 : 3;

	if (p->n <= at || !p->seg[0].key || strcmp(p->seg[0].key, "agents") != 0) return true;
	if (!p->seg[at].key || strcmp(p->seg[at].key, "model") != 0) return true;
	struct oc_path model_path = { p->seg, at + 1 };
	json_t *model = oc_path_get(tree, &model_path);
	struct oc_str ref =
	    json_is_string(model) ? oc_json_text(model) : oc_json_str(model, "primary");
	size_t slash = oc_str_find(ref, OC_LIT("/"), 0);
	if (slash == SIZE_MAX || knows_provider(tree, oc_str_trim(oc_str_head(ref, slash))))
		return true;
	return say("%s: there is no provider \"%.*s\"; configure models.providers.%.*s first",
		   ed->path_text, OC_FMT(oc_str_head(ref, slash)), OC_FMT(oc_str_head(ref, slash)));
}

static bool apply_set(const struct edit *ed, const struct oc_config *c, json_t *tree)
{
	struct oc_err e = { 0 };
	json_t *old = oc_path_get(tree, &ed->path);
	json_t *value = json_deep_copy(ed->value);
	bool ok = false;

	(void)c;
	if (!check_expectation(ed, old) || !restore_secrets(&value, old)) goto done;
	bool merge = oc_args_has(ed->args, "--merge");
	if (!merge && !ed->as_asked && !check_losses(ed, tree, value)) goto done;
	enum oc_rc rc = merge ? oc_config_merge(tree, ed->path_text, value, &e)
			      : oc_path_set(tree, &ed->path, value, &e);
	ok = rc ? say("%s: %s", ed->path_text, e.msg) : check_model(ed, tree);
done:
	json_decref(value);
	return ok;
}

/* NULL: a message was printed. */
static json_t *parse_value(const char *text, bool strict)
{
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };
	json_t *v;

	if (strict) {
		v = oc_json_parse(oc_str(text), NULL, &e);
		if (!v) oc_error("the value is %s (--strict-json takes standard JSON only)", e.msg);
		return v;
	}
	if (oc_json5_parse(oc_str(text), &d, &e)) return oc_json_new_str(oc_str(text));
	v = json_incref(oc_json5_value(d));
	oc_json5_free(d);
	return v;
}

/* ---- set, several at once ---- */

/* One of them as an edit of its own. */
static bool apply_one(const struct edit *ed, const struct oc_config *c, json_t *tree,
		      const json_t *op, size_t i)
{
	struct edit one = *ed;
	struct oc_err e = { 0 };

	one.path_text = oc_json_cstr(op, "path");
	one.value = json_object_get(op, "value");
	if (!one.path_text || !one.value)
		return say("entry %zu of the batch: expected {\"path\": …, \"value\": …}", i + 1);
	if (oc_path_parse(oc_str(one.path_text), &one.path, &e))
		return say("entry %zu of the batch: %s", i + 1, e.msg);
	bool ok = apply_set(&one, c, tree);
	oc_path_deinit(&one.path);
	return ok;
}

static bool apply_batch(const struct edit *ed, const struct oc_config *c, json_t *tree)
{
	const json_t *op;
	size_t i;

	json_array_foreach (ed->value, i, op)
		if (!apply_one(ed, c, tree, op, i)) return false;
	return true;
}

static json_t *read_batch(struct oc_args *a)
{
	const char *file = oc_args_get(a, "--batch-file");
	struct oc_buf text = { 0 };
	struct oc_err e = { 0 };
	json_t *batch = NULL;

	if (file && oc_file_read(file, OC_MAX_CONFIG_BYTES, &text, &e) != OC_OK)
		say("--batch-file: %s", e.msg);
	else
		batch =
		    parse_value(file ? oc_buf_cstr(&text) : oc_args_get(a, "--batch-json"), true);
	oc_buf_deinit(&text);
	if (batch && !json_is_array(batch)) {
		say("the batch must be a list: [{\"path\": …, \"value\": …}]");
		json_decref(batch);
		return NULL;
	}
	return batch;
}

/* All of it or nothing. */
static int set_batch(struct oc_args *a)
{
	struct edit ed = { .args = a, .apply = apply_batch, .done = "Updated", .strict = true };
	int status = 1;

	if (oc_args_n(a)) return oc_usage_error(a, "a batch brings its own paths and values");
	if (oc_args_has(a, "--batch-json") && oc_args_has(a, "--batch-file"))
		return oc_usage_error(a, "give either --batch-json or --batch-file");
	ed.as_asked = oc_args_has(a, "--replace");
	ed.value = read_batch(a);
	if (ed.value) status = run_edit(&ed);
	json_decref(ed.value);
	return status;
}

int oc_cmd_config_set(struct oc_args *a)
{
	struct edit ed = {
		.args = a, .path_text = oc_args_pos(a, 0), .apply = apply_set, .done = "Updated"
	};
	struct oc_err e = { 0 };
	int status = 1;

	if (oc_args_has(a, "--merge") && oc_args_has(a, "--replace"))
		return oc_usage_error(a, "--merge and --replace exclude each other");
	if (oc_args_has(a, "--batch-json") || oc_args_has(a, "--batch-file")) return set_batch(a);
	if (oc_args_n(a) != 2) return oc_usage_error(a, "expected a path and a value");
	if (oc_path_parse(oc_str(ed.path_text), &ed.path, &e)) return oc_config_cli_failed(&e);
	ed.as_asked = oc_args_has(a, "--replace");
	ed.strict = oc_args_has(a, "--strict-json") || oc_args_has(a, "--json");
	ed.value = parse_value(oc_args_pos(a, 1), ed.strict);
	if (ed.value) status = run_edit(&ed);
	json_decref(ed.value);
	oc_path_deinit(&ed.path);
	return status;
}

const struct oc_option oc_config_set_options[] = {
	{ .name = "--strict-json", .help = "The value is standard JSON, never bare text" },
	{ .name = "--json", .help = "Same; with --dry-run, print the result as JSON" },
	{ .name = "--merge", .help = "Merge an object into what is there (models by id)" },
	{ .name = "--replace", .help = "Replace, even if entries get lost" },
	{ .name = "--dry-run", .help = "Check only, write nothing" },
	{ .name = "--batch-json",
	  .value = "<json>",
	  .help = "Several at once: [{\"path\": …, \"value\": …}]" },
	{ .name = "--batch-file", .value = "<file>", .help = "The same from a file" },
	{ .name = "--expect-current-json",
	  .value = "<json>",
	  .help = "Only if this is the value now" },
	{ .name = "--expect-absent", .help = "Only if nothing is set there now" },
	{ 0 },
};

/* ---- unset ---- */

static bool apply_unset(const struct edit *ed, const struct oc_config *c, json_t *tree)
{
	(void)c;
	if (oc_path_unset(tree, &ed->path, NULL) == OC_OK) return true;
	return say("Config path not found: %s", ed->path_text);
}

int oc_cmd_config_unset(struct oc_args *a)
{
	struct edit ed = { .args = a,
			   .path_text = oc_args_pos(a, 0),
			   .apply = apply_unset,
			   .done = "Removed",
			   .as_asked = true };
	struct oc_err e = { 0 };

	if (oc_args_n(a) != 1) return oc_usage_error(a, "expected one path");
	if (oc_path_parse(oc_str(ed.path_text), &ed.path, &e)) return oc_config_cli_failed(&e);
	int status = run_edit(&ed);
	oc_path_deinit(&ed.path);
	return status;
}

/* ---- patch ---- */

static bool apply_patch(const struct edit *ed, const struct oc_config *c, json_t *tree)
{
	json_t *patch = json_deep_copy(ed->value);
	bool ok = restore_secrets(&patch, c->raw);

	if (ok) oc_json_merge_patch(tree, patch);
	json_decref(patch);
	return ok;
}

static bool read_stdin(struct oc_buf *out)
{
	char chunk[8192];
	ssize_t n;

	oc_buf_init(out, OC_MAX_CONFIG_BYTES);
	while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
		oc_buf_add(out, (struct oc_str){ chunk, (size_t)n });
	if (n == 0 && !out->bad) return true;
	say(out->bad ? "the patch is larger than %d bytes" : "cannot read standard input",
	    OC_MAX_CONFIG_BYTES);
	oc_buf_deinit(out);
	return false;
}

static bool read_patch(struct oc_args *a, struct oc_buf *out)
{
	const char *file = oc_args_get(a, "--file");
	struct oc_err e = { 0 };

	if (!file) return read_stdin(out);
	return oc_file_read(file, OC_MAX_CONFIG_BYTES, out, &e) == OC_OK || say("%s", e.msg);
}

int oc_cmd_config_patch(struct oc_args *a)
{
	struct edit ed = { .args = a, .apply = apply_patch, .done = "Updated", .as_asked = true };
	struct oc_json5 *d = NULL;
	struct oc_buf text;
	struct oc_err e = { 0 };
	int status = 1;

	if (oc_args_has(a, "--stdin") == oc_args_has(a, "--file"))
		return oc_usage_error(a, "expected either --stdin or --file <file>");
	if (!read_patch(a, &text)) return 1;
	if (oc_json5_parse(oc_buf_view(&text), &d, &e))
		oc_error("the patch: %s", e.msg);
	else if (!json_is_object(oc_json5_value(d)))
		oc_error("the patch must be an object");
	else {
		ed.value = oc_json5_value(d);
		status = run_edit(&ed);
	}
	oc_json5_free(d);
	oc_buf_deinit(&text);
	return status;
}

const struct oc_option oc_config_patch_options[] = {
	{ .name = "--stdin", .help = "Read the patch from standard input" },
	{ .name = "--file", .value = "<file>", .help = "Read the patch from a file" },
	{ .name = "--dry-run", .help = "Check only, write nothing" },
	{ .name = "--json", .help = "With --dry-run, print the result as JSON" },
	{ 0 },
};
