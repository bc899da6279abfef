/*-------------------------------------------------------------------------
 *
 * breaker.c
 *	  The circuit breaker of a server.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/breaker.h"

#include "miscadmin.h"
#include "rest/auth.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Where there is no shared memory. */
static HTAB *local_breakers = NULL;

typedef struct Asking
{
	const DloadResource *res;
	DloadSharedBreakerKey key;
	dshash_table *table;
	DloadSharedBreaker *entry;
} Asking;

/* Enter it in the shared table; dload_shmem_try's action. */
static void
find_shared(void *arg)
{
	Asking	   *a = arg;
	bool		found;

	a->entry = dshash_find_or_insert(a->table, &a->key, &found);
	if (!found)
		memset((char *) a->entry + sizeof(a->key), 0,
			   sizeof(DloadSharedBreaker) - sizeof(a->key));
}

static void
find_local(Asking *a)
{
	bool		found;

	if (local_breakers == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(DloadSharedBreakerKey);
		ctl.entrysize = sizeof(DloadSharedBreaker);
		local_breakers = hash_create("dload breakers", 16, &ctl,
									 HASH_ELEM | HASH_BLOBS);
	}
	a->entry = hash_search(local_breakers, &a->key, HASH_ENTER, &found);
	if (!found)
		memset((char *) a->entry + sizeof(a->key), 0,
			   sizeof(DloadSharedBreaker) - sizeof(a->key));
}

/* The server's breaker, locked until leave(); false if it has none. */
static bool
enter(Asking *a, const DloadResource *res)
{
	memset(a, 0, sizeof(*a));
	if (res->limits.breaker_failures == 0)
		return false;
	a->res = res;
	a->key.dbid = MyDatabaseId;
	a->key.serverid = res->serverid;
	a->table = dload_shmem_breakers();
	if (a->table == NULL || !dload_shmem_try(find_shared, a))
	{
		a->table = NULL;
		find_local(a);
	}
	return true;
}

static void
leave(Asking *a)
{
	if (a->table != NULL)
		dshash_release_lock(a->table, a->entry);
}

/* How long a request may take that tries, in microseconds. */
static int64
trial_time(const DloadLimitSpec *limits)
{
	return (limits->connect_timeout + limits->request_timeout) * 1000;
}

/*
 * Is the pause over?  One longer than any of this server's began under other
 * options, or by a clock that has been set back since.
 */
static bool
is_over(const DloadLimitSpec *limits, TimestampTz now, TimestampTz until)
{
	int64		longest = Max(limits->breaker_pause * 1000,
							  trial_time(limits));

	return now >= until || until - now > longest;
}

bool
dload_breaker_ask(const DloadFetch *f, DloadError *err)
{
	const DloadResource *res = f->channel->res;
	TimestampTz now;
	TimestampTz until;
	Asking		a;
	int			failures;
	char		reason[sizeof(a.entry->reason)];
	bool		goes;

	if (!enter(&a, res))
		return true;
	now = GetCurrentTimestamp();
	until = a.entry->open_until;
	failures = a.entry->failures;
	strlcpy(reason, a.entry->reason, sizeof(reason));
	goes = until == 0 || a.entry->trying == MyProcPid;
	if (!goes && is_over(&res->limits, now, until))
	{
		/* one tries; should it not come back, another may after some time */
		goes = true;
		a.entry->trying = MyProcPid;
		a.entry->open_until = now + trial_time(&res->limits);
	}
	leave(&a);
	if (goes)
		return true;
	dload_error_set(err, ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
					"server \"%s\" is not asked before %s, since it keeps "
					"failing", res->servername, timestamptz_to_str(until));
	dload_error_detail(err, "%s %s was not sent.  The last %d requests failed, "
					   "the last of them with: %s.", f->method, f->shown_url,
					   failures, dload_auth_redact(res, reason));
	return dload_error_hint(err, "The server's option \"breaker\" sets how "
							"many failures and how long a pause; see the "
							"view dload.breakers.");
}

static void
close_breaker(DloadSharedBreaker *entry)
{
	entry->failures = 0;
	entry->open_until = 0;
	entry->trying = 0;
}

void
dload_breaker_worked(const DloadFetch *f)
{
	Asking		a;

	if (!enter(&a, f->channel->res))
		return;
	close_breaker(a.entry);
	leave(&a);
}

void
dload_breaker_close(Oid serverid)
{
	DloadSharedBreakerKey key = {MyDatabaseId, serverid};
	dshash_table *table = dload_shmem_breakers();
	DloadSharedBreaker *entry;

	if (table != NULL && (entry = dshash_find(table, &key, true)) != NULL)
	{
		close_breaker(entry);
		dshash_release_lock(table, entry);
	}
	if (local_breakers != NULL &&
		(entry = hash_search(local_breakers, &key, HASH_FIND, NULL)) != NULL)
		close_breaker(entry);
}

void
dload_breaker_failed(const DloadFetch *f)
{
	const DloadResource *res = f->channel->res;
	int			status = dload_http_status(f->exchange);
	Asking		a;

	if (!enter(&a, res))
		return;
	a.entry->failures++;
	a.entry->failed_at = GetCurrentTimestamp();
	if (status > 0)
		snprintf(a.entry->reason, sizeof(a.entry->reason), "status %d",
				 status);
	else
		strlcpy(a.entry->reason, dload_http_error(f->exchange),
				sizeof(a.entry->reason));
	if (a.entry->failures >= res->limits.breaker_failures)
		a.entry->open_until = a.entry->failed_at +
			res->limits.breaker_pause * 1000;
	a.entry->trying = 0;
	leave(&a);
}

static List *
add_copy(List *list, const DloadSharedBreaker *entry)
{
	DloadSharedBreaker *copy;

	if (entry->key.dbid != MyDatabaseId)
		return list;
	copy = palloc(sizeof(DloadSharedBreaker));
	*copy = *entry;
	return lappend(list, copy);
}

List *
dload_breaker_list(void)
{
	dshash_table *table = dload_shmem_breakers();
	List	   *list = NIL;
	DloadSharedBreaker *entry;

	if (table != NULL)
	{
		dshash_seq_status seq;

		dshash_seq_init(&seq, table, false);
		while ((entry = dshash_seq_next(&seq)) != NULL)
			list = add_copy(list, entry);
		dshash_seq_term(&seq);
	}
	if (local_breakers != NULL)
	{
		HASH_SEQ_STATUS seq;

		hash_seq_init(&seq, local_breakers);
		while ((entry = hash_seq_search(&seq)) != NULL)
			list = add_copy(list, entry);
	}
	return list;
}
