/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  The only file that names versions of PostgreSQL, libcurl and jansson.
 *
 * Each entry gives the newest spelling and maps the older releases to it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_COMPAT_H
#define DLOAD_COMPAT_H

#include "postgres.h"

#include "fmgr.h"

#if PG_VERSION_NUM < 150000
#error "dload needs PostgreSQL 15 or later"
#endif

/* 16 took what makes variable-length values out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 marks such functions before their declaration, as C11 does. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* PostgreSQL 16 made these accessor names; 15 has only the wider ones. */
#if PG_VERSION_NUM < 160000
#define object_ownercheck_relation(relid, roleid) \
	pg_class_ownercheck(relid, roleid)
#else
#define object_ownercheck_relation(relid, roleid) \
	object_ownercheck(RelationRelationId, relid, roleid)
#endif

/* 16 has one function for the privileges on most kinds of object. */
#if PG_VERSION_NUM < 160000
#define dload_function_aclcheck(oid, userid) \
	pg_proc_aclcheck(oid, userid, ACL_EXECUTE)
#define dload_qualified_names(text) stringToQualifiedNameList(text)
#else
#define dload_function_aclcheck(oid, userid) \
	object_aclcheck(ProcedureRelationId, oid, userid, ACL_EXECUTE)
#define dload_qualified_names(text) stringToQualifiedNameList(text, NULL)
#endif

/*
 * SQL-callable functions.  Objects are compiled with -fvisibility=hidden;
 * PostgreSQL 16 marks what PG_FUNCTION_INFO_V1 and PG_MODULE_MAGIC declare as
 * exported, 15 does not.
 */
#if PG_VERSION_NUM < 160000
#define DLOAD_EXPORT __attribute__((visibility("default")))
#else
#define DLOAD_EXPORT PGDLLEXPORT
#endif
#define DLOAD_FUNCTION(name) \
	extern DLOAD_EXPORT Datum name(PG_FUNCTION_ARGS); \
	extern DLOAD_EXPORT const Pg_finfo_record *pg_finfo_##name(void); \
	PG_FUNCTION_INFO_V1(name)

/*
 * Hints for an option name that does not exist: 15 lists the valid ones, 16
 * names the closest.
 */
#if PG_VERSION_NUM < 160000
#define DLOAD_HINT_LISTS_OPTIONS true
typedef struct ClosestMatchState
{
	const char *source;
} ClosestMatchState;
#define initClosestMatch(state, name, max) ((state)->source = (name))
#define updateClosestMatch(state, candidate) ((void) (candidate))
#define getClosestMatch(state) ((void) (state), (const char *) NULL)
#else
#define DLOAD_HINT_LISTS_OPTIONS false
#endif

/*
 * Whose privileges a foreign scan uses.  16 keeps it in the plan node, 15 in
 * the range table.
 */
#if PG_VERSION_NUM < 160000
#define dload_scan_user(plan, estate) \
	(exec_rt_fetch((plan)->scan.scanrelid, (estate))->checkAsUser)
#else
#define dload_scan_user(plan, estate) ((void) (estate), (plan)->checkAsUser)
#endif

/* 17 lets the estimate look at statistics. */
#if PG_VERSION_NUM < 170000
#define dload_array_length(root, expr) \
	((void) (root), (double) estimate_array_length(expr))
#else
#define dload_array_length(root, expr) estimate_array_length(root, expr)
#endif

/*
 * A path of a foreign scan without outer plan: 17 added the restrictions of
 * pushed-down joins, 18 the number of disabled nodes.
 */
#if PG_VERSION_NUM < 170000
#define dload_foreign_path(root, rel, rows, disabled, startup, total, outer) \
	create_foreignscan_path(root, rel, NULL, rows, startup, total, NIL, \
							outer, NULL, NIL)
#elif PG_VERSION_NUM < 180000
#define dload_foreign_path(root, rel, rows, disabled, startup, total, outer) \
	create_foreignscan_path(root, rel, NULL, rows, startup, total, NIL, \
							outer, NULL, NIL, NIL)
#else
#define dload_foreign_path(root, rel, rows, disabled, startup, total, outer) \
	create_foreignscan_path(root, rel, NULL, rows, disabled, startup, total, \
							NIL, outer, NULL, NIL, NIL)
#endif

/*
 * The range table of an executor state for one result relation.  The messages
 * of failing constraints look there for the columns; 16 moved them to a list
 * beside it, without which they would be internal errors.  18 also wants to
 * know what was pruned.
 */
#if PG_VERSION_NUM < 160000
#define dload_init_range_table(estate, rte) \
	ExecInitRangeTable(estate, list_make1(rte))
#elif PG_VERSION_NUM < 180000
#define dload_init_range_table(estate, rte) \
	do { \
		List	   *permissions_ = NIL; \
\
		(void) addRTEPermissionInfo(&permissions_, rte); \
		ExecInitRangeTable(estate, list_make1(rte), permissions_); \
	} while (0)
#else
#define dload_init_range_table(estate, rte) \
	do { \
		List	   *permissions_ = NIL; \
\
		(void) addRTEPermissionInfo(&permissions_, rte); \
		ExecInitRangeTable(estate, list_make1(rte), permissions_, \
						   bms_make_singleton(1)); \
	} while (0)
