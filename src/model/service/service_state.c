/* The files, the health check and the configuration that a supervisor and the users of its server
 * share. */
#include "model/service/service_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/client/http_client.h"
#include "rt/file.h"
#include "json/json.h"

enum {
	DEFAULT_READY_MS = 120000, /* D78 */
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MAX_MS = 30000,
	HEALTH_TIMEOUT_MS = 2000,
	MAX_STATE_BYTES = 65536,
};

static const char *const phase_names[] = { "none", "starting", "running", "stopped", "failed" };

/* A provider id as a file name: what is not a plain letter becomes %XX, so two ids never share one.
 */
static char *file_stem(const char *provider)
{
	struct oc_buf b;

	oc_buf_init(&b, OC_MAX_PATH_CHARS);
	for (const char *p = provider; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' ||
			     *p == '_' || (*p == '.' && p != provider);
		if (plain)
			oc_buf_addc(&b, *p);
		else
			oc_buf_addf(&b, "%%%02X", (unsigned char)*p);
	}
	return oc_buf_take(&b);
}

static enum oc_rc read_ms(const struct oc_service *s, const char *key, int64_t fallback,
			  int64_t *out, struct oc_err *e)
{
	const json_t *v = json_object_get(s->config, key);

	*out = fallback;
	if (!v) return OC_OK;
	if (!json_is_number(v) || json_number_value(v) < 0 || json_number_value(v) > 1e12)
		return oc_fail(e, OC_E_INPUT,
			       "models.providers.%s.localService.%s: expected milliseconds",
			       s->provider, key);
	*out = (int64_t)json_number_value(v);
	return OC_OK;
}

static enum oc_rc read_config(struct oc_service *s, const struct oc_provider *p, struct oc_err *e)
{
	const char *health = oc_json_cstr(s->config, "healthUrl");
	enum oc_rc rc;

	s->command = oc_json_cstr(s->config, "command");
	if (!s->command || !*s->command)
		return oc_fail(
		    e, OC_E_INPUT,
		    "models.providers.%s.localService.command: set the program that starts the model server",
		    s->provider);
	if (!health && !p->base_url)
		return oc_fail(e, OC_E_INPUT,
			       "models.providers.%s.localService.healthUrl: set it, or set baseUrl",
			       s->provider);
	s->health_url = health ? oc_strdup(health) : oc_asprintf("%s/models", p->base_url);
	if ((rc = read_ms(s, "readyTimeoutMs", DEFAULT_READY_MS, &s->ready_timeout_ms, e)))
		return rc;
	return read_ms(s, "idleStopMs", 0, &s->idle_stop_ms, e);
}

enum oc_rc oc_service_init(struct oc_service *s, const struct oc_catalog *c,
			   const struct oc_provider *p, struct oc_err *e)
{
	char *stem;
	enum oc_rc rc;

	*s = (struct oc_service){ .provider = p->id, .allow_private = p->allow_private };
	s->config = p->entry ? json_object_get(p->entry, "localService") : NULL;
	if (!json_is_object(s->config))
		return oc_fail(e, OC_E_NOT_FOUND, "models.providers.%s has no localService", p->id);
	if ((rc = read_config(s, p, e))) {
		oc_service_deinit(s);
		return rc;
	}
	stem = file_stem(p->id);
	s->state_dir = oc_strdup(c->config->paths.state_dir);
	s->lock_path = oc_asprintf("%s/services/%s.lock", s->state_dir, stem);
	s->state_path = oc_asprintf("%s/services/%s.json", s->state_dir, stem);
	s->used_path = oc_asprintf("%s/services/%s.used", s->state_dir, stem);
	s->log_path = oc_asprintf("%s/services/%s.log", s->state_dir, stem);
	free(stem);
	return OC_OK;
}

void oc_service_deinit(struct oc_service *s)
{
	free(s->health_url);
	free(s->state_dir);
	free(s->lock_path);
	free(s->state_path);
	free(s->used_path);
	free(s->log_path);
	*s = (struct oc_service){ 0 };
}

/* ---- the state file ------------------------------------------------- */

static enum oc_service_phase phase_of(const json_t *o)
{
	const char *name = oc_json_cstr(o, "phase");

	for (size_t i = 0; name && i < sizeof phase_names / sizeof *phase_names; i++)
		if (!strcmp(name, phase_names[i])) return (enum oc_service_phase)i;
	return OC_SERVICE_NONE;
}

