#ifndef OC_SERVICE_STATE_H
#define OC_SERVICE_STATE_H
#include "model/provider/catalog.h"
#include "rt/task.h"
/*
 * What a supervisor and the users of its server agree on, all below <state>/services/:
 *
 *   <provider>.lock  held by the one supervisor for its whole life
 *   <provider>.json  what it does (struct oc_service_state), replaced atomically
 *   <provider>.used  its time stamp is the last use; locked shared by whoever uses the server,
 * exclusively by a supervisor that is about to stop it, so that no request meets a server that is
 * going away <provider>.log   output of supervisor and server
 */
struct oc_service {
	const char *provider; /* borrowed */
	const json_t *config; /* borrowed: the localService object */
	const char *command;  /* borrowed */
	char *health_url;
	int64_t ready_timeout_ms, idle_stop_ms; /* idle 0 = never */
	enum oc_tri allow_private;
	char *state_dir;
	char *lock_path, *state_path, *used_path, *log_path;
};
/* OC_E_NOT_FOUND: no localService. OC_E_INPUT: unusable, e names the key. s is zero or complete;
 * deinit it. */
OC_MUST_USE enum oc_rc oc_service_init(struct oc_service *s, const struct oc_catalog *c,
				       const struct oc_provider *p, struct oc_err *e);
void oc_service_deinit(struct oc_service *s);

enum oc_service_phase {
	OC_SERVICE_NONE,
	OC_SERVICE_STARTING,
	OC_SERVICE_RUNNING,
	OC_SERVICE_STOPPED,
	OC_SERVICE_FAILED
};
struct oc_service_state {
	enum oc_service_phase phase;
	int64_t run;		      /* counts starts */
	int64_t failures;	      /* in a row */
	int64_t pid;		      /* of the supervisor */
	int64_t started_ms, ended_ms; /* wall clock; 0 = not yet */
	struct oc_err why;	      /* it failed */
};
/* Zero when there is none or it is unreadable: then nothing is known, which is the state before the
 * first start. */
void oc_service_state_read(const struct oc_service *s, struct oc_service_state *out);
OC_MUST_USE enum oc_rc oc_service_state_write(const struct oc_service *s,
					      const struct oc_service_state *st, struct oc_err *e);
/* How long a start has to wait after earlier failures. */
int64_t oc_service_backoff_ms(const struct oc_service_state *st, int64_t wall_ms);

enum oc_service_health {
	OC_SERVICE_DOWN,
	OC_SERVICE_LOADING /* answers, but not yet well */,
	OC_SERVICE_UP
};
/* Asks healthUrl once. OC_E_DENIED: the guard refuses it, OC_E_INPUT: not a URL. detail (may be
 * NULL) gets the last reason. */
OC_MUST_USE enum oc_rc oc_service_health_wait(const struct oc_service *s,
					      enum oc_service_health *out, struct oc_err *detail);

/* The lock on <provider>.used, without waiting. Returns a descriptor (close it to let go) or one of
 * these. */
enum { OC_SERVICE_TAKEN = -1, OC_SERVICE_NO_FILE = -2 /* errno says why */ };
int oc_service_use(const struct oc_service *s, bool exclusive);
void oc_service_stamp(int used_fd);
int64_t oc_service_idle_ms(int used_fd, int64_t wall_ms);
#endif
