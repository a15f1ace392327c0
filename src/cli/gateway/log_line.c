/* Lines of the log file, read leniently: other versions of the gateway write them too. */
#include "cli/gateway/log_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/visible.h"

enum { MAX_MESSAGE = 65536 };

struct parts {
	const char *time, *level, *message;
	char *subsystem; /* owned */
};

/* "0" is {"subsystem":"gateway"} written as a string, or a bare name. */
static char *subsystem_of(const json_t *entry)
{
	const char *text = oc_json_cstr(entry, "0");
	json_t *inner = text && *text == '{' ? oc_json_parse(oc_str(text), NULL, NULL) : NULL;
	const char *name = oc_json_cstr(inner, "subsystem");
	char *out = oc_strdup(name ? name : text && !inner ? text : "");

	json_decref(inner);
	return out;
}

static void read_parts(const json_t *entry, struct parts *p)
{
	const json_t *meta = json_object_get(entry, "_meta");

	*p = (struct parts){ .time = oc_json_cstr(entry, "time"),
			     .level = oc_json_cstr(meta, "logLevelName"),
			     .message = oc_json_cstr(entry, "1"),
			     .subsystem = subsystem_of(entry) };
	if (!p->time) p->time = oc_json_cstr(meta, "date");
	if (!p->message) p->message = oc_json_cstr(entry, "message");
	if (!p->message) p->message = "";
	if (!p->level) p->level = "INFO";
}

/* "2026-11-21T18:04:05.123Z" in the zone that is wanted; another form stays. */
static void add_time(const char *text, bool utc, struct oc_buf *out)
{
	struct tm t = { 0 };
	char shown[40];
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &t) : NULL;

	if (!rest) {
		oc_visible_add(out, oc_str(text), sizeof shown);
		return;
	}
	const char *zone = rest + strspn(rest, ".0123456789");
	time_t seconds = timegm(&t);
	if ((*zone == '+' || *zone == '-') && strlen(zone) >= 6) {
		int sign = *zone == '-' ? 1 : -1;
		seconds += sign * (((zone[1] - '0') * 10 + zone[2] - '0') * 3600 +
				   ((zone[4] - '0') * 10 + zone[5] - '0') * 60);
	}
	if (utc)
		gmtime_r(&seconds, &t);
	else
		localtime_r(&seconds, &t);
	strftime(shown, sizeof shown, utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S%z", &t);
	oc_buf_adds(out, shown);
}

static const char *colour_of(const char *level)
{
	static const struct {
		const char *level, *code;
	} rows[] = { { "ERROR", "\033[31m" },
		     { "FATAL", "\033[31m" },
		     { "WARN", "\033[33m" },
		     { "DEBUG", "\033[2m" },
		     { "TRACE", "\033[2m" } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (oc_str_ieq(oc_str(rows[i].level), oc_str(level))) return rows[i].code;
	return "";
}

void oc_log_line_text(struct oc_str line, const struct oc_log_style *style, struct oc_buf *out)
{
	json_t *entry = oc_json_parse(line, NULL, NULL);
	struct parts p;

	if (!json_is_object(entry)) {
		oc_visible_add(out, line, MAX_MESSAGE);
		json_decref(entry);
		return;
	}
	read_parts(entry, &p);
	const char *code = style->colour ? colour_of(p.level) : "";
	add_time(p.time, style->utc, out);
	oc_buf_addf(out, " %s", code);
	for (const char *c = p.level; *c; c++)
		oc_buf_addc(out, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
	oc_buf_adds(out, *code ? "\033[0m " : " ");
	if (*p.subsystem) {
		oc_visible_add(out, oc_str(p.subsystem), 80);
		oc_buf_addc(out, ' ');
	}
	oc_visible_add(out, oc_str(p.message), MAX_MESSAGE);
	free(p.subsystem);
	json_decref(entry);
}

json_t *oc_log_line_json(struct oc_str line)
{
	json_t *entry = oc_json_parse(line, NULL, NULL), *out = json_object();
	struct parts p;

	oc_json_put(out, "type", json_string("log"));
	if (json_is_object(entry)) {
		read_parts(entry, &p);
		if (p.time) oc_json_put(out, "time", oc_json_new_str(oc_str(p.time)));
		oc_json_put(out, "level", oc_json_new_str(oc_str(p.level)));
		if (*p.subsystem)
			oc_json_put(out, "subsystem", oc_json_new_str(oc_str(p.subsystem)));
		oc_json_put(out, "message", oc_json_new_str(oc_str(p.message)));
		free(p.subsystem);
	} else
		oc_json_put(out, "message", oc_json_new_str(line));
	oc_json_put(out, "raw", oc_json_new_str(line));
	json_decref(entry);
	return out;
}
