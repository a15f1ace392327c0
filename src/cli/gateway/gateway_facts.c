/* Service unit, lock and log file of this machine's gateway, as they lie on disk. */
#include "cli/gateway/gateway_facts.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "gateway/process/lock.h"
#include "rt/file.h"
#include "rt/task.h"

json_t *oc_gateway_service_facts(const struct oc_paths *p)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	char *folder = config && *config ? oc_strdup(config) : oc_asprintf("%s/.config", p->home);
	char *unit = oc_asprintf("%s/systemd/user/openclaw-gateway.service", folder);
	json_t *facts = json_object();
	struct oc_gateway_owner owner;

	oc_json_put(facts, "installed", json_boolean(oc_file_exists(unit)));
	oc_json_put(facts, "unit", oc_json_new_str(oc_str(unit)));
	if (oc_gateway_owner(p->state_dir, &owner)) {
		oc_json_put(facts, "pid", json_integer(owner.pid));
		oc_json_put(facts, "port", json_integer(owner.port));
		oc_json_put(facts, "startedAt", json_integer(owner.started_ms));
	}
	free(unit);
	free(folder);
	return facts;
}

char *oc_gateway_log_file(const struct oc_config *c)
{
	const json_t *file = oc_config_get(c, "logging.file");
	time_t now = (time_t)(oc_wall_ms() / 1000);
	struct tm day;
	struct stat st;
	char name[32];

	if (json_is_string(file) && *json_string_value(file)) {
		const char *path = json_string_value(file);
		if (path[0] == '~' && path[1] == '/')
			return oc_asprintf("%s%s", c->paths.home, path + 1);
		return oc_strdup(path);
	}
	localtime_r(&now, &day);
	strftime(name, sizeof name, "%Y-%m-%d", &day);
	if (stat("/tmp/openclaw", &st) != 0 || st.st_uid == geteuid())
		return oc_asprintf("/tmp/openclaw/openclaw-%s.log", name);
	return oc_asprintf("/tmp/openclaw-%u/openclaw-%s.log", (unsigned)geteuid(), name);
}
