/*
 * The refresh service against a small server in a child process: what it asks, what it writes, and
 * what it leaves alone. Where nothing but time passes the clock is a virtual one.
 */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "catalog_fixture.h"
#include "model/provider/refresh_service.h"
#include "rt/clock.h"

#define FILE_NAME ".openclaw/agents/main/agent/models.json"
#define OK	  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"

/* What the server answers and saw; shared with the child. */
struct shared {
	char list[4 << 20], native[4096]; /* whole answers, head included */
	size_t flood;			  /* bytes of filler after the list's head */
	unsigned hold_ms;
	int lists, natives;
	char authorization[128];
};
static struct shared *server;
static pid_t server_pid;
static unsigned port;

static void send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);
		if (k <= 0) return;
		p += k;
		n -= (size_t)k;
	}
}

static void note_key(const char *request)
{
	const char *line = strcasestr(request, "\r\nAuthorization: ");

	server->authorization[0] = '\0';
	if (line)
		snprintf(server->authorization, sizeof server->authorization, "%.*s",
			 (int)strcspn(line + 17, "\r"), line + 17);
}

static void serve(int fd)
{
	static char filler[65536];
	/* A stranger that connects and says nothing must not keep the service waiting. */
	const struct timeval patience = { .tv_usec = 500000 };
	char request[4096];
	size_t n = 0;
	ssize_t k;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	while (n < sizeof request - 1 && (k = read(fd, request + n, sizeof request - 1 - n)) > 0) {
		n += (size_t)k;
		request[n] = '\0';
		if (strstr(request, "\r\n\r\n")) break;
	}
	if (n == 0) {
		close(fd);
		return;
	}
	note_key(request);
	bool native = strstr(request, "/api/v1/models") != NULL;
	native ? server->natives++ : server->lists++;
	if (server->hold_ms) usleep(server->hold_ms * 1000);
	const char *answer = native ? server->native : server->list;
	send_all(fd, answer, strlen(answer));
	memset(filler, ' ', sizeof filler);
	for (size_t i = 0; !native && i < server->flood; i += sizeof filler)
		send_all(fd, filler, sizeof filler);
	close(fd);
}

static int listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		abort();
	port = ntohs(a.sin_port);
	return fd;
}

static int log_fd;

