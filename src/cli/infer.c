/*
 * openclaw infer model run (spec 01 §12.1): one user message to a model and its answer. No agent,
 * no tools, no preload, no context guard.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/visible.h"
#include "cli/command.h"
#include "cli/print.h"
#include "model/call/call.h"
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
	struct oc_selection target;
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
		    "--gateway: no gateway is built in yet; leave the option out to call the "
		    "model directly");
		return false;
	}
	struct oc_message *m = oc_messages_add(&in->messages, OC_ROLE_USER, oc_str(prompt));
	for (size_t i = 0; i < n; i++)
		if (!add_image(in, m, files[i])) return false;
	return true;
}

static bool choose_model(struct infer *in)
{
	const char *ref = oc_args_get(in->args, "--model");
	struct oc_strv warnings = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_select_wait(&in->catalog, oc_str(ref), &in->target, &warnings, &e);

	for (size_t i = 0; i < warnings.n; i++) oc_print_warning(warnings.v[i]);
	oc_strv_deinit(&warnings);
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

static bool only_reasoned(const struct oc_reply *r)
{
	return r->error.class == OC_ERR_NONE && !oc_str_trim(oc_buf_view(&r->text)).n &&
	       r->reasoning.n;
}

/* An empty answer is asked for once more (D8), one of reasoning alone once with thinking off (D6).
 */
static enum oc_rc answer_wait(struct infer *in, struct oc_call_spec *spec, struct oc_err *e)
{
	enum oc_rc rc = oc_call_wait(spec, &in->reply, e);

	if (rc != OC_OK) return rc;
	bool empty = in->reply.outcome == OC_OUTCOME_EMPTY;
	if (!empty && !only_reasoned(&in->reply)) return rc;
	if (!empty) spec->thinking = "off";
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

static int run_model(struct infer *in)
{
	const char *thinking = oc_args_get(in->args, "--thinking");
	const char *agent = oc_args_get(in->args, "--agent");
	struct oc_reply_sink sink = { .progress = show_progress };
	struct oc_err e = { 0 };
	struct oc_call_spec spec = {
		.catalog = &in->catalog,
		.target = &in->target,
		.messages = &in->messages,
		.agent_id = agent,
		.thinking = thinking ? thinking : "off",
		.sink = &sink,
		.notice = show_notice,
	};
	enum oc_rc rc = answer_wait(in, &spec, &e);

	if (rc == OC_CANCELLED) return 130;
	if (rc != OC_OK)
		oc_buf_adds(&in->problem, e.msg);
	else if (in->reply.error.class != OC_ERR_NONE)
		oc_call_explain(&spec, &in->reply, &in->problem);
	else if (!oc_str_trim(oc_buf_view(&in->reply.text)).n)
		explain_no_text(in, &spec);
	return in->problem.n ? 1 : 0;
}

/* ---- output ---- */

static json_t *output_json(const struct oc_reply *r)
{
	json_t *out = json_object();

	oc_json_put(out, "text", oc_json_new_str(oc_buf_view(&r->text)));
	json_object_set_new(out, "mediaUrl", json_null());
	return out;
}

static void print_ok(const struct infer *in)
{
	const struct oc_reply *r = &in->reply;

	if (!oc_args_has(in->args, "--json")) {
		printf("model.run via local\nprovider: %s\nmodel: %s\noutputs: 1\n",
		       in->target.provider->id, in->target.model_id);
		oc_print_text(oc_buf_view(&r->text));
		return;
	}
	json_t *o = json_object();
	oc_json_put(o, "ok", json_true());
	oc_json_put(o, "capability", json_string("model.run"));
	oc_json_put(o, "transport", json_string("local"));
	oc_json_put(o, "provider", json_string(in->target.provider->id));
	oc_json_put(o, "model", oc_json_new_str(oc_str(in->target.model_id)));
	oc_json_put(o, "attempts", json_array());
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
		else if (choose_model(&in))
			exit_code = run_model(&in);
	}
	if (exit_code == 0)
		print_ok(&in);
	else if (exit_code != 130)
		print_problem(&in);
out:
	oc_reply_deinit(&in.reply);
	oc_messages_deinit(&in.messages);
	oc_selection_deinit(&in.target);
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
