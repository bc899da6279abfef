/*-------------------------------------------------------------------------
 *
 * close.c
 *	  Telling the server that a scroll is over.
 *
 * What a scroll holds open costs the server memory until it times out, so the
 * request that closes it is sent at the end, after an error and at a cancel.
 * It is a courtesy: whether it succeeds does not matter, so it never raises
 * and waits only shortly, and hardly at all while a transaction is aborted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/read.h"

#include "rest/slices.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define CLOSE_WAIT_MS	2000
#define ABORT_WAIT_MS	80

/* A cancel is looked for so often. */
#define SLICE_MS		20

/* Send it, and wait for the answer. */
static void
send_close(DloadExtract *x, const char *token, int wait_ms)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													wait_ms);
	DloadRequest like = {0};
	DloadRequest request;
	DloadFetch *f;

	if (!dload_scroll_close(x->res, token, &like, &request))
		return;
	f = dload_fetch_create(&x->channel, &request);
	dload_fetch_start(f);
	while (f->exchange != NULL && GetCurrentTimestamp() < until)
	{
		DloadHttpState state = dload_http_wait(f->exchange, SLICE_MS);

		if (state == DLOAD_HTTP_DONE || state == DLOAD_HTTP_FAILED)
			break;
		if (InterruptPending)
			break;
	}
	dload_fetch_end(f);
}

static void
close_quietly(DloadExtract *x, int wait_ms)
{
	char	   *token = x->scroll;
	MemoryContext old = CurrentMemoryContext;
	MemoryContext context;
	uint32		held = InterruptHoldoffCount;

	if (token == NULL || proc_exit_inprogress)
		return;
	x->scroll = NULL;
	context = AllocSetContextCreate(TopMemoryContext, "dload close",
									ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(context);
	HOLD_INTERRUPTS();
	PG_TRY();
	{
		send_close(x, token, wait_ms);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		FlushErrorState();
		/* which an error sets to zero */
		InterruptHoldoffCount = held + 1;
	}
	PG_END_TRY();
	RESUME_INTERRUPTS();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* A transaction is aborted: what the extract points at is still there. */
static void
on_context_reset(void *arg)
{
	close_quietly(arg, ABORT_WAIT_MS);
}

void
dload_close_prepare(DloadExtract *x)
{
	if (x->res->page.kind != DLOAD_PAGINATE_SCROLL ||
		x->res->slice.close_path == NULL)
		return;
	x->on_reset.func = on_context_reset;
	x->on_reset.arg = x;
	MemoryContextRegisterResetCallback(x->context, &x->on_reset);
}

void
dload_close_note(DloadExtract *x, DloadSpan envelope)
{
	char	   *token;

	if (x->on_reset.func == NULL)
		return;
	token = dload_scroll_token(x->res, envelope);
	if (token == NULL)
		return;
	if (x->scroll != NULL)
		pfree(x->scroll);
	x->scroll = MemoryContextStrdup(x->context, token);
}

void
dload_close_scroll(DloadExtract *x, bool patient)
{
	close_quietly(x, patient ? CLOSE_WAIT_MS : ABORT_WAIT_MS);
}
