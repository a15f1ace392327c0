/*
 * openclaw infer model run (spec 01 §12.1): one user message to a model and its answer, from the
 * next configured model when one fails. No agent, no tools, no preload, no context guard.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/visible.h"
#include "cli/command.h"
#include "cli/print.h"
#include "model/call/call.h"
#include "model/call/failover.h"
#include "model/call/second_try.h"
#include "model/codec/reasoning.h"
#include "model/provider/refresh.h"
#include "net/base64.h"
#include "rt/file.h"
#include "rt/tty.h"

enum { MAX_FILES = 16 };

struct infer {
	const struct oc_args *args;
	struct oc_config config;
	struct oc_catalog catalog;
	struct oc_candidates candidates;
	struct oc_failover failover;
	struct oc_call_breaker breaker;
	const struct oc_selection *target; /* that was asked last, NULL = none yet */
	struct oc_messages messages;
	struct oc_reply reply;
	struct oc_buf problem; /* for the person */
};

/* ---- input ---- */

static const struct {
	const char *magic, *mime;
	size_t at, n;
} image_kinds[] = {
	{ "\x89PNG\r\n\x1a\n", "image/png", 0, 8 },
	{ "\xFF\xD8\xFF", "image/jpeg", 0, 3 },
	{ "GIF8", "image/gif", 0, 4 },
	{ "WEBP", "image/webp", 8, 4 },
	{ "BM", "image/bmp", 0, 2 },
};

static const char *image_mime(struct oc_str bytes)
{
	for (size_t i = 0; i < sizeof image_kinds / sizeof *image_kinds; i++) {
		struct oc_str magic = { image_kinds[i].magic, image_kinds[i].n };
		if (oc_str_starts(oc_str_from(bytes, image_kinds[i].at), magic))
			return image_kinds[i].mime;
	}
	return NULL;
}

static bool add_image(struct infer *in, struct oc_message *m, const char *path)
{
	struct oc_buf bytes;
	struct oc_err e;

	if (oc_file_read(path, OC_MAX_IMAGE_BYTES, &bytes, &e) != OC_OK) {
		oc_buf_addf(&in->problem, "--file: %s", e.msg);
		return false;
	}
	const char *mime = image_mime(oc_buf_view(&bytes));
	if (mime) {
		struct oc_image *image = oc_message_add_image(m);
		image->mime = oc_strdup(mime);
		image->base64 = oc_base64_encode(oc_buf_view(&bytes));
	} else
		oc_buf_addf(&in->problem, "--file: %s is no PNG, JPEG, GIF, WebP or BMP image",
			    path);
	oc_buf_deinit(&bytes);
	return mime != NULL;
}

static bool read_input(struct infer *in)
{
	const char *prompt = oc_args_get(in->args, "--prompt");
	const char *thinking = oc_args_get(in->args, "--thinking");
	const char *files[MAX_FILES];
	size_t n = oc_args_all(in->args, "--file", files, MAX_FILES);

	if (!prompt || !oc_str_trim(oc_str(prompt)).n) {
		oc_buf_adds(&in->problem,
			    prompt
				? "--prompt is blank: say what the model is to answer"
				: "--prompt is missing: openclaw infer model run --prompt \"…\"");
		return false;
	}
	if (thinking && !oc_thinking_level_valid(oc_str(thinking))) {
		oc_buf_addf(&in->problem, "unknown thinking level \"%s\" (levels: %s)", thinking,
			    oc_thinking_levels);
		return false;
	}
	if (oc_args_has(in->args, "--gateway")) {
		oc_buf_adds(
		    &in->problem,
		    "--gateway is not supported: this command calls the model itself; through the gateway "
		    "ask `openclaw agent`, or its HTTP API (docs/http-api.md)");
		return false;
	}
	struct oc_message *m = oc_messages_add(&in->messages, OC_ROLE_USER, oc_str(prompt));
	for (size_t i = 0; i < n; i++)
		if (!add_image(in, m, files[i])) return false;
	return true;
}

