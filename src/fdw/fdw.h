/*-------------------------------------------------------------------------
 *
 * fdw.h
 *	  The foreign scan: what passes from planner to executor, and the
 *	  executor's callbacks.
 *
 * A *scan* makes one request for each combination of the values that
 * conditions give to the table's parameters, several of them at the same
 * time, and hands out the rows in the order of the combinations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_FDW_H
#define DLOAD_FDW_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/extract.h"

#include "foreign/fdwapi.h"
#include "nodes/execnodes.h"

/*
 * Requests that one scan may make for lists of values.  More is rather a
 * cross product that nobody meant than a wish.
 */
#define DLOAD_MAX_SCAN_REQUESTS	10000

/*
 * Slots of ForeignScan.fdw_private.  Only nodes that can be copied: plans
 * are cached.  The pushed values are in fdw_exprs, in the order of the first
 * four lists.
 */
enum DloadScanPrivate
{
	DLOAD_SCAN_COLUMNS,			/* IntList: attribute number */
	DLOAD_SCAN_IS_ARRAY,		/* IntList: is it an array of values? */
	DLOAD_SCAN_EQUALITY,		/* OidList: function that compares them */
	DLOAD_SCAN_COLLATION,		/* OidList: of the comparison */
	DLOAD_SCAN_ATTNUMS,			/* IntList: columns that the query needs */
	DLOAD_SCAN_LIMIT,			/* Integer: after so many rows a LIMIT ends the
								 * scan; 0 = none is known */
	DLOAD_SCAN_MISSING,			/* IntList: columns that lack a value without
								 * which there is no answer */
	DLOAD_SCAN_WANTED,			/* Integer: how many records that takes; 0 =
								 * it depends on conditions */
	DLOAD_SCAN_PARTS			/* IntList: DloadPart of each pushed value */
};

/* A parameter of the request and its values in this (re)scan. */
typedef struct DloadGiven
{
	const DloadResourceColumn *column;
	int			part;			/* DloadPart */
	ExprState  *value;
	Oid			typid;			/* of the value, or of the array's elements */
	bool		is_array;
	FmgrInfo	equality;		/* for arrays */
	Oid			collation;
	int			nvalues;
	Datum	   *values;			/* distinct */
	Datum	   *columns;		/* the same as values of the column, if that
								 * comes from the request */
} DloadGiven;

/* One request of a scan. */
typedef struct DloadScanRequest
{
	int			ordinal;		/* which combination */
	MemoryContext context;		/* owns the extract */
	DloadExtract *extract;
} DloadScanRequest;

typedef struct DloadScan
{
	DloadResource *resource;	/* secrets included; NULL in plain EXPLAIN */
	MemoryContext context;		/* of the scan */
	MemoryContext read_context; /* of one (re)scan: values and extracts */
	struct DloadRow *row;
	int			ngiven;
	DloadGiven *given;
	const DloadResourceColumn *missing; /* lacks a value; NULL if none */
	bool		warned;			/* of a read that may not be complete */
	struct DloadMemo *memo;		/* NULL if no rescan is expected */

	/* the (re)scan at work */
	bool		begun;
	bool		replayed;		/* rows come from the memo */
	int			nrequests;		/* combinations */
	int			next;			/* the next one to start */
	int			nopen;
	DloadScanRequest *open;		/* in order; the first is being read */
	int			window;			/* how many may be open */
	int			max_window;
	int			wanted;			/* records that will do; 0 = not known */

	DloadExtractStats stats;	/* of requests already ended */
} DloadScan;

/* in scan.c */
extern void dload_begin_scan(ForeignScanState *node, int eflags);
extern TupleTableSlot *dload_iterate_scan(ForeignScanState *node);
extern void dload_rescan(ForeignScanState *node);
extern void dload_end_scan(ForeignScanState *node);
extern void dload_scan_stats(const DloadScan *scan, DloadExtractStats *total);

/* in explain.c */
extern void dload_explain_scan(ForeignScanState *node,
							   struct ExplainState *es);

/* in analyze.c */
extern bool dload_analyze_table(Relation relation,
								AcquireSampleRowsFunc *func,
								BlockNumber *totalpages);

#endif							/* DLOAD_FDW_H */
