/*-------------------------------------------------------------------------
 *
 * change.c
 *	  Stored rows changed and removed, without the executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/change.h"

#include "base/compat.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

struct DloadChanger
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *rri;
	TupleTableSlot *slot;		/* the row as it will be */
	TupleTableSlot *latest;		/* as another session left it */
	int			nwritten;
	int16	   *written;		/* subscripts of the columns written */
	int			ndropped;
	int16	   *dropped;		/* of columns that are there no more */
	int			nkeys;
	AttrNumber	keys[INDEX_MAX_KEYS];
	bool		may_update;		/* looked whether it is published */
	bool		may_delete;
};

bool
dload_fires_on_insert(Relation rel)
{
	const TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (TRIGGER_FOR_INSERT(triggers->triggers[i].tgtype))
			return true;
	return false;
}

/*
 * Does nothing follow from UPDATE and DELETE but, if "referenced", what
 * foreign keys of other tables see to?
 */
static bool
triggers_little(const TriggerDesc *triggers, bool referenced)
{
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (!TRIGGER_FOR_UPDATE(trigger->tgtype) &&
			!TRIGGER_FOR_DELETE(trigger->tgtype))
			continue;
		if (!referenced ||
			RI_FKey_trigger_type(trigger->tgfoid) != RI_TRIGGER_PK)
			return false;
	}
	return true;
}

/* Would UPDATE and DELETE do nothing but change the row? */
static bool
changes_plainly(Relation rel, bool referenced)
{
	Oid			relid = RelationGetRelid(rel);
	TupleDesc	desc = RelationGetDescr(rel);
	AclMode		needed = ACL_SELECT | ACL_UPDATE | ACL_DELETE;

	return rel->rd_rel->relkind == RELKIND_RELATION &&
		!rel->rd_rel->relispartition && !rel->rd_rel->relhassubclass &&
		triggers_little(rel->trigdesc, referenced) &&
		rel->rd_rules == NULL &&
		!(desc->constr && desc->constr->has_generated_stored) &&
		check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED &&
		pg_class_aclmask(relid, GetUserId(), needed,
						 ACLMASK_ALL) == needed;
}

/*
 * That the range table names no updated columns makes core believe that no
 * index's columns change, which is true of the key's and only a hint for
 * others.
 */
ResultRelInfo *
dload_result_open(Relation rel, EState **estate)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	ResultRelInfo *rri = makeNode(ResultRelInfo);

	/* for the messages of failing constraints */
	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(rel);
	rte->relkind = rel->rd_rel->relkind;
	rte->rellockmode = RowExclusiveLock;
	*estate = CreateExecutorState();
	dload_init_range_table(*estate, rte);
	InitResultRelInfo(rri, rel, 1, NULL, 0);
	ExecOpenIndices(rri, false);
	return rri;
}

static void
note_columns(DloadChanger *c, List *attributes)
{
	TupleDesc	desc = RelationGetDescr(c->rel);
	ListCell   *lc;

	c->written = palloc(sizeof(int16) * (list_length(attributes) + 1));
	foreach(lc, attributes)
		c->written[c->nwritten++] = lfirst_int(lc) - 1;
	c->dropped = palloc(sizeof(int16) * (desc->natts + 1));
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attisdropped)
			c->dropped[c->ndropped++] = i;
}

DloadChanger *
dload_changer_open(Relation rel, List *attributes, int nkeys,
				   const AttrNumber *keys, bool referenced)
{
	DloadChanger *c;

	if (nkeys > INDEX_MAX_KEYS || !changes_plainly(rel, referenced))
		return NULL;
	c = palloc0(sizeof(DloadChanger));
	c->rel = rel;
	c->nkeys = nkeys;
	memcpy(c->keys, keys, sizeof(AttrNumber) * nkeys);
	note_columns(c, attributes);
	c->rri = dload_result_open(rel, &c->estate);
	c->slot = table_slot_create(rel, NULL);
	c->latest = table_slot_create(rel, NULL);
	return c;
}

/* The row that a stored one becomes; columns not written stay. */
static void
form_row(DloadChanger *c, TupleTableSlot *stored, const Datum *values,
		 const bool *nulls)
{
	TupleTableSlot *slot = c->slot;
	int			natts = RelationGetNumberOfAttributes(c->rel);

	slot_getallattrs(stored);
	ExecClearTuple(slot);
	memcpy(slot->tts_values, stored->tts_values, sizeof(Datum) * natts);
	memcpy(slot->tts_isnull, stored->tts_isnull, sizeof(bool) * natts);
	for (int i = 0; i < c->nwritten; i++)
	{
		int			att = c->written[i];

		slot->tts_values[att] = values[att];
		slot->tts_isnull[att] = nulls[att];
	}
	for (int i = 0; i < c->ndropped; i++)
		slot->tts_isnull[c->dropped[i]] = true;
	ExecStoreVirtualTuple(slot);
	/* which a constraint may look at */
	slot->tts_tableOid = RelationGetRelid(c->rel);
	if (RelationGetDescr(c->rel)->constr)
		ExecConstraints(c->rri, slot, c->estate);
}