static int start(void **state)
{
	int fd = listener();

	if (new_home(state)) return 1;
	unsetenv("OPENAI_API_BASE");
	unsetenv("OPENAI_API_KEY");
	server =
	    mmap(NULL, sizeof *server, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(server->native, "HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	server_pid = fork();
	if (server_pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		alarm(60);
		for (;;) serve(accept(fd, NULL, NULL));
	}
	close(fd);
	oc_log_set_level(OC_LOG_DEBUG);
	log_fd = dup(2);
	int to = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	dup2(to, 2);
	close(to);
	return 0;
}

static int stop(void **state)
{
	dup2(log_fd, 2);
	close(log_fd);
	oc_log_set_level(OC_LOG_WARN);
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	munmap(server, sizeof *server);
	return drop_home(state);
}

static int count_in_log(const char *words)
{
	char *text = home_read("log");
	int n = 0;

	for (char *at = text; at && (at = strstr(at, words)); at++) n++;
	free(text);
	return n;
}
#define WARNING "warn lmstudio: LM Studio model discovery failed: "

static void list(const char *body)
{
	snprintf(server->list, sizeof server->list, OK "%s", body);
}

static void native(const char *body)
{
	snprintf(server->native, sizeof server->native, OK "%s", body);
}

/* ---- one service in a task ---- */

struct world {
	struct oc_config config;
	size_t active;
	int changes;
	json_t *news;
	struct oc_refresh_service *service;
	void (*script)(struct world *w);
};

static const struct oc_config *now_config(void *arg)
{
	return &((struct world *)arg)->config;
}

static size_t now_active(void *arg)
{
	return ((struct world *)arg)->active;
}

static void on_change(void *arg, const json_t *news)
{
	struct world *w = arg;

	w->changes++;
	json_decref(w->news);
	w->news = json_deep_copy(news);
}

static void configure(struct world *w, const char *text)
{
	struct oc_err e = { 0 };
	char *whole = NULL;

	oc_config_deinit(&w->config);
	if (text) {
		const char *at = strstr(text, "%u");
		whole = oc_asprintf("%.*s%u%s", (int)(at - text), text, port, at + 2);
		home_write(".openclaw/openclaw.json", whole);
	}
	if (oc_config_load(&w->config, &e) != OC_OK) fail_msg("%s", e.msg);
	if (w->config.problems.n) fail_msg("%s", w->config.problems.v[0]);
	free(whole);
}

static void in_task(void *arg)
{
	struct world *w = arg;
	const struct oc_refresh_hooks hooks = { now_config, now_active, on_change, w };

	w->service = oc_refresh_service_start(&hooks);
	w->script(w);
	oc_refresh_service_stop_wait(w->service);
}

#define LMSTUDIO "{models:{providers:{lmstudio:{baseUrl:'http://127.0.0.1:%u/v1',models:[]}}}}"
static void with(const char *config, void (*script)(struct world *w))
{
	struct world w = { .script = script };

	configure(&w, config);
	assert_int_equal(oc_rt_run(in_task, &w), 0);
	json_decref(w.news);
	oc_config_deinit(&w.config);
}

/* The first tick of a service is this one, its own finds it busy; the next would come in ten
 * seconds. */
static enum oc_rc tick(struct world *w)
{
	struct oc_err e = { 0 };
	bool looked;
	enum oc_rc rc = oc_refresh_service_tick_wait(w->service, &looked, &e);

	assert_true(looked);
	return rc;
}

static json_t *file(void)
{
	char *text = home_read(FILE_NAME);
	json_t *doc = text ? oc_json_parse(oc_str(text), NULL, NULL) : NULL;

	free(text);
	return doc;
}

static const json_t *models_in(const json_t *doc)
{
	const json_t *providers = json_object_get(doc, "providers");
	return json_object_get(json_object_get(providers, "lmstudio"), "models");
}

/* Ids of models.json, joined with commas; "" without the file. */
static void assert_ids(const char *want)
{
	json_t *doc = file();
	const json_t *m;
	struct oc_buf got;
	size_t i;

	oc_buf_init(&got, 1 << 20);
	json_array_foreach (models_in(doc), i, m)
		oc_buf_addf(&got, "%s%s", i ? "," : "", oc_json_cstr(m, "id"));
	assert_string_equal(oc_buf_cstr(&got), want);
	oc_buf_deinit(&got);
	json_decref(doc);
}

static struct stat stamp(void)
{
	struct stat st;
	char path[512];

	home_path(FILE_NAME, path, sizeof path);
	assert_int_equal(stat(path, &st), 0);
	return st;
}

/* A rewrite is a rename: another inode. */
static bool same_file(struct stat a, struct stat b)
{
	return a.st_ino == b.st_ino && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
	       a.st_mtim.tv_sec == b.st_mtim.tv_sec;
}

/* ---- what is written ---- */

static void first_list(struct world *w)
{
	list("{\"data\":[{\"id\":\"b/r1-two\"},{\"id\":\"text-embedding-x\"}]}");
	assert_int_equal(tick(w), OC_OK);
	json_t *doc = file();
	assert_json(json_array_get(models_in(doc), 0),
		    "{'id':'b/r1-two','name':'b/r1-two','reasoning':true,'input':['text'],"
		    "'cost':{'input':0,'output':0,'cacheRead':0,'cacheWrite':0},"
		    "'contextWindow':128000,'maxTokens':8192,'api':'openai-completions'}");
	json_decref(doc);
	assert_ids("b/r1-two,text-embedding-x");
	assert_int_equal(w->changes, 1);
	assert_int_equal(count_in_log("LM Studio models refreshed (discoveredCount 2, "
				      "previousCount 0)"),
			 1);
	assert_true((stamp().st_mode & 0777) == 0600);
}

static void every_id_gets_a_record_of_its_own(void **state)
{
	(void)state;
	with(LMSTUDIO, first_list);
}

static void native_values(struct world *w)
{
	list("{\"data\":[{\"id\":\"a\"},{\"id\":\"think\"},{\"id\":\"other\"}]}");
	native("{\"models\":[{\"type\":\"llm\",\"key\":\"a\",\"display_name\":\"A\","
	       "\"max_context_length\":4000,\"loaded_instances\":[]},"
	       "{\"type\":\"llm\",\"key\":\"think\",\"max_context_length\":5000,"
	       "\"loaded_instances\":[]}]}");
	assert_int_equal(tick(w), OC_OK);
	json_t *doc = file();
	const json_t *a = json_array_get(models_in(doc), 0);
	assert_string_equal(oc_json_cstr(a, "name"), "A");
	assert_int_equal(oc_json_int(a, "contextWindow", 0), 4000);
	assert_false(oc_json_bool(a, "reasoning", true));
	assert_true(oc_json_bool(json_array_get(models_in(doc), 1), "reasoning", false));
	assert_int_equal(oc_json_int(json_array_get(models_in(doc), 2), "contextWindow", 0),
			 128000);
	json_decref(doc);
	assert_int_equal(server->natives, 1);
	assert_int_equal(tick(w), OC_OK);
	assert_int_equal(server->natives, 1);
}

static void the_native_list_is_asked_once_for_a_changed_set(void **state)
{
	(void)state;
	with(LMSTUDIO, native_values);
}

static void only_sets_count(struct world *w)
{
	list("{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}");
	assert_int_equal(tick(w), OC_OK);
	struct stat before = stamp();
	list("{\"data\":[{\"id\":\" b \"},{\"id\":\"a\"},{\"id\":\"b\"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_true(same_file(before, stamp()));
	assert_int_equal(w->changes, 1);
	list("{\"data\":[{\"id\":\"c\"},{\"id\":\"a\"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_false(same_file(before, stamp()));
	assert_ids("c,a");
	assert_int_equal(w->changes, 2);
}

static void another_order_is_no_news_and_another_set_is(void **state)
{
	(void)state;
	with(LMSTUDIO, only_sets_count);
}

static void again_after_start(struct world *w)
{
	list("{\"data\":[{\"id\":\"a\"}]}");
	assert_int_equal(tick(w), OC_OK);
}

static void unchanged(struct world *w)
{
	struct stat before = stamp();

	assert_int_equal(tick(w), OC_OK);
	assert_true(same_file(before, stamp()));
	assert_int_equal(w->changes, 0);
}

static void a_restart_compares_with_what_was_written(void **state)
{
	(void)state;
	with(LMSTUDIO, again_after_start);
	with(LMSTUDIO, unchanged);
}

static void strange_ids(struct world *w)
{
	list("{\"data\":[null,7,{},{\"id\":\"\"},{\"id\":\"x\\u0001\"},{\"id\":\" a/b:c@d \"},"
	     "{\"id\":\"gr\xc3\xb6\xc3\x9f"
	     "e\"},{\"id\":\"a/b:c@d\"},{\"id\":5}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_ids("a/b:c@d,gr\xc3\xb6\xc3\x9f"
		   "e");
}

static void ids_are_trimmed_kept_verbatim_and_unique(void **state)
{
	(void)state;
	with(LMSTUDIO, strange_ids);
}

static void lists_in_any_shape(struct world *w)
{
	list("[{\"id\":\"a\"}]");
	assert_int_equal(tick(w), OC_OK);
	assert_ids("a");
	list("{\"models\":[{\"id\":\"b\"},{\"key\":\"c\"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_ids("b,c");
}

static void a_bare_array_and_models_are_lists_too(void **state)
{
	(void)state;
	with(LMSTUDIO, lists_in_any_shape);
}

static void deleted(struct world *w)
{
	char path[512];

	list("{\"data\":[{\"id\":\"a\"}]}");
	assert_int_equal(tick(w), OC_OK);
	home_path(FILE_NAME, path, sizeof path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(tick(w), OC_OK);
	assert_ids("a");
}

static void a_deleted_file_is_made_again(void **state)
{
	(void)state;
	with(LMSTUDIO, deleted);
}

static void unwritable(struct world *w)
{
	char path[512];
	struct oc_err e;

	home_path(FILE_NAME "/in-the-way", path, sizeof path);
	assert_int_equal(oc_mkdirs(path, &e), OC_OK);
	list("{\"data\":[{\"id\":\"a\"}]}");
	assert_int_not_equal(tick(w), OC_OK);
	assert_int_equal(w->changes, 1);
	assert_string_equal(oc_json_cstr(json_array_get(models_in(w->news), 0), "id"), "a");
	assert_int_equal(count_in_log(WARNING), 1);
	assert_int_not_equal(tick(w), OC_OK);
	assert_int_equal(w->changes, 1);
	assert_int_equal(count_in_log(WARNING), 1);
}

static void a_file_that_cannot_be_written_does_not_keep_it_from_memory(void **state)
{
	(void)state;
	with(LMSTUDIO, unwritable);
}

static void explicit_models(struct world *w)
{
	list("{\"data\":[{\"id\":\"b\"},{\"id\":\"mine\"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_ids("mine,later,b");
	json_t *doc = file();
	const json_t *mine = json_array_get(models_in(doc), 0);
	assert_string_equal(oc_json_cstr(mine, "name"), "Mine");
	assert_int_equal(oc_json_int(mine, "contextWindow", 0), 5000);
	assert_null(json_object_get(mine, "available"));
	assert_false(oc_json_bool(json_array_get(models_in(doc), 1), "available", true));
	json_decref(doc);
}

static void configured_models_stay_and_their_values_win(void **state)
{
	(void)state;
	with("{models:{providers:{lmstudio:{baseUrl:'http://127.0.0.1:%u/v1',models:["
	     "{id:'mine',name:'Mine',contextWindow:5000},{id:'later',name:'Later'}]}}}}",
	     explicit_models);
}

static void other_base(struct world *w)
{
	list("{\"data\":[{\"id\":\"old\"}]}");
	assert_int_equal(tick(w), OC_OK);
	configure(w,
		  "{models:{providers:{lmstudio:{baseUrl:'http://localhost:%u/v1',models:[]}}}}");
	list("{\"data\":[{\"id\":\"new\"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_ids("new");
}

static void another_base_url_replaces_what_the_old_server_had(void **state)
{
	(void)state;
	with(LMSTUDIO, other_base);
}

static void ten_thousand(struct world *w)
{
	struct oc_buf b;

	oc_buf_init(&b, sizeof server->list);
	oc_buf_adds(&b, "{\"data\":[");
	for (int i = 0; i < 10000; i++)
		oc_buf_addf(&b, "%s{\"id\":\"some/model-%d\",\"object\":\"model\"}", i ? "," : "",
			    i);
	oc_buf_adds(&b, "]}");
	list(oc_buf_cstr(&b));
	oc_buf_deinit(&b);
	assert_int_equal(tick(w), OC_OK);
	struct stat before = stamp();
	assert_int_equal(tick(w), OC_OK);
	assert_true(same_file(before, stamp()));
	assert_int_equal(w->changes, 1);
	assert_int_equal(json_array_size(models_in(w->news)), 10000);
}

static void ten_thousand_models_are_written_once(void **state)
{
	(void)state;
	with(LMSTUDIO, ten_thousand);
}

/* ---- what goes wrong ---- */

static void failures(struct world *w)
{
	static const struct {
		const char *answer, *warning;
	} rows[] = {
		{ "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "HTTP 401" },
		{ "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "HTTP 404" },
		{ "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "HTTP 500" },
		{ OK "<!DOCTYPE html><html>hello", "no model list" },
		{ OK "{\"data\":[{\"id\":\"z\"}", "no model list" },
		{ OK "{\"data\":null}", "no model list" },
		{ OK "{}", "no model list" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"data\":[{\"id\":\"z\"}]}",
		  "terminated" },
		{ "HTTP/1.1 302 See\r\nLocation: http://127.0.0.1:9/v1/models\r\n"
		  "Content-Length: 0\r\n\r\n",
		  "locked" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		list("{\"data\":[{\"id\":\"a\"}]}");
		assert_int_equal(tick(w), OC_OK);
		struct stat before = stamp();
		int warnings = count_in_log(WARNING);
		strcpy(server->list, rows[i].answer);
		if (tick(w) == OC_OK) fail_msg("row %zu", i);
		assert_int_equal(count_in_log(WARNING), warnings + 1);
		if (!count_in_log(rows[i].warning)) fail_msg("row %zu: no %s", i, rows[i].warning);
		assert_true(same_file(before, stamp()));
	}
	assert_int_equal(w->changes, 1);
}

static void every_failure_is_one_warning_and_keeps_the_list(void **state)
{
	(void)state;
	with(LMSTUDIO, failures);
}

static void empty_lists(struct world *w)
{
	list("{\"data\":[{\"id\":\"a\"}]}");
	assert_int_equal(tick(w), OC_OK);
	list("{\"data\":[]}");
	assert_int_equal(tick(w), OC_OK);
	list("{\"data\":[null,{},{\"id\":\"  \"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_ids("a");
	assert_int_equal(count_in_log(WARNING), 0);
}

static void an_empty_list_is_no_information(void **state)
{
	(void)state;
	with(LMSTUDIO, empty_lists);
}

static void flood(struct world *w)
{
	list("");
	server->flood = 17 << 20;
	assert_int_not_equal(tick(w), OC_OK);
	assert_int_equal(count_in_log(WARNING), 1);
	assert_ids("");
}

static void a_body_above_the_ceiling_is_refused(void **state)
{
	(void)state;
	with(LMSTUDIO, flood);
}

static void hanging(struct world *w)
{
	server->hold_ms = 20000;
	uint64_t began = oc_now_ms();
	assert_int_not_equal(tick(w), OC_OK);
	uint64_t took = oc_now_ms() - began;
	assert_true(took >= 4900 && took < 7000);
	assert_int_equal(count_in_log(WARNING), 1);
}

static void a_hanging_server_is_given_up_after_five_seconds(void **state)
{
	(void)state;
	with(LMSTUDIO, hanging);
}

static void left_hanging(struct world *w)
{
	server->hold_ms = 20000;
	(void)w;
	while (!server->lists) assert_int_equal(oc_sleep_wait(10), OC_OK);
}

static void stopping_ends_the_request_under_way(void **state)
{
	(void)state;
	time_t began = time(NULL);
	with(LMSTUDIO, left_hanging);
	assert_true(time(NULL) - began < 4);
	assert_int_equal(count_in_log(WARNING), 0);
}

/* ---- whether and whom it asks ---- */

static void paused(struct world *w)
{
	struct oc_err e;
	bool looked = true;

	w->active = 1;
	assert_int_equal(oc_refresh_service_tick_wait(w->service, &looked, &e), OC_OK);
	assert_false(looked);
	assert_int_equal(oc_sleep_wait(50), OC_OK);
	assert_int_equal(server->lists, 0);
	w->active = 0;
	list("{\"data\":[{\"id\":\"a\"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_int_equal(server->lists, 1);
}

static void nothing_is_asked_while_a_model_works(void **state)
{
	(void)state;
	with(LMSTUDIO, paused);
}

static void overlapping(struct world *w)
{
	struct oc_err e;
	bool looked = true;

	list("{\"data\":[{\"id\":\"a\"}]}");
	server->hold_ms = 200;
	while (!server->lists) assert_int_equal(oc_sleep_wait(10), OC_OK); /* the service's own */
	assert_int_equal(oc_refresh_service_tick_wait(w->service, &looked, &e), OC_OK);
	assert_false(looked);
	w->active = 1; /* what began before is not broken off */
	while (!w->changes) assert_int_equal(oc_sleep_wait(10), OC_OK);
	assert_ids("a");
	assert_int_equal(server->lists, 1);
}

static void a_second_tick_is_left_out(void **state)
{
	(void)state;
	with(LMSTUDIO, overlapping);
}

static void expect_key(struct world *w, const char *authorization, const char *marker)
{
	list("{\"data\":[{\"id\":\"a\"}]}");
	assert_int_equal(tick(w), OC_OK);
	assert_string_equal(server->authorization, authorization);
	json_t *doc = file();
	const json_t *p = json_object_get(json_object_get(doc, "providers"), "lmstudio");
	assert_string_equal(oc_json_cstr(p, "apiKey"), marker);
	json_decref(doc);
}

static void openai_key(struct world *w)
{
	expect_key(w, "Bearer sk-openai", "OPENAI_API_KEY");
}

static void openai_base_in_the_environment(void **state)
{
	char base[64];

	(void)state;
	snprintf(base, sizeof base, "http://127.0.0.1:%u/v1", port);
	setenv("OPENAI_API_BASE", base, 1);
	setenv("OPENAI_API_KEY", "sk-openai", 1);
	setenv("LM_API_TOKEN", "lm-token", 1);
	with(NULL, openai_key);
}

static void lm_token(struct world *w)
{
	expect_key(w, "Bearer lm-token", "LM_API_TOKEN");
}

static void the_openai_key_stays_away_from_a_configured_lmstudio(void **state)
{
	(void)state;
	setenv("OPENAI_API_KEY", "sk-openai", 1);
	setenv("LM_API_TOKEN", "lm-token", 1);
	with(LMSTUDIO, lm_token);
}

static void no_key(struct world *w)
{
	expect_key(w, "", "lmstudio-local");
}

static void without_a_key_none_is_sent(void **state)
{
	(void)state;
	with(LMSTUDIO, no_key);
}

static void openai_itself_is_no_lmstudio(void **state)
{
	struct world w = { 0 };

	(void)state;
	setenv("OPENAI_API_BASE", "https://api.openai.com/v1", 1);
	configure(&w, NULL);
	assert_false(oc_lmstudio_is_from_openai(&w.config, NULL));
	char *base = oc_lmstudio_base_of(&w.config, NULL);
	assert_non_null(strstr(base, ":1234/"));
	free(base);
	unsetenv("OPENAI_API_BASE");
	oc_config_deinit(&w.config);
}

/* ---- time alone ---- */

static uint64_t asked_at[64], slow_ms;
static size_t n_asked;

static size_t note_time(void *arg)
{
	(void)arg;
	asked_at[n_asked++ % 64] = oc_now_ms();
	if (n_asked == 1 && slow_ms) (void)!oc_sleep_wait(slow_ms);
	return 1;
}

static void for_a_minute(void *arg)
{
	const struct oc_refresh_hooks hooks = { now_config, note_time, NULL, arg };
	struct oc_refresh_service *s = oc_refresh_service_start(&hooks);

	assert_int_equal(oc_sleep_wait(65000), OC_OK);
	oc_refresh_service_stop_wait(s);
}

static void ticks_keep_their_schedule_and_late_ones_are_dropped(void **state)
{
	static const uint64_t steady[] = { 0, 10, 20, 30, 40, 50, 60 },
			      slow[] = { 0, 30, 40, 50, 60 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		const uint64_t *want = i ? slow : steady;
		size_t n = i ? 5 : 7;

		n_asked = 0;
		slow_ms = i ? 25000 : 0;
		oc_clock_make_virtual(1000);
		assert_int_equal(oc_rt_run(for_a_minute, NULL), 0);
		oc_clock_make_real();
		assert_int_equal(n_asked, n);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(asked_at[k] - asked_at[0], want[k] * 1000);
	}
}

static void for_eleven_minutes(struct world *w)
{
	(void)w;
	assert_int_equal(oc_sleep_wait(11 * 60 * 1000), OC_OK);
}

/* The guard refuses this base before there is a socket. */
#define REFUSED "request:{allowPrivateNetwork:false},baseUrl:'http://127.0.0.1:%u/v1',models:[]"

static void a_lasting_failure_is_told_every_five_minutes(void **state)
{
	(void)state;
	oc_clock_make_virtual(1000);
	with("{models:{providers:{lmstudio:{" REFUSED "}}}}", for_eleven_minutes);
	oc_clock_make_real();
	assert_int_equal(count_in_log(WARNING), 3);
	assert_true(count_in_log("LM Studio model discovery failed") > 60);
}

#define WORLD_TEST(t) cmocka_unit_test_setup_teardown(t, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(every_id_gets_a_record_of_its_own),
		WORLD_TEST(the_native_list_is_asked_once_for_a_changed_set),
		WORLD_TEST(another_order_is_no_news_and_another_set_is),
		WORLD_TEST(a_restart_compares_with_what_was_written),
		WORLD_TEST(ids_are_trimmed_kept_verbatim_and_unique),
		WORLD_TEST(a_bare_array_and_models_are_lists_too),
		WORLD_TEST(a_deleted_file_is_made_again),
		WORLD_TEST(a_file_that_cannot_be_written_does_not_keep_it_from_memory),
		WORLD_TEST(configured_models_stay_and_their_values_win),
		WORLD_TEST(another_base_url_replaces_what_the_old_server_had),
		WORLD_TEST(ten_thousand_models_are_written_once),
		WORLD_TEST(every_failure_is_one_warning_and_keeps_the_list),
		WORLD_TEST(an_empty_list_is_no_information),
		WORLD_TEST(a_body_above_the_ceiling_is_refused),
		WORLD_TEST(a_hanging_server_is_given_up_after_five_seconds),
		WORLD_TEST(stopping_ends_the_request_under_way),
		WORLD_TEST(nothing_is_asked_while_a_model_works),
		WORLD_TEST(a_second_tick_is_left_out),
		WORLD_TEST(openai_base_in_the_environment),
		WORLD_TEST(the_openai_key_stays_away_from_a_configured_lmstudio),
		WORLD_TEST(without_a_key_none_is_sent),
		WORLD_TEST(openai_itself_is_no_lmstudio),
		cmocka_unit_test(ticks_keep_their_schedule_and_late_ones_are_dropped),
		WORLD_TEST(a_lasting_failure_is_told_every_five_minutes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
