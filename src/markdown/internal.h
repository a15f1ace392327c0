#ifndef OC_MARKDOWN_INTERNAL_H
#define OC_MARKDOWN_INTERNAL_H
#include "base/buf.h"
/* Shared by the files of this folder alone. */

/*
 * Formulas are handed through the parser as code, because their characters mean something else in
 * Markdown. Marks that no text contains tell them from code: MATH_OUT fence MATH_IN formula
 * MATH_END fence MATH_OUT, and a fence with the language MATH_IN for a formula on lines of its own.
 */
#define OC_MATH_IN  '\x01'
#define OC_MATH_END '\x02'
#define OC_MATH_OUT '\x03'
/* Appends s, which is clean, with its formulas marked. */
void oc_formula_mark(struct oc_str s, struct oc_buf *out);
/* Appends s with marks and what they enclose taken out again. */
void oc_formula_unmark(struct oc_str s, struct oc_buf *out);

/* Appends the lines of a piece that define addresses, within a bound. */
void oc_definitions_find(struct oc_str piece, struct oc_buf *out);
/* Appends what has to stand behind a piece so that its references are found. */
void oc_definitions_add(struct oc_str piece, struct oc_str definitions, struct oc_buf *out);

/* Appends s, the rules of its tables as the parser wants them. */
void oc_table_rules_widen(struct oc_str s, struct oc_buf *out);
bool oc_md_is_table_rule(struct oc_str line);

/* Appends what "&name;" or "&#n;" stands for, or the text itself when it stands for nothing. */
void oc_entity_add(struct oc_str entity, struct oc_buf *out);
#endif
