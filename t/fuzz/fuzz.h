/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  Between the harness and its stand-in for a backend.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_FUZZ_H
#define DLOAD_FUZZ_H

#include "postgres.h"

#include "lib/stringinfo.h"

/* Print why, and stop: libFuzzer keeps the input. */
extern void dload_fuzz_fail(const char *why, const StringInfo a,
							const StringInfo b);

/* A copy of exactly that size, so that one byte more is seen. */
extern char *dload_fuzz_exact(const void *data, size_t len);

/* Read a body in the form with that number; see fuzz_forms.c. */
extern void dload_fuzz_form(int form, bool small, const char *body,
							size_t len);

/* Try a text of the network or a template; see fuzz_rest.c. */
extern void dload_fuzz_rest(int what, const char *data, size_t len);

extern bool dload_fuzz_is_utf8(const char *text);

/* Free all that was allocated since the last reset. */
extern void dload_fuzz_reset(void);

#endif							/* DLOAD_FUZZ_H */
