/*-------------------------------------------------------------------------
 *
 * multi.c
 *	  What core's multi-insert asks of a table and of its rows.
 *
 * Of large values copies matter: a record is held while its row is made, the
 * row's values are copies of parts of it, and forming the tuple copies these
 * once more before core makes the large ones smaller.  Compressed before, the
 * second copy is small.  Where that does not help, the tuple is made in the
 * memory of the largest value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/multi.h"

#include "load/change.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/toast_internals.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

bool
dload_multi_possible(Relation rel, List *attributes)
{
	TupleDesc	desc = RelationGetDescr(rel);

	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->rd_rel->relispartition || dload_fires_on_insert(rel) ||
		check_enable_rls(RelationGetRelid(rel), InvalidOid,
						 true) == RLS_ENABLED)
		return false;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped &&
			(att->attgenerated || att->attidentity ||
			 ((att->atthasdef ||
			   get_typtype(att->atttypid) == TYPTYPE_DOMAIN) &&
			  !list_member_int(attributes, att->attnum))))
			return false;
	}
	return true;
}

const TupleTableSlotOps *
dload_multi_slot_callbacks(Relation rel)
{
	const TupleTableSlotOps *callbacks = table_slot_callbacks(rel);

	return callbacks == &TTSOpsBufferHeapTuple ? &TTSOpsHeapTuple : callbacks;
}

/* A value that nothing makes smaller before the tuple is formed. */
static bool
is_large(TupleDesc desc, TupleTableSlot *slot, int i)
{
	return !slot->tts_isnull[i] && TupleDescAttr(desc, i)->attlen == -1 &&
		!VARATT_IS_EXTENDED(DatumGetPointer(slot->tts_values[i])) &&
		VARSIZE(DatumGetPointer(slot->tts_values[i])) >= DLOAD_LARGE_BYTES;
}

static void
compress_values(TupleDesc desc, TupleTableSlot *slot)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Datum		value = slot->tts_values[i];
		Datum		packed;

		if (!is_large(desc, slot, i) ||
			(att->attstorage != TYPSTORAGE_EXTENDED &&
			 att->attstorage != TYPSTORAGE_MAIN))
			continue;
		packed = toast_compress_datum(value, att->attcompression);
		if (DatumGetPointer(packed) == NULL)
			continue;
		pfree(DatumGetPointer(value));
		slot->tts_values[i] = packed;
	}
}

/* Where an attribute is in a tuple. */
static size_t
position(HeapTuple tuple, TupleDesc desc, int i)
{
	bool		isnull;

	return DatumGetPointer(heap_getattr(tuple, i + 1, desc, &isnull)) -
		(char *) tuple->t_data;
}

/*
 * The tuple of the slot's values, in the memory of one of the large ones; the
 * others are freed.  sizes[i] is 0 for a value that is not large.
 *
 * A tuple with stand-ins is formed first, which leaves what is not large where
 * it belongs: each has the length of its value but for a multiple of what
 * attributes are aligned to, and is too long for a short header.
 */
static HeapTuple
form_in(TupleDesc desc, TupleTableSlot *slot, const size_t *sizes, int host)
{
	Datum	   *large = palloc(sizeof(Datum) * desc->natts);
	size_t		growth = 0;
	size_t		growth_before = 0;	/* the host */
	HeapTuple	form;
	HeapTuple	tuple;
	char	   *from;
	char	   *to;

	for (int i = 0; i < desc->natts; i++)
	{
		size_t		stand_in = 256 + sizes[i] % MAXIMUM_ALIGNOF;

		if (i == host)
			growth_before = growth;
		if (sizes[i] == 0)
			continue;
		large[i] = slot->tts_values[i];
		slot->tts_values[i] = PointerGetDatum(palloc0(stand_in));
		SET_VARSIZE(DatumGetPointer(slot->tts_values[i]), stand_in);
		growth += sizes[i] - stand_in;
	}
	form = heap_form_tuple(desc, slot->tts_values, slot->tts_isnull);
	tuple = repalloc(DatumGetPointer(large[host]),
					 HEAPTUPLESIZE + form->t_len + growth);
	from = (char *) form->t_data;
	to = (char *) tuple + HEAPTUPLESIZE;
	memmove(to + position(form, desc, host) + growth_before, tuple,
			sizes[host]);
	for (int i = 0; i < desc->natts; i++)
	{
		size_t		part;

		if (sizes[i] == 0)
			continue;
		part = position(form, desc, i) - (from - (char *) form->t_data);
		memcpy(to, from, part);
		from += part;
		to += part;
		if (i != host)
		{
			memcpy(to, DatumGetPointer(large[i]), sizes[i]);
			pfree(DatumGetPointer(large[i]));
		}
		from += VARSIZE(from);
		to += sizes[i];
	}
	memcpy(to, from, (char *) form->t_data + form->t_len - from);
	tuple->t_len = form->t_len + growth;
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = slot->tts_tableOid;
	tuple->t_data = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);
	HeapTupleHeaderSetDatumLength(tuple->t_data, tuple->t_len);
	return tuple;
}

void
dload_multi_form(TupleDesc desc, TupleTableSlot *slot)
{
	size_t	   *sizes = palloc0(sizeof(size_t) * desc->natts);
	int			largest = -1;

	compress_values(desc, slot);
	for (int i = 0; i < desc->natts; i++)
	{
		if (!is_large(desc, slot, i))
			continue;
		sizes[i] = VARSIZE(DatumGetPointer(slot->tts_values[i]));
		if (largest < 0 || sizes[i] > sizes[largest])
			largest = i;
	}
	if (largest < 0)
		ExecStoreVirtualTuple(slot);
	else
		ExecForceStoreHeapTuple(form_in(desc, slot, sizes, largest), slot,
								true);
}
