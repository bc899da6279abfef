/*-------------------------------------------------------------------------
 *
 * httpwait.c
 *	  The multiplexer under http.c.
 *
 * On Linux libcurl tells its descriptors through the socket callback, and
 * they go into one private epoll descriptor, which is a member of a wait set
 * kept for the life of the process, beside the latch and postmaster death.  A
 * wait set cannot drop a descriptor, and building one for each wait costs six
 * system calls; with the private descriptor a wait-up costs two.  Elsewhere
 * libcurl waits itself, in slices short enough for cancel to be prompt.
 *
 * libcurl may start a thread to resolve a name.  It inherits the signal mask,
 * so all signals are blocked while libcurl works: otherwise PostgreSQL's
 * handlers could run in that thread.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/dload.h"
#include "rest/httpwait.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "utils/memutils.h"

#include <signal.h>
#include <unistd.h>

#if defined(__linux__) && !defined(DLOAD_NO_EPOLL)
#define DLOAD_USE_EPOLL
#include <sys/epoll.h>
#endif

/* Idle connections kept for reuse, over all servers. */
#define MAX_IDLE_CONNECTIONS	32

/* A wait without end is cut, so that no arithmetic can overflow. */
#define MAX_WAIT_US				(INT64CONST(3600) * 1000 * 1000)

/* Events taken from the kernel at a time. */
#define MAX_EVENTS				64

/* libcurl asks to be called again at once a few times per transfer. */
#define MAX_TIMER_ROUNDS		16

/* Without epoll: how long libcurl waits between looks at the latch. */
#define SLICE_US				(50 * 1000)

static CURLM *multi = NULL;
static bool curl_ready = false;
static dlist_head transfers = DLIST_STATIC_INIT(transfers);

#ifdef DLOAD_USE_EPOLL
static int	mux_fd = -1;
static WaitEventSet *wait_set = NULL;
static int	latch_pos;
static int64 timer_due = 0;		/* when libcurl wants to be called; 0 = not */
#endif

int64
dload_mux_now(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

/* Block what can be handled by somebody else's thread; faults stay ours. */
static void
block_signals(sigset_t *saved)
{
	sigset_t	mask;

	sigfillset(&mask);
	sigdelset(&mask, SIGSEGV);
	sigdelset(&mask, SIGBUS);
	sigdelset(&mask, SIGFPE);
	sigdelset(&mask, SIGILL);
	sigdelset(&mask, SIGABRT);
	sigdelset(&mask, SIGTRAP);
	pthread_sigmask(SIG_SETMASK, &mask, saved);
}

static void
restore_signals(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

#ifdef DLOAD_USE_EPOLL

/* libcurl's socket callback: keep the epoll descriptor as libcurl wants it. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct epoll_event event = {0};

	if (what == CURL_POLL_REMOVE)
	{
		/* closed already is as good as removed */
		(void) epoll_ctl(mux_fd, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		event.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		event.events |= EPOLLOUT;
	event.data.fd = fd;

	/*
	 * A number may be reused for a new socket before libcurl says that the
	 * old one is gone, so what is marked as known may not be, and the reverse.
	 */
	if (known == NULL)
		curl_multi_assign(multi, fd, &mux_fd);
	if (epoll_ctl(mux_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
				  &event) == 0 ||
		(errno == EEXIST &&
		 epoll_ctl(mux_fd, EPOLL_CTL_MOD, fd, &event) == 0) ||
		(errno == ENOENT &&
		 epoll_ctl(mux_fd, EPOLL_CTL_ADD, fd, &event) == 0))
		return 0;
	return -1;					/* libcurl then gives up on everything */
}

static int
on_timer(CURLM *m, long timeout_ms, void *arg)
{
	timer_due = timeout_ms < 0 ? 0 :
		dload_mux_now() + (int64) timeout_ms * 1000;
	return 0;
}

/* The descriptors, made once and kept. */
static void
open_wait_set(void)
{
	if (mux_fd < 0)
	{
		if (!AcquireExternalFD())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("too many open files in this process")));
		mux_fd = epoll_create1(EPOLL_CLOEXEC);
		if (mux_fd < 0)
		{
			ReleaseExternalFD();
			ereport(ERROR,
					(errcode_for_socket_access(),
					 errmsg("could not create an epoll descriptor: %m")));
		}
	}
	if (wait_set == NULL)
	{
		WaitEventSet *set = dload_create_wait_set(3);

		/* nothing below fails once the set exists but for a broken kernel */
		latch_pos = AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET,
									  MyLatch, NULL);
		if (IsUnderPostmaster)
			AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET,
							  NULL, NULL);
		AddWaitEventToSet(set, WL_SOCKET_READABLE, mux_fd, NULL, NULL);
		wait_set = set;
	}
}

static void
set_multi_callbacks(void)
{
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	timer_due = 0;
}

/* Tell libcurl what happened. */
static CURLMcode
perform(void)
{
	struct epoll_event events[MAX_EVENTS];
	int			running;
	int			n;
	CURLMcode	code;

	n = epoll_wait(mux_fd, events, MAX_EVENTS, 0);
	for (int i = 0; i < n; i++)
	{
		int			bits = 0;

		if (events[i].events & EPOLLIN)
			bits |= CURL_CSELECT_IN;
		if (events[i].events & EPOLLOUT)
			bits |= CURL_CSELECT_OUT;
		if (events[i].events & (EPOLLERR | EPOLLHUP))
			bits |= CURL_CSELECT_ERR;
		code = curl_multi_socket_action(multi, events[i].data.fd, bits,
										&running);
		if (code != CURLM_OK && code != CURLM_BAD_SOCKET)
			return code;
	}

	for (int i = 0; i < MAX_TIMER_ROUNDS; i++)
	{
		if (timer_due == 0 || dload_mux_now() < timer_due)
			break;
		timer_due = 0;			/* libcurl's timers fire once */
		code = curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0,
										&running);
		if (code != CURLM_OK)
			return code;
	}
	return CURLM_OK;
}

