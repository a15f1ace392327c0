#ifndef OC_SKILL_SCAN_H
#define OC_SKILL_SCAN_H
#include "json/json.h"
/*
 * Skills on the disk (spec 03 §2.3): every folder that holds a SKILL.md, below the roots. Touches
 * nothing but files, so that it may run on another thread.
 */
enum {
	OC_SKILL_DEPTH = 6,	   /* folders below a root */
	OC_SKILL_CANDIDATES = 300, /* files looked at in a root */
	OC_SKILLS_OF_SOURCE = 200,
	OC_MAX_SKILL_BYTES = 256000,
};
struct oc_skill_root {
	char *path;
	const char *source; /* "openclaw-workspace", static */
	/* Folders below it may be links to elsewhere; what is in them must stay there. Else every
	 * file must really lie below the root, or below one of the trusted folders. */
	bool links;
};
struct oc_skill_found {
	char *name;	     /* of the head, else of the folder */
	char *file, *folder; /* as they are named: with links, not followed */
	const char *source;
	json_t *head;
};
struct oc_skill_scan {
	const struct oc_skill_root *roots; /* the first one with a name wins */
	size_t n_roots;
	const struct oc_strv *trusted; /* real paths */
	/* What came of it. */
	struct oc_skill_found *v;
	size_t n;
	struct oc_strv problems; /* sentences about files that were left out */
};
/* Fills the lower half, by name. */
void oc_skill_scan(struct oc_skill_scan *s);
void oc_skill_scan_deinit(struct oc_skill_scan *s);
/* Whether the file lies in the folder for real, links followed. */
bool oc_skill_lies_in(const char *file, const char *folder);
#endif
