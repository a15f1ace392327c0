/*
 * The sink of the log. Its files are in a folder that only we may enter; what others put there
 * under our names (links, foreign folders) is not used. A line that cannot be written is lost: the
 * gateway does not stop for it.
 */
#include "gateway/process/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "rt/file.h"
#include "rt/task.h"
#include "json/json.h"

enum { ROTATED = 5, DEFAULT_MAX_BYTES = 100000000, STAMP = 40, NOTHING = -1, SHORTEST_SECRET = 6 };
enum style { PRETTY, JSON };

static struct {
	int console_level, file_level; /* enum oc_log_level, or NOTHING */
	enum style style;
	char *forced_level; /* of the command line */
	char *fixed_path;   /* logging.file; NULL = one a day */
	char *path;
	int fd;
	int day; /* of path, as YYYYMMDD */
	int64_t size, max_bytes;
	char *secret;
	char host[65];
} logs = { .fd = -1 };

/* ---- levels ---- */

static int level_of(const char *name, int dflt)
{
	static const struct {
		const char *name;
		int level;
	} rows[] = {
		{ "silent", NOTHING },	   { "fatal", OC_LOG_ERROR }, { "error", OC_LOG_ERROR },
		{ "warn", OC_LOG_WARN },   { "info", OC_LOG_INFO },   { "debug", OC_LOG_DEBUG },
		{ "trace", OC_LOG_DEBUG },
	};

	for (size_t i = 0; name && i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].name, name)) return rows[i].level;
	return dflt;
}

static void set_levels(const json_t *o)
{
	int level = level_of(oc_json_cstr(o, "level"), OC_LOG_INFO);
	const char *console =
	    logs.forced_level ? logs.forced_level : oc_json_cstr(o, "consoleLevel");

	logs.file_level = level;
	logs.console_level = level_of(console, level);
	int most = logs.console_level > level ? logs.console_level : level;
	oc_log_set_level(most == NOTHING ? OC_LOG_ERROR : (enum oc_log_level)most);
}

/* ---- time ---- */

static void stamp(char out[STAMP], const char *zone)
{
	int64_t ms = oc_wall_ms();
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	size_t n = strftime(out, STAMP, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, STAMP - n, ".%03d%s", (int)(ms % 1000), zone);
}

static int today(struct tm *tm)
{
	time_t seconds = (time_t)(oc_wall_ms() / 1000);

	localtime_r(&seconds, tm);
	return (tm->tm_year + 1900) * 10000 + (tm->tm_mon + 1) * 100 + tm->tm_mday;
}

/* ---- the file ---- */

/* /tmp belongs to everybody: only a folder of ours is used. */
static bool is_ours(const char *folder)
{
	struct stat st;

	if (mkdir(folder, 0700) != 0 && errno != EEXIST) return false;
	if (lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid()) return false;
	return (st.st_mode & 0777) == 0700 || chmod(folder, 0700) == 0;
}

static char *daily_path(void)
{
	struct tm tm;
	char day[16], own[64];
	const char *folder = "/tmp/openclaw";

	logs.day = today(&tm);
	strftime(day, sizeof day, "%Y-%m-%d", &tm);
	if (!is_ours(folder)) {
		snprintf(own, sizeof own, "/tmp/openclaw-%u", (unsigned)geteuid());
		folder = own;
		if (!is_ours(folder)) return NULL;
	}
	return oc_asprintf("%s/openclaw-%s.log", folder, day);
}

static void close_file(void)
{
	if (logs.fd >= 0) close(logs.fd);
	logs.fd = -1;
	free(logs.path);
	logs.path = NULL;
}

static void make_folder(const char *path)
{
	char *folder = oc_folder_of(path);

	(void)!oc_mkdirs(folder, NULL);
	free(folder);
}

static enum oc_rc open_file(struct oc_err *e)
{
	struct stat st;

	close_file();
	logs.path = logs.fixed_path ? oc_strdup(logs.fixed_path) : daily_path();
	if (!logs.path)
		return oc_fail(e, OC_E_SYS, "/tmp/openclaw cannot be used for the log file");
	make_folder(logs.path);
	logs.fd = open(logs.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (logs.fd < 0 || fstat(logs.fd, &st) != 0) {
		oc_fail(e, OC_E_SYS, "%s: %s", logs.path, strerror(errno));
		close_file();
		return OC_E_SYS;
	}
	(void)!fchmod(logs.fd, 0600);
	logs.size = st.st_size;
	return OC_OK;
}

static void rotate(void)
{
	char *path = oc_strdup(logs.path);

	for (int i = ROTATED - 1; i >= 0; i--) {
		char *from = i ? oc_asprintf("%s.%d", path, i) : oc_strdup(path);
		char *to = oc_asprintf("%s.%d", path, i + 1);
		rename(from, to);
		free(from);
		free(to);
	}
	free(path);
	(void)!open_file(NULL);
}

static void write_file(struct oc_str line)
{
	struct tm tm;

	if (logs.fd >= 0 && !logs.fixed_path && today(&tm) != logs.day) (void)!open_file(NULL);
	if (logs.fd >= 0 && logs.size && logs.size + (int64_t)line.n > logs.max_bytes) rotate();
	if (logs.fd < 0) return;
	ssize_t n = write(logs.fd, line.p, line.n);
	if (n > 0) logs.size += n;
}

/* ---- lines ---- */

static void json_line(enum oc_log_level level, const char *subsystem, const char *text,
		      struct oc_buf *out)
{
	static const struct {
		int id;
		const char *name;
	} levels[] = { { 5, "ERROR" }, { 4, "WARN" }, { 3, "INFO" }, { 2, "DEBUG" } };
	char zulu[STAMP], time[STAMP], name[160];

