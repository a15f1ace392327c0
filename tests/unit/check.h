#ifndef OC_CHECK_H
#define OC_CHECK_H
/* What cmocka wants before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#endif
