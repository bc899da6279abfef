/*-------------------------------------------------------------------------
 *
 * multi.c
 *	  What core's multi-insert asks of a table and of its rows.
 *
 * Of large values copies matter: a record is held while its row is made, the
 * row's values are copies of parts of it, and forming the tuple copies these
 * once more before core makes the large ones smaller.  Compressed before, the
 * second copy is small.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/multi.h"

#include "load/change.h"

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

void
dload_multi_compress(TupleDesc desc, TupleTableSlot *slot)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Datum		value = slot->tts_values[i];
		Datum		packed;

		if (slot->tts_isnull[i] || att->attlen != -1 ||
			(att->attstorage != TYPSTORAGE_EXTENDED &&
			 att->attstorage != TYPSTORAGE_MAIN) ||
			VARATT_IS_EXTENDED(DatumGetPointer(value)) ||
			VARSIZE(DatumGetPointer(value)) < DLOAD_LARGE_BYTES)
			continue;
		packed = toast_compress_datum(value, att->attcompression);
		if (DatumGetPointer(packed) == NULL)
			continue;
		pfree(DatumGetPointer(value));
		slot->tts_values[i] = packed;
	}
}

void
dload_multi_form(TupleTableSlot **slots, int n)
{
	for (int i = 0; i < n; i++)
		ExecMaterializeSlot(slots[i]);
}
