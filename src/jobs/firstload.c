/*-------------------------------------------------------------------------
 *
 * firstload.c
 *	  A large first load into keyed tables builds their keys at the end.
 *
 * When the first package is full and more will follow, tables are made
 * without keys, and rows appended without looking for them.  The pipeline is
 * then keyless.  Its keys are built by the transaction of the window's last
 * package; or before anything else, when a later run does not go on where the
 * load stopped, or a record comes that the keys might not take, or that says
 * that a row is gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/rundata.h"

#include "load/keys.h"
#include "model/keyless.h"

/* Before tables are made for the first rows; "full": more is likely. */
void
dload_firstload_begin(DloadRun *run, bool full)
{
	DloadShape *shape = run->shape;

	if (!full || !shape->keyed || run->replacing ||
		OidIsValid(shape->tables[0]->relid) ||
		!dload_keys_are_plain(shape) ||
		dload_catalog_has_publications())
		return;
	dload_catalog_set_keyless(run->pipeline->id, true);
	run->keyless = run->ev.keyless = true;
}

/* Before rows are stored: must they be looked for from now on? */
void
dload_firstload_check(DloadRun *run)
{
	if (run->keyless && (dload_keys_are_long(run->batch) ||
						 run->batch->ntombstones > 0 ||
						 dload_key_exists(run->shape->tables[0])))
		dload_firstload_end(run);
}

/* Build the keys. */
void
dload_firstload_end(DloadRun *run)
{
	int64		ngone;
	int64		own;

	dload_progress_phase(run, "building keys");
	ngone = dload_keys_build(&run->ev, run->shape);
	/* of its own rows as if the last record had been known before */
	own = Min(ngone, run->counters.rows_inserted);
	run->counters.rows_inserted -= own;
	run->counters.rows_unchanged += own;
	run->counters.rows_deleted += ngone - own;
	dload_catalog_set_keyless(run->pipeline->id, false);
	run->keyless = run->ev.keyless = false;
}

static void
end_as_owner(DloadRun *run, void *arg)
{
	dload_firstload_end(run);
}

void
dload_firstload_finish(DloadRun *run, void *arg)
{
	dload_run_as_owner(run, end_as_owner, NULL);
}