/* What is published must be told apart. */
static void
check_identity(DloadChanger *c, CmdType command, bool *checked)
{
	if (!*checked)
		CheckCmdReplicaIdentity(c->rel, command);
	*checked = true;
}

/* Does the row still have the key under which it was found? */
static bool
has_key(DloadChanger *c, TupleTableSlot *stored, TupleTableSlot *latest)
{
	for (int k = 0; k < c->nkeys; k++)
	{
		AttrNumber	attnum = c->keys[k];
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(c->rel),
											  attnum - 1);
		bool		isnull[2];
		Datum		old = slot_getattr(stored, attnum, &isnull[0]);
		Datum		new = slot_getattr(latest, attnum, &isnull[1]);

		if (isnull[0] || isnull[1] ||
			!datum_image_eq(old, new, att->attbyval, att->attlen))
			return false;
	}
	return true;
}

static void
raise_concurrent(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent %s",
					what)));
}

/*
 * Another session has changed or removed the row since the snapshot was
 * taken, and has committed.  Lock the row as it is now, in "latest"; false if
 * there is none any more.
 */
static bool
catch_up(DloadChanger *c, TupleTableSlot *stored, TM_Result result)
{
	TM_FailureData failure;

	if (result == TM_SelfModified)
		elog(ERROR, "row of \"%s\" was changed by its own change",
			 RelationGetRelationName(c->rel));
	if (result != TM_Updated && result != TM_Deleted)
		elog(ERROR, "unexpected result of a change: %d", (int) result);
	if (IsolationUsesXactSnapshot())
		raise_concurrent(result == TM_Updated ? "update" : "delete");
	if (result == TM_Deleted)
		return false;
	ExecClearTuple(c->latest);
	result = table_tuple_lock(c->rel, &stored->tts_tid, GetActiveSnapshot(),
							  c->latest, GetCurrentCommandId(true),
							  LockTupleExclusive, LockWaitBlock,
							  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	if (result == TM_Deleted)
		return false;
	if (result != TM_Ok)
		elog(ERROR, "unexpected result of a lock: %d", (int) result);
	return has_key(c, stored, c->latest);
}

/* Do foreign keys refer to something that is about to change? */
static bool
changes_reference(DloadChanger *c, TupleTableSlot *version)
{
	TriggerDesc *triggers = c->rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_UPDATE(trigger->tgtype) &&
			RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_PK &&
			RI_FKey_pk_upd_check_required(trigger, c->rel, version, c->slot))
			return true;
	}
	return false;
}

/* "Would block" stands for a change that is left to a statement. */
static TM_Result
update_version(DloadChanger *c, TupleTableSlot *version, const Datum *values,
			   const bool *nulls)
{
	TM_FailureData failure;
	LockTupleMode lockmode;
	DloadUpdatedIndexes indexes;
	ItemPointerData tid = version->tts_tid;
	MemoryContext old;
	TM_Result	result;

	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(c->estate));
	form_row(c, version, values, nulls);
	if (changes_reference(c, version))
		result = TM_WouldBlock;
	else
		result = table_tuple_update(c->rel, &tid, c->slot,
									GetCurrentCommandId(true),
									GetActiveSnapshot(), InvalidSnapshot,
									true, &failure, &lockmode, &indexes);
	MemoryContextSwitchTo(old);
	if (result == TM_Ok && c->rri->ri_NumIndices > 0 &&
		dload_updated_any_index(indexes))
		list_free(dload_update_index_tuples(c->rri, c->slot, c->estate,
											 indexes));
	ExecClearTuple(c->slot);
	ResetPerTupleExprContext(c->estate);
	return result;
}

DloadChange
dload_changer_update(DloadChanger *c, TupleTableSlot *stored,
					 const Datum *values, const bool *nulls)
{
	TupleTableSlot *version = stored;

	check_identity(c, CMD_UPDATE, &c->may_update);
	for (;;)
	{
		TM_Result	result = update_version(c, version, values, nulls);

		if (result == TM_Ok)
			return DLOAD_CHANGE_DONE;
		if (result == TM_WouldBlock)
			return DLOAD_CHANGE_BY_STATEMENT;
		if (!catch_up(c, stored, result))
			return DLOAD_CHANGE_GONE;
		version = c->latest;
	}
}

bool
dload_changer_remove(DloadChanger *c, TupleTableSlot *stored)
{
	TupleTableSlot *version = stored;

	check_identity(c, CMD_DELETE, &c->may_delete);
	for (;;)
	{
		TM_FailureData failure;
		TM_Result	result = table_tuple_delete(c->rel, &version->tts_tid,
												GetCurrentCommandId(true),
												GetActiveSnapshot(),
												InvalidSnapshot, true,
												&failure, false);

		if (result == TM_Ok)
			return true;
		if (!catch_up(c, stored, result))
			return false;
		version = c->latest;
	}
}

void
dload_changer_close(DloadChanger *c)
{
	ExecDropSingleTupleTableSlot(c->slot);
	ExecDropSingleTupleTableSlot(c->latest);
	ExecCloseIndices(c->rri);
	FreeExecutorState(c->estate);
	pfree(c);
}