	stamp(zulu, "Z");
	stamp(time, "+00:00");
	snprintf(name, sizeof name, "{\"subsystem\":\"%s\"}", subsystem);
	json_t *v = json_pack("{s:s, s:o, s:{s:s, s:s, s:s, s:s, s:i, s:s}, s:s, s:s, s:o}", "0",
			      name, "1", oc_json_new_str(oc_str(text)), "_meta", "runtime", "c",
			      "hostname", logs.host, "name", name, "date", zulu, "logLevelId",
			      levels[level].id, "logLevelName", levels[level].name, "time", time,
			      "hostname", logs.host, "message", oc_json_new_str(oc_str(text)));
	char *line = oc_json_compact(v);
	oc_buf_addf(out, "%s\n", line);
	free(line);
	json_decref(v);
}

/* Copies the message without the gateway's secret. */
static char *cleaned(const char *text)
{
	struct oc_str in = oc_str(text), secret = oc_str(logs.secret);
	struct oc_buf out;
	size_t at = 0, found;

	/* A shorter one would be found in ordinary words. */
	if (secret.n < SHORTEST_SECRET) return oc_strdup(text);
	oc_buf_init(&out, 65536);
	while ((found = oc_str_find(in, secret, at)) != SIZE_MAX) {
		oc_buf_add(&out, (struct oc_str){ in.p + at, found - at });
		oc_buf_adds(&out, "***");
		at = found + secret.n;
	}
	oc_buf_add(&out, oc_str_from(in, at));
	return oc_buf_take(&out);
}

static void sink(void *arg, enum oc_log_level level, const char *subsystem, const char *message)
{
	char *text = cleaned(message);
	struct oc_buf line;
	char when[STAMP];

	(void)arg;
	oc_buf_init(&line, 65536);
	bool to_file = logs.fd >= 0 && (int)level <= logs.file_level;
	bool to_console = (int)level <= logs.console_level;
	if (to_file || logs.style == JSON) json_line(level, subsystem, text, &line);
	if (to_file) write_file(oc_buf_view(&line));
	if (to_console && logs.style == PRETTY) {
		stamp(when, "+00:00");
		oc_buf_clear(&line);
		oc_buf_addf(&line, "%s [%s] %s%s\n", when, subsystem,
			    level == OC_LOG_ERROR  ? "error: "
			    : level == OC_LOG_WARN ? "warning: "
						   : "",
			    text);
	}
	if (to_console) (void)!write(STDERR_FILENO, line.p, line.n);
	oc_buf_deinit(&line);
	free(text);
}

/* ---- settings ---- */

static char *expanded(const struct oc_config *c, const char *path)
{
	if (!path || !*path) return NULL;
	if (path[0] == '~' && (path[1] == '/' || !path[1]))
		return oc_asprintf("%s%s", c->paths.home, path + 1);
	return oc_strdup(path);
}

static bool differ(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static enum oc_rc configure(const struct oc_config *c, struct oc_err *e)
{
	const json_t *o = oc_config_get(c, "logging");
	const char *style = oc_json_cstr(o, "consoleStyle");
	char *path = expanded(c, oc_json_cstr(o, "file"));
	int64_t max = oc_json_positive(o, "maxFileBytes");
	bool moved = logs.fd < 0 || differ(path, logs.fixed_path);

	free(logs.fixed_path);
	logs.fixed_path = path;
	logs.max_bytes = max ? max : DEFAULT_MAX_BYTES;
	logs.style = style && !strcmp(style, "json") ? JSON : PRETTY;
	set_levels(o);
	return moved ? open_file(e) : OC_OK;
}

enum oc_rc oc_logs_start(const struct oc_config *c, const char *level, struct oc_err *e)
{
	if (gethostname(logs.host, sizeof logs.host - 1) != 0) logs.host[0] = '\0';
	logs.forced_level = level ? oc_strdup(level) : NULL;
	enum oc_rc rc = configure(c, e);
	oc_log_set_sink(sink, NULL);
	return rc;
}

void oc_logs_configure(const struct oc_config *c)
{
	struct oc_err e = { 0 };

	if (configure(c, &e)) oc_log(OC_LOG_WARN, "gateway", "log file: %s", e.msg);
}

void oc_logs_hide(const char *secret)
{
	oc_free_secret(logs.secret);
	logs.secret = secret ? oc_strdup(secret) : NULL;
}

const char *oc_logs_file(void)
{
	return logs.path;
}

void oc_logs_stop(void)
{
	oc_log_set_sink(NULL, NULL);
	oc_logs_hide(NULL);
	close_file();
	free(logs.fixed_path);
	free(logs.forced_level);
	logs.fixed_path = logs.forced_level = NULL;
}
