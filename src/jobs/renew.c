/*-------------------------------------------------------------------------
 *
 * renew.c
 *	  Renewing access tokens, once for all processes.
 *
 *		QUEUE	held by the session that has its turn; the others wait, and
 *				find the new token when it is theirs
 *		WORK	held by the worker while it asks and until it has committed
 *
 * Two locks, because a session may give up: then the next one's worker waits
 * for the first worker, and finds what that got.
 *
 * A session that renews has a transaction, perhaps with a snapshot and locks.
 * The worker waits for nothing that a session can hold but QUEUE's purpose: it
 * reads catalogs and its table, and locks no relation of a user.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/renew.h"

#include "base/setting.h"
#include "jobs/worker.h"
#include "model/tokenstore.h"
#include "rest/auth.h"
#include "rest/oauth.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* advisory locks of a user mapping, by objsubid */
#define LOCK_QUEUE	210
#define LOCK_WORK	211

/* Attempts to store what was given, with pauses that become longer. */
#define MAX_STORES	5

/* What a worker is started for; in bgw_extra. */
typedef struct RenewTask
{
	Oid			dbid;
	Oid			serverid;
	Oid			userid;
	Oid			mapping;
	uint64		fingerprint;
	uint64		bad;			/* hash of the token that will not do; 0 for
								 * none */
} RenewTask;

/* A token that could not be stored, kept for this process. */
typedef struct OwnToken
{
	Oid			mapping;
	uint64		fingerprint;
	DloadStoredToken token;
} OwnToken;

static List *own_tokens = NIL;	/* in TopMemoryContext */

static void
lock_mapping(Oid mapping, int which, bool session)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, mapping, which);
	(void) LockAcquire(&tag, ExclusiveLock, session, false);
}

static void
unlock_mapping(Oid mapping, int which, bool session)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, mapping, which);
	(void) LockRelease(&tag, ExclusiveLock, session);
}

static uint64
token_hash(const char *token)
{
	return token ? dload_hash_bytes(token, strlen(token), 0) | 1 : 0;
}

/* Is it another token than the one that will not do, and still good? */
static bool
is_good(const DloadStoredToken *token, uint64 bad, int64 early)
{
	return token != NULL && token->access_token != NULL &&
		token_hash(token->access_token) != bad &&
		dload_token_fresh(token->issued_at, token->expires_at, early);
}

static uint64
bad_token(const DloadAccess *access)
{
	return access->rejected ? token_hash(access->token) : 0;
}

/* Use it if it is good. */
static bool
adopt(const DloadResource *res, const DloadStoredToken *token)
{
	return is_good(token, bad_token(res->auth.access), res->auth.early) &&
		dload_resource_adopt(res, token);
}

/* -------------------------------------------------------------------------
 * Without a worker.
 * -------------------------------------------------------------------------
 */

static OwnToken *
find_own(const DloadResource *res, uint64 fingerprint)
{
	ListCell   *lc;

	foreach(lc, own_tokens)
	{
		OwnToken   *own = lfirst(lc);

		if (own->mapping == res->auth.mapping &&
			own->fingerprint == fingerprint)
			return own;
	}
	return NULL;
}

static void
free_text(char **text)
{
	if (*text != NULL)
		pfree(*text);
	*text = NULL;
}

/* Ask ourselves, and keep the token for this process. */
static bool
ask_alone(const DloadResource *res, uint64 fingerprint, DloadError *err)
{
	OwnToken   *own = find_own(res, fingerprint);
	MemoryContext old;
	DloadGrant	grant;

	if (own != NULL && adopt(res, &own->token))
		return true;
	if (!dload_oauth_ask(res, false, NULL, &grant, err))
		return false;
	old = MemoryContextSwitchTo(TopMemoryContext);
	if (own == NULL)
	{
		own = palloc0(sizeof(OwnToken));
		own->mapping = res->auth.mapping;
		own->fingerprint = fingerprint;
		own_tokens = lappend(own_tokens, own);
	}
	free_text(&own->token.access_token);
	free_text(&own->token.base_url);
	own->token.access_token = pstrdup(grant.access_token);
	own->token.base_url = grant.base_url ? pstrdup(grant.base_url) : NULL;
	own->token.issued_at = grant.issued_at;
	own->token.expires_at = grant.expires_at;
	MemoryContextSwitchTo(old);
	dload_access_adopt(res->auth.access, grant.access_token, grant.base_url,
					   grant.issued_at, grant.expires_at);
	return true;
}

/* Was the object made or changed by this transaction, so that nobody else
 * sees it as it is? */
