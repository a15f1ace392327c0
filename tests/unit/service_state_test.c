/* What a supervisor and the users of its server agree on: configuration, state file, back-off, the
 * lock of the last use. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/service/service_state.h"
#include "rt/file.h"

struct fixture {
	char dir[64];
	struct oc_config config;
	struct oc_catalog catalog;
	struct oc_provider provider;
	json_t *entry;
};

static struct fixture *begin(const char *id, const char *service)
{
	struct fixture *f = oc_new(struct fixture);

	snprintf(f->dir, sizeof f->dir, "/tmp/oc-service-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->config.paths.state_dir = f->dir;
	f->catalog.config = &f->config;
	f->entry = json_pack("{s:o}", "localService", json_loads(service, 0, NULL));
	f->provider = (struct oc_provider){ .id = oc_strdup(id),
					    .base_url = oc_strdup("http://127.0.0.1:9/v1"),
					    .entry = f->entry };
	return f;
}

static void end(struct fixture *f, struct oc_service *s)
{
	if (s->state_path) {
		unlink(s->state_path);
		unlink(s->used_path);
	}
	oc_service_deinit(s);
	char *services = oc_asprintf("%s/services", f->dir);
	rmdir(services);
	assert_int_equal(rmdir(f->dir), 0);
	free(services);
	json_decref(f->entry);
	free(f->provider.id);
	free(f->provider.base_url);
	free(f);
}

static void configuration_is_read_with_its_defaults(void **state)
{
	struct fixture *f = begin("starter", "{\"command\":\"serve\"}");
	struct oc_service s;
	(void)state;

	assert_int_equal(oc_service_init(&s, &f->catalog, &f->provider, NULL), OC_OK);
	assert_string_equal(s.command, "serve");
	assert_string_equal(s.health_url, "http://127.0.0.1:9/v1/models");
	assert_int_equal(s.ready_timeout_ms, 120000);
	assert_int_equal(s.idle_stop_ms, 0);
	assert_non_null(strstr(s.lock_path, "/services/starter.lock"));
	end(f, &s);
}

static const struct {
	const char *name, *service;
	enum oc_rc rc;
	const char *word;
} bad[] = {
	{ "no block", "null", OC_E_NOT_FOUND, "no localService" },
	{ "no command", "{}", OC_E_INPUT, "models.providers.p.localService.command" },
	{ "empty command", "{\"command\":\"\"}", OC_E_INPUT, "localService.command" },
	{ "time as text", "{\"command\":\"x\",\"readyTimeoutMs\":\"1\"}", OC_E_INPUT,
	  "readyTimeoutMs" },
	{ "negative time", "{\"command\":\"x\",\"idleStopMs\":-1}", OC_E_INPUT, "idleStopMs" },
	{ "endless time", "{\"command\":\"x\",\"idleStopMs\":1e300}", OC_E_INPUT, "idleStopMs" },
};

static void unusable_configuration_names_the_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fixture *f = begin("p", bad[i].service);
		struct oc_err e = { 0 };
		struct oc_service s;

		if (oc_service_init(&s, &f->catalog, &f->provider, &e) != bad[i].rc ||
		    !strstr(e.msg, bad[i].word))
			fail_msg("%s: %s", bad[i].name, e.msg);
		end(f, &s);
	}
}

static void a_provider_id_cannot_leave_the_folder(void **state)
{
	struct fixture *f = begin("../a/b", "{\"command\":\"x\"}");
	struct oc_service s;
	(void)state;

	assert_int_equal(oc_service_init(&s, &f->catalog, &f->provider, NULL), OC_OK);
	assert_non_null(strstr(s.lock_path, "/services/%2E.%2Fa%2Fb.lock"));
	end(f, &s);
}

static void a_state_reads_back_as_it_was_written(void **state)
{
	struct fixture *f = begin("p", "{\"command\":\"x\"}");
	struct oc_service_state in = { .phase = OC_SERVICE_FAILED,
				       .run = 7,
				       .failures = 3,
				       .pid = 42,
				       .started_ms = 1700000000123,
				       .ended_ms = 1700000000999 };
	struct oc_service_state out;
	struct oc_service s;
	(void)state;

	assert_int_equal(oc_service_init(&s, &f->catalog, &f->provider, NULL), OC_OK);
	oc_service_state_read(&s, &out);
	assert_int_equal(out.phase, OC_SERVICE_NONE);
	assert_int_equal(out.run, 0);

	oc_fail(&in.why, OC_E_UPSTREAM, "ended with \"1\" \xff");
	assert_int_equal(oc_service_state_write(&s, &in, NULL), OC_OK);
	oc_service_state_read(&s, &out);
	assert_int_equal(out.phase, in.phase);
	assert_int_equal(out.run, in.run);
	assert_int_equal(out.failures, in.failures);
	assert_int_equal(out.pid, in.pid);
	assert_int_equal(out.started_ms, in.started_ms);
	assert_int_equal(out.ended_ms, in.ended_ms);
	assert_string_equal(out.why.msg, "ended with \"1\" \xef\xbf\xbd");

	assert_int_equal(oc_file_write(s.state_path, OC_LIT("{\"phase\":"), 0600, NULL, NULL),
			 OC_OK);
	oc_service_state_read(&s, &out);
	assert_int_equal(out.phase, OC_SERVICE_NONE);
	end(f, &s);
}

static const struct {
	enum oc_service_phase phase;
	int64_t failures, since_ms, want_ms;
} pauses[] = {
	{ OC_SERVICE_NONE, 0, 0, 0 },	       { OC_SERVICE_FAILED, 0, 0, 0 },
	{ OC_SERVICE_FAILED, 1, 0, 1000 },     { OC_SERVICE_FAILED, 1, 400, 600 },
	{ OC_SERVICE_FAILED, 1, 1000, 0 },     { OC_SERVICE_FAILED, 2, 0, 2000 },
	{ OC_SERVICE_FAILED, 5, 0, 16000 },    { OC_SERVICE_FAILED, 6, 0, 30000 },
	{ OC_SERVICE_FAILED, 4000, 0, 30000 }, { OC_SERVICE_STOPPED, 3, 0, 0 },
	{ OC_SERVICE_FAILED, 3, -60000, 0 }, /* the clock was set back */
};

