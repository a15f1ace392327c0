#ifndef OC_SKILLS_H
#define OC_SKILLS_H
#include "base/buf.h"
/*
 * The list of skills in the system text (spec 03 §2.3): one line for each folder of the workspace's
 * skills/ that holds a SKILL.md, in the order of the alphabet.
 */
/* Appends the section; nothing when there are no skills or no room. names_only, or a list that does
 * not fit: the names alone, and as many of them as fit. */
void oc_skills_list(const char *workspace, size_t max_chars, bool names_only, struct oc_buf *out);
/* The value of a member of the front matter ("name", "description"), on one line, without quotes;
 * empty when there is none. Borrowed from text. Pure. */
struct oc_str oc_skill_member(struct oc_str text, const char *member);
#endif
