/*-------------------------------------------------------------------------
 *
 * multi.h
 *	  What core's multi-insert asks of a table and of its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_MULTI_H
#define DLOAD_MULTI_H

#include "base/dload.h"

#include "executor/tuptable.h"
#include "utils/relcache.h"

/*
 * Can rows with these attributes go in without the executor?  Else they need
 * what only it does.
 */
extern bool dload_multi_possible(Relation rel, List *attributes);

/* A value of so many bytes is worth a thought about copies of it. */
#define DLOAD_LARGE_BYTES	(1024 * 1024)

/*
 * Compress the large values of a virtual slot, each of them palloc'd, as
 * storing it would later.
 */
extern void dload_multi_compress(TupleDesc desc, TupleTableSlot *slot);

/* Form the tuples of these slots now: they keep no values of their own. */
extern void dload_multi_form(TupleTableSlot **slots, int n);

#endif							/* DLOAD_MULTI_H */
