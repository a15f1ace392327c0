/* `openclaw doctor`: runs the checks and reports. */
#include "cli/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/print.h"
#include "rt/tty.h"

enum { MAX_TEXT = 1000 };

const struct oc_option oc_doctor_options[] = {
	{ .name = "--fix", .help = "Mend what can be mended" },
	{ .name = "--repair", .help = "Same as --fix", .hidden = true },
	{ .name = "--non-interactive", .help = "Ask nothing" },
	{ .name = "--yes", .help = "Agree to every change", .hidden = true },
	{ .name = "--lint", .help = "Only look; exit 1 when there is anything to mend" },
	{ .name = "--deep", .help = "Check what takes longer as well" },
	{ .name = "--generate-gateway-token", .help = "Make a token for the gateway" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static const struct oc_check *const groups[] = { oc_checks_config, oc_checks_state, oc_checks_model,
						 oc_checks_gateway };
static const char *const severities[] = { "info", "warning", "error" };

/* ---- findings ---- */

void oc_doctor_find(struct oc_doctor *d, const struct oc_check *check, enum oc_severity severity,
		    const char *path, const char *hint, const char *fmt, ...)
{
	char message[MAX_TEXT];
	json_t *f = json_object();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	oc_json_put(f, "checkId", json_string(check->id));
	oc_json_put(f, "severity", json_string(severities[severity]));
	oc_json_put(f, "message", oc_json_new_str(oc_str(message)));
	if (path) oc_json_put(f, "path", oc_json_new_str(oc_str(path)));
	if (hint) oc_json_put(f, "fixHint", oc_json_new_str(oc_str(hint)));
	json_array_append_new(d->findings, f);
	d->errors += severity == OC_SEVERITY_ERROR;
	d->warnings += severity == OC_SEVERITY_WARNING;
}

void oc_doctor_fixed(struct oc_doctor *d, const struct oc_check *check, const char *fmt, ...)
{
	char message[MAX_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	json_array_append_new(d->fixed, json_pack("{s:s,s:o}", "checkId", check->id, "message",
						  oc_json_new_str(oc_str(message))));
}

bool oc_doctor_may_wait(struct oc_doctor *d, const char *question)
{
	struct oc_buf answer;
	bool yes;

	if (!d->fix) return false;
	if (!d->ask) return true;
	oc_buf_init(&answer, 4096);
	char *prompt = oc_asprintf("%s [y/N] ", question);
	yes = oc_tty_ask_wait(prompt, false, &answer) == OC_OK &&
	      oc_str_istarts(oc_str_trim(oc_buf_view(&answer)), OC_LIT("y"));
	free(prompt);
	oc_buf_deinit(&answer);
	return yes;
}

/* ---- the report ---- */

static void print_json_report(const struct oc_doctor *d)
{
	json_t *doc = json_pack("{s:i,s:b,s:I,s:I,s:O,s:O}", "schemaVersion", 1, "ok",
				d->errors == 0, "checksRun", (json_int_t)d->run, "checksSkipped",
				(json_int_t)d->skipped, "findings", d->findings, "fixed", d->fixed);

	oc_print_json(doc);
	json_decref(doc);
}

static void print_finding(const json_t *f)
{
	static const char *const marks[] = { "·", "!", "✗" };
	static const char *const colours[] = { "\033[2m", "\033[33m", "\033[31m" };
	const char *severity = oc_json_cstr(f, "severity"), *hint = oc_json_cstr(f, "fixHint");
	size_t at = 0;

	while (at < 2 && strcmp(severities[at], severity) != 0) at++;
	bool colour = oc_print_colour();
	printf("%s%s%s ", colour ? colours[at] : "", marks[at], colour ? "\033[0m" : "");
	oc_visible_printf(stdout, "%s\n", oc_json_cstr(f, "message"));
	if (hint) oc_visible_printf(stdout, "    %s\n", hint);
}

static void print_report(const struct oc_doctor *d)
{
	const json_t *f;
	size_t i;

	json_array_foreach (d->fixed, i, f)
		oc_visible_printf(stdout, "✓ fixed: %s\n", oc_json_cstr(f, "message"));
	json_array_foreach (d->findings, i, f) print_finding(f);
	printf("%zu checks, %u error%s, %u warning%s\n", d->run, d->errors,
	       d->errors == 1 ? "" : "s", d->warnings, d->warnings == 1 ? "" : "s");
	if ((d->errors || d->warnings) && !d->fix)
		puts("Mend what can be mended: openclaw doctor --fix");
}

/* ---- the command ---- */

static enum oc_rc run_group_wait(struct oc_doctor *d, const struct oc_check *check)
{
	for (; check->id; check++) {
		if ((check->deep && !d->deep) || (check->needs_config && !d->config_readable)) {
			d->skipped++;
			continue;
		}
		d->run++;
		enum oc_rc rc = check->run_wait(d, check);
		if (rc) return rc;
	}
	return OC_OK;
}

int oc_cmd_doctor(struct oc_args *a)
{
	bool lint = oc_args_has(a, "--lint");
	struct oc_doctor d = { .args = a, .deep = oc_args_has(a, "--deep") };
	enum oc_rc rc = OC_OK;

	d.fix = !lint && (oc_args_has(a, "--fix") || oc_args_has(a, "--repair"));
	d.ask = oc_tty_interactive() && !oc_args_has(a, "--non-interactive") &&
		!oc_args_has(a, "--yes") && !oc_args_has(a, "--json");
	d.findings = json_array();
	d.fixed = json_array();
	d.config_readable = oc_config_load(&d.config, &d.config_problem) == OC_OK;
	for (size_t i = 0; !rc && i < sizeof groups / sizeof *groups; i++)
		rc = run_group_wait(&d, groups[i]);
	if (!rc && oc_args_has(a, "--json"))
		print_json_report(&d);
	else if (!rc)
		print_report(&d);
	json_decref(d.findings);
	json_decref(d.fixed);
	oc_config_deinit(&d.config);
	if (rc) return 130;
	return d.errors > 0 || (lint && d.warnings > 0);
}
