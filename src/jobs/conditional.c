/*-------------------------------------------------------------------------
 *
 * conditional.c
 *	  A run's conditional requests.
 *
 * Which rows a page stands for is known only where a second reading of it
 * would leave the table as it is: with keys, with a cursor, or when all of the
 * table is replaced.  In that last case the rows of a page that is not sent
 * cannot be put into the new table, so that either no page is sent, and the
 * old table stays, or all are read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/conditional.h"

#include "model/validatorlog.h"
#include "rest/request.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "storage/bufmgr.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* Of a list with more pages only so many can be recognised. */
#define MAX_VALIDATORS 20000

typedef struct KnownPage
{
	uint64		request;		/* hash key, first */
	DloadValidator validator;
} KnownPage;

static uint64
hash_text(const char *text, uint64 seed)
{
	return dload_hash_bytes(text, strlen(text), seed);
}

static uint64
hash_options(List *options, uint64 hash)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		hash = hash_text(def->defname, hash);
		hash = hash_text(defGetString(def), hash);
	}
	return hash;
}

/*
 * Which version of the user mapping is in force: a number that says nothing
 * of the secrets in it.
 */
static uint64
hash_mapping(Oid userid, Oid serverid, uint64 hash)
{
	HeapTuple	tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
										ObjectIdGetDatum(userid),
										ObjectIdGetDatum(serverid));

	if (HeapTupleIsValid(tuple))
	{
		TransactionId xid = HeapTupleHeaderGetRawXmin(tuple->t_data);
		Oid			umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;

		hash = dload_hash_bytes((char *) &xid, sizeof(xid), hash);
		hash = dload_hash_bytes((char *) &umid, sizeof(umid), hash);
		ReleaseSysCache(tuple);
	}
	return hash;
}

/* All that decides what an answer means: another one, and no page is known. */
static uint64
source_hash(const DloadRun *run)
{
	const DloadResource *res = run->resource;
	const DloadPipeline *p = run->pipeline;
	uint64		hash = dload_hash_bytes((const char *) &p->owner,
										sizeof(Oid), 0);

	hash = hash_options(GetForeignServer(res->serverid)->options, hash);
	hash = hash_options(GetForeignTable(res->relid)->options, hash);
	for (int i = 0; i < res->ncolumns; i++)
	{
		hash = hash_text(res->columns[i].name, hash);
		hash = hash_options(GetForeignColumnOptions(res->relid,
													res->columns[i].attnum),
							hash);
	}
	hash = hash_mapping(p->owner, res->serverid, hash);
	return hash_mapping(InvalidOid, res->serverid, hash);
}

/* A table that was truncated: whoever did it wants its rows read again. */
static bool
is_empty(const DloadRun *run)
{
	ListCell   *lc;

	foreach(lc, dload_catalog_tables(run->pipeline->id))
	{
		const DloadTableRow *table = lfirst(lc);
		Relation	rel;
		bool		empty;

		if (strcmp(table->path, "$") != 0 || !OidIsValid(table->relation))
			continue;
		rel = table_open(table->relation, AccessShareLock);
		empty = RELKIND_HAS_STORAGE(rel->rd_rel->relkind) &&
			RelationGetNumberOfBlocks(rel) == 0;
		table_close(rel, AccessShareLock);
		return empty;
	}
	return true;
}

static const DloadValidator *
look_up(const DloadRequest *request, void *arg)
{
	DloadRun   *run = arg;
	uint64		hash = dload_request_hash(request);
	KnownPage  *page = hash_search(run->known_pages, &hash, HASH_FIND, NULL);

	return page ? &page->validator : NULL;
}

static void
add_known(const DloadKeptValidator *kept, void *arg)
{
	DloadRun   *run = arg;
	DloadError	err = {0};
	KnownPage  *page;
	DloadValidator v = {kept->etag, kept->last_modified};

	if (kept->next != NULL)
	{
		v.next = dload_request_parse(kept->next, &err);
		/* of an older form: then it is as if nothing were known */
		if (v.next == NULL)
			return;
	}
	v.nrecords = kept->nrecords;
	v.fingerprint = kept->fingerprint;
	page = hash_search(run->known_pages, &kept->request, HASH_ENTER, NULL);
	page->validator = v;
}

