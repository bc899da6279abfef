/*-------------------------------------------------------------------------
 *
 * analyze.c
 *	  ANALYZE of a foreign table: a sample of the rows of one read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "fdw/fdw.h"
#include "fdw/row.h"

#include "access/htup_details.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

/*
 * Records read for a sample, as a multiple of the rows wanted.  More would
 * only make the count of rows more exact, at the price of many requests.
 */
#define MAX_RECORDS_FACTOR	20

typedef struct Sample
{
	HeapTuple  *rows;
	int			wanted;
	int			count;
	double		seen;
	double		skip;			/* rows to pass over; -1: work it out */
	ReservoirStateData reservoir;
} Sample;

/* Vitter's algorithm, as for local tables: keep, replace or pass over. */
static void
offer_row(Sample *sample, TupleDesc desc, Datum *values, bool *nulls,
		  MemoryContext context)
{
	int			place = -1;

	if (sample->count < sample->wanted)
		place = sample->count++;
	else
	{
		if (sample->skip < 0)
			sample->skip = reservoir_get_next_S(&sample->reservoir,
												sample->seen, sample->wanted);
		if (sample->skip <= 0)
		{
			place = (int) (sample->wanted *
						   sampler_random_fract(&sample->reservoir.randstate));
			heap_freetuple(sample->rows[place]);
		}
		sample->skip -= 1;
	}
	sample->seen += 1;
	if (place >= 0)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		sample->rows[place] = heap_form_tuple(desc, values, nulls);
		MemoryContextSwitchTo(old);
	}
}

/* Read until the end or the bound; false if the bound came first. */
static bool
read_sample(DloadExtract *extract, DloadRow *row, TupleDesc desc,
			Sample *sample, MemoryContext context)
{
	MemoryContext record_context;
	Datum	   *values = palloc(sizeof(Datum) * Max(desc->natts, 1));
	bool	   *nulls = palloc(sizeof(bool) * Max(desc->natts, 1));
	double		limit = (double) sample->wanted * MAX_RECORDS_FACTOR;

	record_context = AllocSetContextCreate(CurrentMemoryContext,
										   "dload record",
										   ALLOCSET_DEFAULT_SIZES);
	while (sample->seen < limit)
	{
		DloadSpan	record;
		DloadError	err = {0};
		MemoryContext old;

		dload_vacuum_delay_point();
		MemoryContextReset(record_context);
		switch (dload_extract_next_record(extract, &record, &err))
		{
			case DLOAD_EXTRACT_ITEM:
				break;
			case DLOAD_EXTRACT_END:
				return true;
			case DLOAD_EXTRACT_ERROR:
				dload_error_raise(&err);
		}
		old = MemoryContextSwitchTo(record_context);
		dload_row_fill(row, record, extract, values, nulls);
		offer_row(sample, desc, values, nulls, context);
		MemoryContextSwitchTo(old);
	}
	return false;
}

static int
acquire_sample_rows(Relation relation, int elevel, HeapTuple *rows,
					int targrows, double *totalrows, double *totaldeadrows)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "dload analyze",
												  ALLOCSET_DEFAULT_SIZES);
	TupleDesc	desc = RelationGetDescr(relation);
	Sample		sample = {rows, targrows};
	DloadResource *res;
	DloadRow   *row;
	DloadExtract *extract;
	Bitmapset  *attnums = NULL;
	bool		whole;

	MemoryContextSwitchTo(context);
	/* ANALYZE runs as the table's owner, so it is his mapping */
	res = dload_resource_create(RelationGetRelid(relation), GetUserId());
	for (int i = 0; i < res->ncolumns; i++)
		attnums = bms_add_member(attnums, res->columns[i].attnum);
	row = dload_row_create(res, desc->natts, attnums);
	sample.skip = -1;
	reservoir_init_selection_state(&sample.reservoir, targrows);

	extract = dload_extract_begin(res, NIL);
	whole = read_sample(extract, row, desc, &sample, caller);
	*totalrows = sample.seen;
	if (!whole)
		*totalrows = Max(*totalrows, dload_extract_declared_total(extract));
	*totaldeadrows = 0;
	ereport(elevel,
			(errmsg("\"%s\": read %.0f records in %lld pages, %s; %d rows in "
					"sample",
					RelationGetRelationName(relation), sample.seen,
					(long long) dload_extract_stats(extract)->pages,
					whole ? "all there are" : "not all there are",
					sample.count)));
	dload_extract_end(extract);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return sample.count;
}

bool
dload_analyze_table(Relation relation, AcquireSampleRowsFunc *func,
					BlockNumber *totalpages)
{
	DloadResource *res = dload_resource_describe(RelationGetRelid(relation));

	for (int i = 0; i < res->ncolumns; i++)
	{
		if (!res->columns[i].required)
			continue;
		ereport(WARNING,
				(errmsg("column \"%s\" of foreign table \"%s\" needs a value, "
						"which ANALYZE cannot give",
						res->columns[i].name, res->relname)));
		return false;
	}
	*func = acquire_sample_rows;
	/* any number but zero: the size in pages means nothing here */
	*totalpages = 1;
	return true;
}