#endif

/* 16 can skip the indexes that do not summarize. */
#if PG_VERSION_NUM < 160000
#define dload_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL)
#else
#define dload_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL, false)
#endif

/* Which indexes an update wants entries in: 16 tells the summarizing ones. */
#if PG_VERSION_NUM < 160000
#define DloadUpdatedIndexes bool
#define dload_updated_any_index(indexes) (indexes)
#define dload_update_index_tuples(rri, slot, estate, indexes) \
	((void) (indexes), \
	 ExecInsertIndexTuples(rri, slot, estate, true, false, NULL, NIL))
#else
#define DloadUpdatedIndexes TU_UpdateIndexes
#define dload_updated_any_index(indexes) ((indexes) != TU_None)
#define dload_update_index_tuples(rri, slot, estate, indexes) \
	ExecInsertIndexTuples(rri, slot, estate, true, false, NULL, NIL, \
						  (indexes) == TU_Summarizing)
#endif

/* Sorting as an index does: 18 is told the direction, not the strategy. */
#if PG_VERSION_NUM < 180000
#define dload_prepare_index_sort(index, descends, sortkey) \
	PrepareSortSupportFromIndexRel(index, (descends) ? \
								   BTGreaterStrategyNumber : \
								   BTLessStrategyNumber, sortkey)
#else
#define dload_prepare_index_sort(index, descends, sortkey) \
	PrepareSortSupportFromIndexRel(index, descends, sortkey)
#endif

/* A hash table of tuples; 18 asks for the kind of slot, NULL for any. */
#if PG_VERSION_NUM < 180000
#define dload_tuple_hash_table(desc, n, columns, eqfuncs, hashfuncs, \
							   collations, nbuckets, context, temporary) \
	BuildTupleHashTableExt(NULL, desc, n, columns, eqfuncs, hashfuncs, \
						   collations, nbuckets, 0, context, context, \
						   temporary, false)
#else
#define dload_tuple_hash_table(desc, n, columns, eqfuncs, hashfuncs, \
							   collations, nbuckets, context, temporary) \
	BuildTupleHashTable(NULL, desc, NULL, n, columns, eqfuncs, hashfuncs, \
						collations, nbuckets, 0, context, context, \
						temporary, false)
#endif

/* 18 can count what an index scan does. */
#if PG_VERSION_NUM < 180000
#define dload_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, nkeys, 0)
#else
#define dload_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#endif

/* 18 split the declarations of EXPLAIN. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* 18 counts the delays of ANALYZE apart. */
#if PG_VERSION_NUM < 180000
#define dload_vacuum_delay_point() vacuum_delay_point()
#else
#define dload_vacuum_delay_point() vacuum_delay_point(true)
#endif

/* The number of this process's latch. */
#if PG_VERSION_NUM < 170000
#define dload_my_proc_number() (MyProc->pgprocno)
#else
#define dload_my_proc_number() MyProcNumber
#endif

/* A database whose removal was interrupted. */
#define dload_database_is_invalid(form) database_is_invalid_form(form)

/* The type of wait reported for a network wait. */
#define DLOAD_WAIT_EVENT PG_WAIT_EXTENSION

/* A wait set that lives as long as the process. */
#if PG_VERSION_NUM < 170000
#define dload_create_wait_set(nevents) \
	CreateWaitEventSet(TopMemoryContext, (nevents))
#else
#define dload_create_wait_set(nevents) CreateWaitEventSet(NULL, (nevents))
#endif

/* 17 lets a shared hash table copy its keys by a function. */
#if PG_VERSION_NUM < 170000
#define dload_dshash_copy_function(params) ((void) (params))
#else
#define dload_dshash_copy_function(params) \
	((params)->copy_function = dshash_memcpy)
#endif

/*
 * libcurl: certificates in memory came with 7.77, CURLOPT_PREREQFUNCTION with
 * 7.80, CURLOPT_PROTOCOLS_STR with 7.85, CURLOPT_QUICK_EXIT with 7.87.  For
 * use after curl.h.
 */
#define DLOAD_CURL_HAS_BLOBS (LIBCURL_VERSION_NUM >= 0x074d00)
#define DLOAD_CURL_HAS_PREREQ (LIBCURL_VERSION_NUM >= 0x075000)
#define DLOAD_CURL_HAS_PROTOCOLS_STR (LIBCURL_VERSION_NUM >= 0x075500)
#define DLOAD_CURL_HAS_QUICK_EXIT (LIBCURL_VERSION_NUM >= 0x075700)

/*
 * What libcurl says since 8.6 of a header line or a decoded piece that is too
 * long, CURLE_OUT_OF_MEMORY before.  By its number, as the library can be
 * newer than the headers were.
 */
#define DLOAD_CURL_SAYS_TOO_LARGE(code) \
	((int) (code) == 100 || (code) == CURLE_OUT_OF_MEMORY)

/* What a setting's check hook keeps, which PostgreSQL frees. */
#if PG_VERSION_NUM >= 160000
#define dload_guc_alloc(size)	guc_malloc(LOG, size)
#define dload_guc_free(p)		guc_free(p)
#else
#define dload_guc_alloc(size)	malloc(size)
#define dload_guc_free(p)		free(p)
#endif

#endif							/* DLOAD_COMPAT_H */