void oc_service_state_read(const struct oc_service *s, struct oc_service_state *out)
{
	struct oc_buf b = { 0 };
	const char *why;
	json_t *o;

	*out = (struct oc_service_state){ 0 };
	if (oc_file_read(s->state_path, MAX_STATE_BYTES, &b, NULL)) return;
	o = oc_json_parse(oc_buf_view(&b), NULL, NULL);
	oc_buf_deinit(&b);
	out->phase = phase_of(o);
	out->run = oc_json_int(o, "run", 0);
	out->failures = oc_json_int(o, "failures", 0);
	out->pid = oc_json_int(o, "pid", 0);
	out->started_ms = oc_json_int(o, "startedAtMs", 0);
	out->ended_ms = oc_json_int(o, "endedAtMs", 0);
	why = oc_json_cstr(o, "why");
	if (why) oc_fail(&out->why, OC_E_UPSTREAM, "%s", why);
	json_decref(o);
}

enum oc_rc oc_service_state_write(const struct oc_service *s, const struct oc_service_state *st,
				  struct oc_err *e)
{
	json_t *o = json_object();
	char *text;
	enum oc_rc rc;

	oc_json_put(o, "phase", json_string(phase_names[st->phase]));
	oc_json_put(o, "run", json_integer(st->run));
	oc_json_put(o, "failures", json_integer(st->failures));
	oc_json_put(o, "pid", json_integer(st->pid));
	oc_json_put(o, "startedAtMs", json_integer(st->started_ms));
	if (st->ended_ms) oc_json_put(o, "endedAtMs", json_integer(st->ended_ms));
	if (st->why.rc) oc_json_put(o, "why", oc_json_new_str(oc_str(st->why.msg)));
	text = oc_json_pretty(o);
	json_decref(o);
	rc = oc_file_write(s->state_path, oc_str(text), 0600, NULL, e);
	free(text);
	return rc;
}

int64_t oc_service_backoff_ms(const struct oc_service_state *st, int64_t wall_ms)
{
	int64_t pause, since = wall_ms - st->ended_ms;

	if (st->phase != OC_SERVICE_FAILED || st->failures <= 0) return 0;
	pause = st->failures > 5 ? BACKOFF_MAX_MS : BACKOFF_FIRST_MS << (st->failures - 1);
	/* A clock that was set back must not turn the pause into hours. */
	if (since < 0 || since >= pause) return 0;
	return pause - since;
}

/* ---- health ---------------------------------------------------------- */

/* A server that asks for a key is up. */
static bool is_well(int status)
{
	return (status >= 200 && status < 300) || status == 401 || status == 403;
}

enum oc_rc oc_service_health_wait(const struct oc_service *s, enum oc_service_health *out,
				  struct oc_err *detail)
{
	struct oc_err scratch = { 0 }, *e = detail ? detail : &scratch;
	struct oc_guard guard = { 0 };
	struct oc_strv none = { 0 };
	struct oc_http *h = NULL;
	enum oc_rc rc = oc_guard_init(&guard, oc_str(s->health_url), s->allow_private, e);

	if (rc) {
		oc_wrap(e, "models.providers.%s.localService.healthUrl", s->provider);
		return OC_E_INPUT;
	}
	struct oc_http_request req = {
		.method = "GET",
		.url = s->health_url,
		.guard = &guard,
		.headers = &none,
		.context = "model server health",
		.connect_timeout_ms = HEALTH_TIMEOUT_MS,
		.idle_timeout_ms = HEALTH_TIMEOUT_MS,
	};

	*out = OC_SERVICE_DOWN;
	rc = oc_http_open_wait(&req, oc_deadline_in(HEALTH_TIMEOUT_MS), &h, NULL, e);
	if (!rc) {
		*out = is_well(oc_http_status(h)) ? OC_SERVICE_UP : OC_SERVICE_LOADING;
		if (*out == OC_SERVICE_LOADING)
			oc_fail(e, OC_E_UPSTREAM, "HTTP status %d", oc_http_status(h));
	}
	oc_http_close(h);
	oc_guard_deinit(&guard);
	return rc == OC_E_DENIED || rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- the last use ---------------------------------------------------- */

int oc_service_use(const struct oc_service *s, bool exclusive)
{
	int fd = open(s->used_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) return OC_SERVICE_NO_FILE;
	if (!flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB)) return fd;
	close(fd);
	return OC_SERVICE_TAKEN;
}

void oc_service_stamp(int used_fd)
{
	/* A stamp that cannot be set means an earlier stop, and the next request starts the server
	 * again. */
	(void)!futimens(used_fd, NULL);
}

int64_t oc_service_idle_ms(int used_fd, int64_t wall_ms)
{
	struct stat st;

	if (fstat(used_fd, &st)) return 0;
	return wall_ms - ((int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
}