/* Others ask for something else each time, or take it away by asking. */
static bool
is_list_of_pages(DloadPaginateKind kind)
{
	switch (kind)
	{
		case DLOAD_PAGINATE_WINDOW:
		case DLOAD_PAGINATE_LIST:
		case DLOAD_PAGINATE_SCROLL:
		case DLOAD_PAGINATE_DRAIN:
			return false;
		default:
			return true;
	}
}

void
dload_conditional_prepare(DloadRun *run)
{
	HASHCTL		ctl = {0};
	MemoryContext old;

	run->known_pages = NULL;
	run->noting = run->resource->request.conditional &&
		is_list_of_pages(run->resource->page.kind) &&
		(run->replacing || run->cursor != NULL || run->bookmarks ||
		 dload_pipeline_is_keyed(run->pipeline));
	run->definition = source_hash(run);
	if (run->resume != NULL)
		return;
	/* what a run left that did not come to its end */
	dload_validators_discard(run->pipeline->id);
	if (!run->noting || run->starting_over || is_empty(run))
		return;
	old = MemoryContextSwitchTo(run->context);
	ctl.keysize = sizeof(uint64);
	ctl.entrysize = sizeof(KnownPage);
	ctl.hcxt = run->context;
	run->known_pages = hash_create("dload validators", 64, &ctl,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	dload_validators_read(run->pipeline->id, run->definition,
						  run->generation, add_known, run);
	MemoryContextSwitchTo(old);
}

void
dload_conditional_begin(DloadRun *run)
{
	run->nnoted = 0;
	if (run->known_pages != NULL)
		dload_extract_use_validators(run->extract, look_up, run,
									 run->replacing);
}

void
dload_conditional_note(DloadRun *run, DloadPage *page)
{
	DloadKeptValidator *kept;

	/* that a next page is left out is seen on the page alone */
	if (!run->resource->page.given &&
		dload_extract_stats(run->extract)->paginator[0] != '\0')
		return;
	if (!run->noting || (!page->unchanged && !page->recognisable) ||
		run->nnoted++ >= MAX_VALIDATORS)
		return;
	kept = palloc0(sizeof(DloadKeptValidator));
	kept->request = dload_request_hash(page->request);
	kept->unchanged = page->unchanged;
	if (!page->unchanged)
	{
		kept->etag = page->validator.etag;
		kept->last_modified = page->validator.last_modified;
		kept->next = page->next ? dload_request_text(page->next) : NULL;
		kept->nrecords = page->nrecords;
		kept->fingerprint = page->fingerprint;
	}
	run->kept = lappend(run->kept, kept);
}

/* Did no page bring records?  One that only ended the list had none. */
static bool
none_was_sent(const DloadExtractStats *stats)
{
	return stats->unchanged + stats->endings == stats->pages;
}

bool
dload_conditional_in_vain(DloadRun *run)
{
	const DloadExtractStats *stats = dload_extract_stats(run->extract);

	if (!run->replacing || stats->unchanged == 0 || none_was_sent(stats))
		return false;
	run->known_pages = NULL;
	return true;
}

bool
dload_conditional_unchanged(const DloadRun *run)
{
	const DloadExtractStats *stats = dload_extract_stats(run->extract);

	return stats->unchanged > 0 && none_was_sent(stats);
}

/* Keep only those of pages that were not sent. */
static void
forget_read(DloadRun *run)
{
	ListCell   *lc;

	foreach(lc, run->kept)
	{
		const DloadKeptValidator *kept = lfirst(lc);

		if (!kept->unchanged)
			run->kept = foreach_delete_current(run->kept, lc);
	}
}

void
dload_conditional_save(DloadRun *run, bool complete)
{
	/* what was turned away must come again when the table takes it */
	if (run->counters.rows_rejected != run->committed.rows_rejected)
		forget_read(run);
	if (run->kept != NIL)
		dload_validators_put(run->pipeline->id, run->run_id, run->definition,
							 run->generation, run->kept);
	run->kept = NIL;
	/* otherwise what was read is not in the table */
	if (complete && run->outcome == NULL)
		dload_validators_complete(run->pipeline->id, run->run_id,
								  run->read_whole);
}