static void print_warnings(struct oc_strv *warnings)
{
	for (size_t i = 0; i < warnings->n; i++) oc_print_warning(warnings->v[i]);
	oc_strv_deinit(warnings);
}

/* The server may be asked for what its list does not hold yet; then the candidates are those of an
 * agent: a model that was named is the only one. */
static bool choose_models(struct infer *in)
{
	const char *ref = oc_args_get(in->args, "--model");
	struct oc_strv warnings = { 0 }, fallbacks = { 0 };
	const struct oc_candidate_wish wish = { ref, ref != NULL, &fallbacks };
	struct oc_selection first = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_select_wait(&in->catalog, oc_str(ref), &first, &warnings, &e);

	oc_selection_deinit(&first);
	print_warnings(&warnings);
	oc_fallback_refs(&in->config, "model", &fallbacks);
	if (!rc) rc = oc_candidates_init(&in->candidates, &in->catalog, &wish, &e);
	oc_strv_deinit(&fallbacks);
	if (rc == OC_OK) return true;
	oc_buf_adds(&in->problem, e.msg);
	return false;
}

/* ---- call ---- */

static void show_notice(void *arg, const char *text)
{
	(void)arg;
	if (oc_tty_interactive()) oc_visible_printf(stderr, "%s …\n", text);
}

static void show_progress(void *arg, const struct oc_progress *p)
{
	(void)arg;
	if (p->total > 0 && oc_tty_interactive())
		fprintf(stderr, "\rreading prompt %d %%%s", (int)(100 * p->processed / p->total),
			p->processed >= p->total ? "\n" : "");
}

/* What the context holds besides the prompt, 0 = unknown. */
static int64_t room_of(const struct oc_call_spec *spec, const struct oc_reply *r)
{
	const struct oc_model *m = spec->target->model;
	int64_t window = m ? m->context_tokens ? m->context_tokens : m->context_window : 0;

	return r->usage.present && window > r->usage.input ? window - r->usage.input : 0;
}

/* Once more when nothing came (D6, D8). */
static enum oc_rc answer_wait(struct infer *in, struct oc_call_spec *spec, struct oc_err *e)
{
	enum oc_rc rc = oc_call_wait(spec, &in->reply, e);

	if (rc != OC_OK) return rc;
	int64_t limit = in->reply.finish == OC_FINISH_LENGTH && in->reply.usage.present
			    ? in->reply.usage.output
			    : 0;
	const struct oc_second_try again =
	    oc_second_try(&in->reply, limit, room_of(spec, &in->reply));
	if (!again.due) return rc;
	if (again.thinking_off) spec->thinking = "off";
	spec->max_tokens = again.max_tokens > limit ? again.max_tokens : 0;
	oc_reply_deinit(&in->reply);
	return oc_call_wait(spec, &in->reply, e);
}

static void explain_no_text(struct infer *in, const struct oc_call_spec *spec)
{
	oc_buf_addf(&in->problem, "%s: no text output. ", spec->target->key);
	if (in->reply.reasoning.n)
		oc_buf_adds(&in->problem,
			    "The model only reasoned: raise maxTokens, or lower --thinking.");
	else
		oc_buf_adds(&in->problem,
			    "The model asked for a tool, and there are none in this call.");
}

/* *movable: the next candidate may answer instead. */
static enum oc_rc ask_wait(struct infer *in, bool *movable)
{
	const char *thinking = oc_args_get(in->args, "--thinking");
	struct oc_reply_sink sink = { .progress = show_progress };
	struct oc_err e = { 0 };
	struct oc_call_spec spec = {
		.catalog = &in->catalog,
		.target = in->target,
		.messages = &in->messages,
		.agent_id = oc_args_get(in->args, "--agent"),
		.thinking = thinking ? thinking : "off",
		.sink = &sink,
		.notice = show_notice,
		.breaker = &in->breaker,
	};
	enum oc_rc rc = answer_wait(in, &spec, &e);

