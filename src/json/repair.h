#ifndef OC_REPAIR_H
#define OC_REPAIR_H
#include "json/json.h"
/*
 * What a model meant when it wrote a JSON object that is not quite one (spec 03 §4.6). Mended, in
 * one pass: junk and code fences around it, smart and single quotes, keys without quotes, trailing
 * commas, True/False/None, raw line breaks in strings, an object encoded as a string. Not mended:
 * missing commas or colons, two objects; a guess there could run something else than was meant.
 * Pure; linear in the length.
 */
struct oc_json_repair {
	bool close_brackets; /* those open at the end of the text are closed */
	bool close_strings;  /* and a string that is open there */
	bool keywords;	     /* key=value is taken as well, as in a Python call */
	/* Results, where no object came out: what is wrong, and how many bytes into the text. */
	const char *fault;
	size_t at;
};
/* New reference to an object, NULL when there is none to be had. Texts beyond OC_MAX_REPAIR_BYTES
 * are not tried. */
OC_MUST_USE json_t *oc_json_repair(struct oc_json_repair *r, struct oc_str in);
#endif
