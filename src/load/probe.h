/*-------------------------------------------------------------------------
 *
 * probe.h
 *	  Is there a row with this key, and what is its id and hash?
 *
 * A *probe* looks keys up in the unique index of an ordinary table, one after
 * another.  It does what a nested loop over the keys would do, without the
 * arrays, plans and result tuples around it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PROBE_H
#define DLOAD_PROBE_H

#include "postgres.h"

#include "access/attnum.h"
#include "utils/relcache.h"

typedef struct DloadProbe DloadProbe;

/* What is known of a row found. */
typedef struct DloadStored
{
	int64		id;
	int64		hash;
	bool		has_id;
	bool		has_hash;
} DloadStored;

/*
 * Make a probe in the current memory context.  NULL where only a query gives
 * the right answer: row security, child tables, no SELECT on the whole table,
 * no unique index on just these columns by what "equal" commonly means.
 */
extern DloadProbe *dload_probe_open(Relation rel, int nkeys,
									const AttrNumber *columns);

/* Look a key up: values in the order of the columns, none of them null. */
extern bool dload_probe_find(DloadProbe *probe, const Datum *keys,
							 DloadStored *stored);

extern void dload_probe_close(DloadProbe *probe);

#endif							/* DLOAD_PROBE_H */
