/*-------------------------------------------------------------------------
 *
 * renew.h
 *	  Renewing access tokens, once for all processes.
 *
 * A token endpoint that gives a new refresh token takes the old one no more.
 * So a new one must not go with a transaction that is rolled back: it is asked
 * for and committed by a worker of its own, before anybody uses what came with
 * it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RENEW_H
#define DLOAD_RENEW_H

#include "base/compat.h"

/* for _PG_init */
extern void dload_renew_init(void);

extern DLOAD_EXPORT void dload_renew_main(Datum arg);

#endif							/* DLOAD_RENEW_H */
