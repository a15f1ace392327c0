#ifndef OC_SPAWN_H
#define OC_SPAWN_H
#include <uv.h>
/* How src/rt starts a process: in a group of its own, with nothing of our environment, both outputs
 * into one descriptor unless the errors have their own. */
struct oc_spawn_spec {
	const char *file, *cwd; /* cwd NULL = ours */
	char *const *args, *const *env;
	uv_stream_t *input; /* pipe that becomes its stdin; NULL = none */
	int output;
	int errors; /* 0 = to output */
	uv_exit_cb on_exit;
};
/* As uv_spawn: 0, or a negative code. */
int oc_spawn(uv_process_t *process, const struct oc_spawn_spec *spec);
#endif