static void the_pause_doubles_with_each_failure_up_to_half_a_minute(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		struct oc_service_state st = { .phase = pauses[i].phase,
					       .failures = pauses[i].failures,
					       .ended_ms = 1000000 };
		assert_int_equal(oc_service_backoff_ms(&st, 1000000 + pauses[i].since_ms),
				 pauses[i].want_ms);
	}
}

static void many_use_a_server_and_one_may_stop_it(void **state)
{
	struct fixture *f = begin("p", "{\"command\":\"x\"}");
	struct oc_service s;
	char *folder;
	(void)state;

	assert_int_equal(oc_service_init(&s, &f->catalog, &f->provider, NULL), OC_OK);
	assert_int_equal(oc_service_use(&s, false), OC_SERVICE_NO_FILE);
	folder = oc_asprintf("%s/services", f->dir);
	assert_int_equal(oc_mkdirs(folder, NULL), OC_OK);
	free(folder);
	int a = oc_service_use(&s, false), b = oc_service_use(&s, false);
	assert_true(a >= 0 && b >= 0);
	assert_int_equal(oc_service_use(&s, true), OC_SERVICE_TAKEN);
	close(a);
	assert_int_equal(oc_service_use(&s, true), OC_SERVICE_TAKEN);
	close(b);
	int stopping = oc_service_use(&s, true);
	assert_true(stopping >= 0);
	assert_int_equal(oc_service_use(&s, false), OC_SERVICE_TAKEN);
	oc_service_stamp(stopping);
	assert_in_range(oc_service_idle_ms(stopping, oc_wall_ms()) + 1000, 0, 11000);
	close(stopping);
	end(f, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration_is_read_with_its_defaults),
		cmocka_unit_test(unusable_configuration_names_the_key),
		cmocka_unit_test(a_provider_id_cannot_leave_the_folder),
		cmocka_unit_test(a_state_reads_back_as_it_was_written),
		cmocka_unit_test(the_pause_doubles_with_each_failure_up_to_half_a_minute),
		cmocka_unit_test(many_use_a_server_and_one_may_stop_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