/* Sleep for at most timeout microseconds. */
static void
sleep_once(int64 timeout)
{
	WaitEvent	event;
	int64		now = dload_mux_now();

	if (timer_due != 0)
		timeout = Min(timeout, timer_due - now);
	if (timeout <= 0)
		return;

	ModifyWaitEvent(wait_set, latch_pos, WL_LATCH_SET, MyLatch);
	if (WaitEventSetWait(wait_set, (long) ((timeout + 999) / 1000), &event, 1,
						 DLOAD_WAIT_EVENT) > 0 &&
		(event.events & WL_LATCH_SET) != 0)
		ResetLatch(MyLatch);
}

#else							/* !DLOAD_USE_EPOLL */

static void
open_wait_set(void)
{
}

static void
set_multi_callbacks(void)
{
}

static CURLMcode
perform(void)
{
	int			running;

	return curl_multi_perform(multi, &running);
}

static void
sleep_once(int64 timeout)
{
	if (timeout <= 0)
		return;
	if (dlist_is_empty(&transfers))
	{
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 (long) ((timeout + 999) / 1000), DLOAD_WAIT_EVENT);
	}
	else
	{
		timeout = Min(timeout, SLICE_US);
		pgstat_report_wait_start(DLOAD_WAIT_EVENT);
		(void) curl_multi_poll(multi, NULL, 0, (int) ((timeout + 999) / 1000),
							   NULL);
		pgstat_report_wait_end();
		if (IsUnderPostmaster && !PostmasterIsAlive())
			proc_exit(1);
	}
	ResetLatch(MyLatch);
}

#endif							/* DLOAD_USE_EPOLL */

const char *
dload_mux_open(void)
{
	sigset_t	saved;

	open_wait_set();
	if (multi != NULL)
		return NULL;

	block_signals(&saved);
	if (!curl_ready)
		curl_ready = (curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK);
	if (curl_ready)
		multi = curl_multi_init();
	restore_signals(&saved);

	if (multi == NULL)
		return "could not initialize libcurl";
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
					  (long) MAX_IDLE_CONNECTIONS);
	set_multi_callbacks();
	return NULL;
}

const char *
dload_mux_attach(DloadTransfer *transfer)
{
	CURLMcode	code = curl_multi_add_handle(multi, transfer->easy);

	if (code != CURLM_OK)
		return curl_multi_strerror(code);
	transfer->attached = true;
	dlist_push_tail(&transfers, &transfer->node);
	return NULL;
}

void
dload_mux_detach(DloadTransfer *transfer)
{
	sigset_t	saved;

	if (!transfer->attached)
		return;
	transfer->attached = false;
	dlist_delete(&transfer->node);
	block_signals(&saved);
	(void) curl_multi_remove_handle(multi, transfer->easy);
	restore_signals(&saved);
}

/*
 * The multi handle is of no more use: every transfer fails, and the next
 * dload_mux_open() makes a new one.
 */
static void
abandon_multi(void)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &transfers)
	{
		DloadTransfer *transfer = dlist_container(DloadTransfer, node,
												  iter.cur);

		dload_mux_detach(transfer);
		transfer->finished(transfer, CURLE_ABORTED_BY_CALLBACK);
	}
	(void) curl_multi_cleanup(multi);
	multi = NULL;
}

/* Take over what libcurl has finished. */
static void
reap(void)
{
	CURLMsg    *msg;
	int			left;

	while ((msg = curl_multi_info_read(multi, &left)) != NULL)
	{
		CURLcode	result;
		char	   *private = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		/* the message does not outlive the handle's removal */
		result = msg->data.result;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
		dload_mux_detach((DloadTransfer *) private);
		((DloadTransfer *) private)->finished((DloadTransfer *) private,
											  result);
	}
}

/* Look at the transfers' own deadlines. */
static void
expire(void)
{
	int64		now = dload_mux_now();
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &transfers)
	{
		DloadTransfer *transfer = dlist_container(DloadTransfer, node,
												  iter.cur);

		if (transfer->deadline != 0 && now >= transfer->deadline)
			transfer->expired(transfer, now);
	}
}

void
dload_mux_drive(void)
{
	sigset_t	saved;
	CURLMcode	code;

	if (dlist_is_empty(&transfers))
		return;

	block_signals(&saved);
	code = perform();
	restore_signals(&saved);

	/*
	 * Deadlines come last: bytes that arrived while nobody was driving have
	 * moved them by now.
	 */
	reap();
	if (code != CURLM_OK)
		abandon_multi();
	else
		expire();
}

int64
dload_mux_wait(int64 until)
{
	int64		start = dload_mux_now();
	int64		due = Min(until, start + MAX_WAIT_US);
	dlist_iter	iter;

	open_wait_set();
	dlist_foreach(iter, &transfers)
	{
		DloadTransfer *transfer = dlist_container(DloadTransfer, node,
												  iter.cur);

		if (transfer->deadline != 0)
			due = Min(due, transfer->deadline);
	}
	sleep_once(due - start);
	CHECK_FOR_INTERRUPTS();
	return dload_mux_now() - start;
}
