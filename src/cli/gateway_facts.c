/* Service unit, lock and log file of this machine's gateway, as they lie on disk. */
#include "cli/gateway_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "rt/file.h"
#include "rt/task.h"

enum { MAX_LOCK_FILE = 65536 };

static bool is_held(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) return false;
	bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

int64_t oc_gateway_owner(const struct oc_paths *p, json_t **record)
{
	char *path = oc_asprintf("%s/gateway.lock", p->state_dir);
	int64_t pid = 0;
	struct oc_buf text;

	if (record) *record = NULL;
	if (is_held(path) && oc_file_read(path, MAX_LOCK_FILE, &text, NULL) == OC_OK) {
		json_t *doc = oc_json_parse(oc_buf_view(&text), NULL, NULL);
		pid = oc_json_positive(doc, "pid");
		if (record) *record = json_incref(doc);
		json_decref(doc);
		oc_buf_deinit(&text);
	}
	free(path);
	return pid;
}

json_t *oc_gateway_service_facts(const struct oc_paths *p)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	char *folder = config && *config ? oc_strdup(config) : oc_asprintf("%s/.config", p->home);
	char *unit = oc_asprintf("%s/systemd/user/openclaw-gateway.service", folder);
	json_t *facts = json_object(), *record;
	int64_t pid = oc_gateway_owner(p, &record);

	oc_json_put(facts, "installed", json_boolean(oc_file_exists(unit)));
	oc_json_put(facts, "unit", oc_json_new_str(oc_str(unit)));
	if (pid) oc_json_put(facts, "pid", json_integer(pid));
	if (pid && json_object_get(record, "port"))
		oc_json_put(facts, "port", json_incref(json_object_get(record, "port")));
	json_decref(record);
	free(unit);
	free(folder);
	return facts;
}

char *oc_gateway_log_file(const struct oc_config *c)
{
	const json_t *file = oc_config_get(c, "logging.file");
	time_t now = (time_t)(oc_wall_ms() / 1000);
	struct tm day;
	char name[32];

	if (json_is_string(file) && *json_string_value(file)) {
		const char *path = json_string_value(file);
		if (path[0] == '~' && path[1] == '/')
			return oc_asprintf("%s%s", c->paths.home, path + 1);
		return oc_strdup(path);
	}
	localtime_r(&now, &day);
	strftime(name, sizeof name, "%Y-%m-%d", &day);
	return oc_asprintf("/tmp/openclaw/openclaw-%s.log", name);
}
