#include "log.h"

#include <stdio.h>
#include <string.h>

#include "base/visible.h"

static const char *const names[] = { "error", "warn", "info", "debug" };
static enum oc_log_level threshold = OC_LOG_WARN;
static oc_log_sink_fn *sink;
static void *sink_arg;

void oc_log_set_level(enum oc_log_level level)
{
	threshold = level;
}

void oc_log_set_sink(oc_log_sink_fn *fn, void *arg)
{
	sink = fn;
	sink_arg = arg;
}

bool oc_log_on(enum oc_log_level level)
{
	return level <= threshold;
}

bool oc_log_parse_level(const char *name, enum oc_log_level *out)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) != 0) continue;
		*out = (enum oc_log_level)i;
		return true;
	}
	return false;
}

/* One message is one line, whatever a server put into it. */
static void make_one_line(char *line)
{
	for (char *c = line; *c; c++)
		if (*c == '\n' || *c == '\t') *c = ' ';
}

static void hand_over(enum oc_log_level level, const char *subsystem, char *line)
{
	oc_visible_mend(line);
	sink(sink_arg, level, subsystem, line);
}

void oc_log(enum oc_log_level level, const char *subsystem, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	if (!oc_log_on(level)) return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	make_one_line(line);
	if (sink)
		hand_over(level, subsystem, line);
	else
		oc_visible_printf(stderr, "%s %s: %s\n", names[level], subsystem, line);
}

void oc_log_tell(const char *subsystem, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	make_one_line(line);
	if (!sink)
		oc_visible_printf(stderr, "%s\n", line);
	else if (oc_log_on(OC_LOG_INFO))
		hand_over(OC_LOG_INFO, subsystem, line);
}
