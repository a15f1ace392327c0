/* The outer form of what clients send (spec 02 §2.1). */
#include "gateway/wire/connection.h"
#include "gateway/wire/shape.h"

bool oc_frame_check(const json_t *frame, struct oc_buf *problems)
{
	static const char shape[] = "type:\"req\", id:str min1 max256, method:str min1 max256, "
				    "params?:object, traceparent?:str, expectedProfileId?:str";

	if (json_is_object(frame)) return oc_shape_check(shape, frame, problems);
	oc_buf_adds(problems, "at root: must be object");
	return false;
}

bool oc_protocol_accepted(int64_t min, int64_t max, const char *mode)
{
	enum { OLDEST_PROBED = 3 };
	bool probe = mode && !strcmp(mode, "probe");

	return min <= OC_PROTOCOL && max >= (probe ? OLDEST_PROBED : OC_PROTOCOL);
}
