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

/* Free all that was allocated since the last reset. */
extern void dload_fuzz_reset(void);

#endif							/* DLOAD_FUZZ_H */