static bool
is_ours(int cache, Oid oid)
{
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(oid));
	TransactionId xmin;

	if (!HeapTupleIsValid(tuple))
		return true;
	xmin = HeapTupleHeaderGetXmin(tuple->t_data);
	ReleaseSysCache(tuple);
	return TransactionIdIsCurrentTransactionId(xmin);
}

/* NULL, or why no worker can do it. */
static const char *
worker_obstacle(const DloadResource *res)
{
	if (RecoveryInProgress())
		return "the database server is a standby";
	if (is_ours(FOREIGNSERVEROID, res->serverid) ||
		is_ours(USERMAPPINGOID, res->auth.mapping))
		return "this transaction has changed the server or the user mapping";
	return NULL;
}

/* -------------------------------------------------------------------------
 * By a worker.
 * -------------------------------------------------------------------------
 */

/* False if there is no place for one. */
static bool
run_worker(const DloadResource *res, uint64 fingerprint)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;
	RenewTask	task = {0};
	BgwHandleStatus status;

	task.dbid = MyDatabaseId;
	task.serverid = res->serverid;
	task.userid = res->userid;
	task.mapping = res->auth.mapping;
	task.fingerprint = fingerprint;
	task.bad = bad_token(res->auth.access);

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_name, BGW_MAXLEN, "dload token worker");
	snprintf(worker.bgw_type, BGW_MAXLEN, "dload token worker");
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "dload");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "dload_renew_main");
	StaticAssertStmt(sizeof(RenewTask) <= BGW_EXTRALEN, "task is too large");
	memcpy(worker.bgw_extra, &task, sizeof(task));
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return false;
	status = WaitForBackgroundWorkerShutdown(handle);
	if (status == BGWH_POSTMASTER_DIED)
		ereport(ERROR,
				(errcode(ERRCODE_CRASH_SHUTDOWN),
				 errmsg("postmaster died while a token was renewed")));
	pfree(handle);
	return true;
}

/* The error where only a worker could have done it. */
static bool
no_worker(const DloadResource *res, const char *obstacle, DloadError *err)
{
	dload_error_set(err, obstacle ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE :
					ERRCODE_INSUFFICIENT_RESOURCES,
					"could not renew the token for server \"%s\"",
					res->servername);
	if (obstacle != NULL)
		return dload_error_detail(err, "A new refresh token must be committed "
								  "at once, which is not possible: %s.",
								  obstacle);
	dload_error_detail(err, "There is no place for the worker that would do "
					   "it.");
	return dload_error_hint(err, "Raise max_worker_processes, or try again.");
}

/* It is our turn, which we have waited for since "asked". */
static bool
renew_in_turn(const DloadResource *res, TimestampTz asked, DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;
	bool		rotates = auth->grant == DLOAD_GRANT_REFRESH_TOKEN;
	uint64		fingerprint = dload_authspec_fingerprint(auth);
	DloadStoredToken *stored = dload_tokenstore_read(auth->mapping,
													 fingerprint);
	const char *obstacle;

	if (adopt(res, stored))
		return true;
	/* what somebody was told meanwhile goes for us too */
	if (stored != NULL && stored->failed_at >= asked)
	{
		*err = stored->failure;
		return false;
	}
	obstacle = worker_obstacle(res);
	/* here, where it can be cancelled and no worker sits idle */
	if (obstacle == NULL && !dload_oauth_turn(res, res->limits.max_wait, err))
		return false;
	if (obstacle != NULL || !run_worker(res, fingerprint))
		return rotates ? no_worker(res, obstacle, err) :
			ask_alone(res, fingerprint, err);

	stored = dload_tokenstore_read(auth->mapping, fingerprint);
	if (adopt(res, stored))
		return true;
	if (stored != NULL && stored->failed_at >= asked)
	{
		*err = stored->failure;
		return false;
	}
	/* the options have changed, or the worker sees other secrets */
	if (!rotates)
		return ask_alone(res, fingerprint, err);
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"could not renew the token for server \"%s\"",
					res->servername);
	return dload_error_hint(err, "Either server or user mapping were changed "
							"meanwhile, or the server's log has the reason.");
}

static bool
renew(const DloadResource *res, DloadError *err)
{
	TimestampTz asked = GetCurrentTimestamp();
	bool		ok;

	/* released with the transaction, if this does not come to its end */
	lock_mapping(res->auth.mapping, LOCK_QUEUE, false);
	ok = renew_in_turn(res, asked, err);
	unlock_mapping(res->auth.mapping, LOCK_QUEUE, false);
	return ok;
}