	*movable = true;
	if (rc == OC_CANCELLED) return rc;
	if (rc != OC_OK) {
		oc_buf_adds(&in->problem, e.msg);
		return rc;
	}
	if (in->reply.error.class != OC_ERR_NONE) {
		oc_call_explain(&spec, &in->reply, &in->problem);
		*movable = !oc_call_breaker_open(&in->breaker) &&
			   oc_fail_policy(oc_fail_reason_of(&in->reply.error))->next_candidate;
	} else if (!oc_str_trim(oc_buf_view(&in->reply.text)).n) {
		explain_no_text(in, &spec);
		in->reply.error.class = OC_ERR_EMPTY_RESPONSE;
	}
	return in->problem.n ? OC_E_UPSTREAM : OC_OK;
}

/* A fallback is always told (D16). */
static void say_fallback(const struct infer *in)
{
	struct oc_fallback_state once = { 0 };
	char *text = oc_fallback_notice(&once, in->candidates.v[0].target.key, in->target->key,
					oc_failover_first_reason(&in->failover));

	if (text) oc_visible_printf(stderr, "%s\n", text);
	free(text);
	oc_fallback_state_deinit(&once);
}

static void explain_all(struct infer *in)
{
	struct oc_buf all;

	oc_buf_init(&all, 65536);
	oc_failover_explain(&in->failover, &all);
	if (all.n) {
		oc_buf_clear(&in->problem);
		oc_buf_add(&in->problem, oc_buf_view(&all));
	}
	oc_buf_deinit(&all);
}

/* The candidates in order, until one answers. Returns the exit code. */
static int run_models(struct infer *in)
{
	bool movable = true;

	oc_failover_init(&in->failover, &in->catalog, &in->candidates);
	for (size_t i = 0; movable && i < in->candidates.n; i++) {
		if (!oc_failover_admits(&in->failover, i)) continue;
		in->target = &in->candidates.v[i].target;
		if (i > 0) print_warnings(&in->candidates.v[i].warnings);
		oc_buf_clear(&in->problem);
		oc_reply_deinit(&in->reply);
		enum oc_rc rc = ask_wait(in, &movable);

		if (rc == OC_CANCELLED) return 130;
		if (rc == OC_OK) {
			say_fallback(in);
			return 0;
		}
		oc_failover_failed(&in->failover, i, &in->reply.error, oc_buf_cstr(&in->problem));
	}
	explain_all(in);
	return 1;
}

/* ---- output ---- */

static json_t *output_json(const struct oc_reply *r)
{
	json_t *out = json_object();

	oc_json_put(out, "text", oc_json_new_str(oc_buf_view(&r->text)));
	json_object_set_new(out, "mediaUrl", json_null());
	return out;
}

/* Those that failed before the one that answered. */
static json_t *attempts_json(const struct oc_failover *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_failed; i++) {
		const struct oc_failed_attempt *a = &f->failed[i];
		struct oc_str key = oc_str(a->key);
		size_t slash = oc_str_find(key, OC_LIT("/"), 0);
		json_t *row = json_object();

		oc_json_put(row, "provider", oc_json_new_str(oc_str_head(key, slash)));
		oc_json_put(row, "model",
			    oc_json_new_str(oc_str_from(key, slash == SIZE_MAX ? 0 : slash + 1)));
		oc_json_put(row, "error", oc_json_new_str(oc_str(a->message)));
		oc_json_put(row, "reason", json_string(oc_fail_policy(a->reason)->name));
		json_array_append_new(list, row);
	}
	return list;
}

