/* Starting a process. */
#include "rt/spawn.h"

#include "rt/loop.h"

int oc_spawn(uv_process_t *process, const struct oc_spawn_spec *spec)
{
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = spec->output },
		{ .flags = UV_INHERIT_FD, .data.fd = spec->errors ? spec->errors : spec->output },
	};
	union { /* libuv's options are not const, and it does not write to them */
		char *const *in;
		char **out;
	} args = { .in = spec->args }, env = { .in = spec->env };
	uv_process_options_t options = {
		.exit_cb = spec->on_exit,
		.file = spec->file,
		.args = args.out,
		.env = env.out,
		.cwd = spec->cwd,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = stdio,
	};

	if (spec->input)
		stdio[0] = (uv_stdio_container_t){ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
						   .data.stream = spec->input };
	return uv_spawn(oc_loop(), process, &options);
}