void
dload_renew_init(void)
{
	dload_auth_set_renewer(renew);
}

/* -------------------------------------------------------------------------
 * The worker.
 * -------------------------------------------------------------------------
 */

/* Ask, without a transaction, and put what comes into *token. */
static void
ask(const DloadResource *res, DloadStoredToken *token)
{
	const char *refresh_token = token->refresh_token ? token->refresh_token :
		res->auth.refresh_token;
	DloadError	err = {0};
	DloadGrant	grant;

	if (refresh_token != NULL)
		dload_access_mask(res->auth.access, refresh_token);
	if (!dload_oauth_ask(res, true, refresh_token, &grant, &err))
	{
		token->failure = err;
		token->failed_at = GetCurrentTimestamp();
		return;
	}
	memset(token, 0, sizeof(*token));
	token->access_token = grant.access_token;
	token->refresh_token = unconstify(char *, grant.refresh_token ?
									  grant.refresh_token : refresh_token);
	token->base_url = grant.base_url;
	token->issued_at = grant.issued_at;
	token->expires_at = grant.expires_at;
}

/* False if there is nothing to do any more. */
static bool
renew_token(const RenewTask *task, DloadStoredToken *token,
			MemoryContext context)
{
	DloadResource *res;
	DloadStoredToken *stored;
	bool		needed;

	dload_worker_begin();
	MemoryContextSwitchTo(context);
	lock_mapping(task->mapping, LOCK_WORK, true);
	dload_setting_of_role(task->userid);
	res = dload_resource_of_server(task->serverid, task->userid);
	stored = dload_tokenstore_read(task->mapping, task->fingerprint);
	/* another worker may have been here while we waited */
	needed = res->auth.mapping == task->mapping &&
		dload_authspec_fingerprint(&res->auth) == task->fingerprint &&
		!(is_good(stored, task->bad, res->auth.early) &&
		  dload_resource_adopt(res, stored));
	if (stored != NULL)
		*token = *stored;
	memset(&token->failure, 0, sizeof(token->failure));
	dload_worker_commit();
	MemoryContextSwitchTo(context);
	if (needed)
		ask(res, token);
	return needed;
}

/* An error that was raised becomes the one that the session reports. */
static void
note_error(DloadStoredToken *token)
{
	ErrorData  *data = CopyErrorData();

	FlushErrorState();
	token->failure.sqlstate = data->sqlerrcode;
	token->failure.message = data->message;
	token->failure.detail = data->detail;
	token->failure.hint = data->hint;
	token->failed_at = GetCurrentTimestamp();
}

/* What was given may be given once only: it is worth another attempt. */
static bool
store(const RenewTask *task, const DloadStoredToken *token)
{
	volatile bool done = false;

	PG_TRY();
	{
		dload_worker_begin();
		dload_tokenstore_write(task->mapping, task->fingerprint, token);
		dload_worker_commit();
		done = true;
	}
	PG_CATCH();
	{
		EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
	}
	PG_END_TRY();
	return done;
}

void
dload_renew_main(Datum arg)
{
	RenewTask	task;
	DloadStoredToken token = {0};
	MemoryContext context;
	bool		needed = true;

	memcpy(&task, MyBgworkerEntry->bgw_extra, sizeof(task));

	/*
	 * A shutdown waits for the answer, at most for the server's timeouts: it
	 * may bring the only refresh token that is good from then on.
	 */
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(task.dbid, InvalidOid, 0);
	/* a new token must be stored, outlive a crash, and be in no log */
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET,
					PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed",
					PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("synchronous_commit", "local", PGC_USERSET,
					PGC_S_OVERRIDE);
	SetConfigOption("auto_explain.log_min_duration", "-1", PGC_SUSET,
					PGC_S_OVERRIDE);
	/* somebody may have locked the table by hand */
	SetConfigOption("lock_timeout", "30s", PGC_USERSET, PGC_S_OVERRIDE);

	context = AllocSetContextCreate(TopMemoryContext, "dload token",
									ALLOCSET_DEFAULT_SIZES);
	PG_TRY();
	{
		needed = renew_token(&task, &token, context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		note_error(&token);
		AbortCurrentTransaction();
	}
	PG_END_TRY();
	for (int attempt = 1; needed && !store(&task, &token); attempt++)
	{
		if (attempt == MAX_STORES)
			break;
		pg_usleep(attempt * USECS_PER_SEC);
		MemoryContextSwitchTo(context);
	}
	unlock_mapping(task.mapping, LOCK_WORK, true);
	proc_exit(0);
}