static void print_ok(const struct infer *in)
{
	const struct oc_reply *r = &in->reply;

	if (!oc_args_has(in->args, "--json")) {
		printf("model.run via local\nprovider: %s\nmodel: %s\noutputs: 1\n",
		       in->target->provider->id, in->target->model_id);
		oc_print_text(oc_buf_view(&r->text));
		return;
	}
	json_t *o = json_object();
	oc_json_put(o, "ok", json_true());
	oc_json_put(o, "capability", json_string("model.run"));
	oc_json_put(o, "transport", json_string("local"));
	oc_json_put(o, "provider", json_string(in->target->provider->id));
	oc_json_put(o, "model", oc_json_new_str(oc_str(in->target->model_id)));
	oc_json_put(o, "attempts", attempts_json(&in->failover));
	oc_json_put(o, "outputs", json_pack("[o]", output_json(r)));
	if (r->usage.present) oc_json_put(o, "usage", oc_usage_json(&r->usage));
	if (r->tokens_per_second > 0)
		oc_json_put(o, "tokensPerSecond", json_real(r->tokens_per_second));
	oc_print_json(o);
	json_decref(o);
}

static void print_problem(const struct infer *in)
{
	const char *message = oc_buf_cstr(&in->problem);

	if (!oc_args_has(in->args, "--json")) {
		/* What had arrived is the person's, whatever came after it. */
		if (in->reply.text.n) oc_print_text(oc_buf_view(&in->reply.text));
		oc_error("%s", message);
		fputs(
		    "Help: openclaw infer model run --help; what is configured: openclaw models status\n",
		    stderr);
		return;
	}
	json_t *error = json_object(), *o = json_object();
	oc_json_put(error, "type", json_string("cli_error"));
	oc_json_put(error, "message", oc_json_new_str(oc_str(message)));
	oc_json_put(o, "ok", json_false());
	oc_json_put(o, "error", error);
	if (in->reply.text.n) oc_json_put(o, "outputs", json_pack("[o]", output_json(&in->reply)));
	oc_print_json(o);
	json_decref(o);
}

static int infer_model_run(struct oc_args *a)
{
	struct infer in = { .args = a };
	struct oc_err e = { 0 };
	int exit_code = 1;

	oc_buf_init(&in.problem, 65536);
	if (oc_config_load(&in.config, &e) != OC_OK)
		oc_buf_adds(&in.problem, e.msg);
	else if (oc_config_require(&in.config) != OC_OK)
		goto out; /* it has said everything */
	else if (read_input(&in)) {
		if (oc_catalog_load(&in.catalog, &in.config, &e) != OC_OK)
			oc_buf_adds(&in.problem, e.msg);
		else if (choose_models(&in))
			exit_code = run_models(&in);
	}
	if (exit_code == 0)
		print_ok(&in);
	else if (exit_code != 130)
		print_problem(&in);
out:
	oc_reply_deinit(&in.reply);
	oc_messages_deinit(&in.messages);
	oc_failover_deinit(&in.failover);
	oc_candidates_deinit(&in.candidates);
	oc_catalog_deinit(&in.catalog);
	oc_config_deinit(&in.config);
	oc_buf_deinit(&in.problem);
	return exit_code;
}

static const struct oc_option run_options[] = {
	{ .name = "--prompt", .value = "<text>", .help = "What the model is to answer (required)" },
	{ .name = "--model",
	  .value = "<ref>",
	  .help = "provider/model or an alias; default: the configured one" },
	{ .name = "--thinking",
	  .value = "<level>",
	  .help = "off (default), minimal, low, medium, high, xhigh, max" },
	{ .name = "--file",
	  .value = "<path>",
	  .help = "An image to look at; may be given several times" },
	{ .name = "--agent",
	  .value = "<id>",
	  .help = "Whose request parameters apply (default: main)" },
	{ .name = "--local", .help = "Call the model from this process (default)" },
	{ .name = "--gateway", .help = "Let the running gateway call it" },
	{ .name = "--json", .help = "One JSON document on stdout" },
	{ 0 },
};

static const struct oc_command model_commands[] = {
	{ .name = "run",
	  .help = "Send one prompt to a model and print its answer",
	  .run = infer_model_run,
	  .options = run_options },
	{ 0 },
};

const struct oc_command oc_infer_commands[] = {
	{ .name = "model", .help = "Text models", .sub = model_commands },
	{ 0 },
};
