/* A compiled time zone of any bytes: refused, or usable at any moment. */
#include "rt/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t moments[] = { -4000000000000, 0, 1795000000000, 9000000000000 };
	struct oc_zone *z = oc_zone_parse(data, size);
	struct oc_civil c;

	for (size_t i = 0; z && i < sizeof moments / sizeof *moments; i++) {
		oc_zone_civil(z, moments[i], &c);
		(void)oc_zone_ms(z, &c);
	}
	oc_zone_free(z);
	return 0;
}
