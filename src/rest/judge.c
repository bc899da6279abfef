/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  What becomes of a fetch by what its response says: the rules first, then
 *	  the status.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/judge.h"

#include "rest/auth.h"
#include "rest/breaker.h"
#include "rest/hop.h"
#include "rest/retry.h"
#include "rest/rules.h"
#include "utils/timestamp.h"

/* How much of a bad response's body is read to explain it. */
#define MAX_ERROR_BODY_BYTES (64 * 1024)

/* A rate limit that is used up, and nobody says for how long. */
#define DEFAULT_LIMIT_MS (60 * 1000)

/* What an API may ask for at most; longer is taken for a mistake. */
#define MAX_POLL_SECONDS 86400.0

/* Read what explains a bad response. */
static DloadSpan
read_error_body(DloadFetch *f)
{
	StringInfoData body;

	initStringInfo(&body);
	while (body.len < MAX_ERROR_BODY_BYTES)
	{
		DloadHttpState state = dload_hop_wait(f, -1);
		DloadSpan	piece = dload_http_peek(f->exchange);

		appendBinaryStringInfo(&body, piece.data,
							   (int) Min(piece.len, MAX_ERROR_BODY_BYTES));
		dload_http_consume(f->exchange, piece.len);
		if (state == DLOAD_HTTP_DONE || state == DLOAD_HTTP_FAILED)
			break;
	}
	return dload_span(body.data, body.len);
}

/* The first response tells what the server's clock says. */
static void
note_date(DloadChannel *channel, const DloadExchange *ex)
{
	TimestampTz date;

	if (channel->dated)
		return;
	channel->dated = true;
	date = dload_response_date(ex);
	if (date != 0)
		channel->server_time = date;
}

/*
 * GitHub's feeds say how often they may be asked for.  The largest of the
 * read counts.
 */
static void
note_poll_interval(DloadChannel *channel, const DloadExchange *ex)
{
	char	   *text = dload_http_header(ex, "X-Poll-Interval");
	char	   *end;
	double		seconds;

	if (text == NULL)
		return;
	seconds = strtod(text, &end);
	if (end != text && *end == '\0' && seconds >= 0 &&
		seconds <= MAX_POLL_SECONDS)
		channel->poll_interval = Max(channel->poll_interval,
									 (int64) (seconds * 1000));
}

static DloadJudgement
ask_again(DloadFetch *f, const DloadRule *rule, DloadSpan body,
		  DloadError *err)
{
	int64		ms = dload_rules_wait(f, rule, body);
	int64		points = -1;
	bool		limited = rule->action == DLOAD_RULE_LIMITED;

	if (limited)
		points = dload_cost_pause(&f->channel->res->limits, body);
	if (points > 0)
		ms = points;
	if (limited && ms < 0)
		ms = dload_limit_pause(&f->channel->res->limits, f->exchange, true);
	if (limited && ms < 0)
		ms = DEFAULT_LIMIT_MS;
	if (limited)
		dload_permit_block(&f->permit, ms);
	if (ms > f->channel->res->limits.max_wait)
	{
		(void) dload_retry_later(f, limited, ms, err);
		return DLOAD_JUDGED_ERROR;
	}
	if (dload_retry(f, ms, true))
		return DLOAD_JUDGED_AGAIN;
	(void) dload_rules_error(f, rule, body, err);
	return DLOAD_JUDGED_ERROR;
}

static DloadJudgement
obey(DloadFetch *f, const DloadRule *rule, DloadSpan body, DloadError *err)
{
	switch (rule->action)
	{
		case DLOAD_RULE_RETRY:
		case DLOAD_RULE_WAIT:
		case DLOAD_RULE_LIMITED:
			return ask_again(f, rule, body, err);
		case DLOAD_RULE_SKIP:
			f->fate = DLOAD_FATE_SKIP;
			return DLOAD_JUDGED_GOOD;
		case DLOAD_RULE_END:
			f->fate = DLOAD_FATE_END;
			return DLOAD_JUDGED_GOOD;
		case DLOAD_RULE_REFRESH:
			if (dload_auth_reject(f->channel->res, f->access) &&
				dload_hop_renew(f))
				return DLOAD_JUDGED_AGAIN;
			break;
		case DLOAD_RULE_RESTART:
			f->channel->must_restart = true;
			break;
		case DLOAD_RULE_FAIL:
			break;
	}
	(void) dload_rules_error(f, rule, body, err);
	return DLOAD_JUDGED_ERROR;
}

/* By the status alone. */
static DloadJudgement
judge_failure(DloadFetch *f, int status, DloadSpan *body, DloadError *err)
{
	const DloadLimitSpec *limits = &f->channel->res->limits;
	bool		limited = dload_response_limited(limits, f->exchange);
	int64		asked = dload_limit_pause(limits, f->exchange, limited);
	const DloadRule *rule;

	if (!limited && status >= 500)
		dload_breaker_failed(f);
	/* 413 is for good, unless a time to come back is given */
	if (limited || dload_status_transient(status) ||
		(status == 413 && asked >= 0))
	{
		if (asked > limits->max_wait)
		{
			(void) dload_retry_later(f, limited, asked, err);
			return DLOAD_JUDGED_ERROR;
		}
		if (dload_retry(f, asked, false))
			return DLOAD_JUDGED_AGAIN;
	}
	if (body->data == NULL)
		*body = read_error_body(f);
	if (dload_auth_recovers(f->channel->res, f->access, f->exchange,
							body->data) && dload_hop_renew(f))
		return DLOAD_JUDGED_AGAIN;
	(void) dload_response_error(f, status, *body, err);
	rule = dload_rules_beside(f, *body);
	if (rule != NULL)
		dload_error_hint(err, "The option \"%s\" would end the list here, but "
						 "without \"status\" it speaks of 2xx responses: "
						 "%s", rule->option, rule->source);
	return DLOAD_JUDGED_ERROR;
}

static DloadJudgement
follow_redirect(DloadFetch *f, int status, DloadError *err)
{
	int64		asked = dload_retry_after(f->exchange);

	if (asked > f->channel->res->limits.max_wait)
	{
		(void) dload_retry_later(f, false, asked, err);
		return DLOAD_JUDGED_ERROR;
	}
	if (!dload_hop_redirect(f, status, err))
		return DLOAD_JUDGED_ERROR;
	if (asked > 0)
		dload_retry_wait(f->channel, "Retry-After", asked,
						 &f->channel->stats.limit_wait_us);
	return DLOAD_JUDGED_AGAIN;
}

/*
 * A 2xx response's records may count whatever a rule says, so only those
 * rules are obeyed at once for which nothing of it counts.
 */
static DloadJudgement
judge_success(DloadFetch *f, const DloadRule *rule, DloadError *err)
{
	f->unjudged |= rule != NULL;
	if (rule != NULL && rule->wait_path == NULL &&
		(rule->action == DLOAD_RULE_RETRY || rule->action == DLOAD_RULE_WAIT ||
		 rule->action == DLOAD_RULE_LIMITED))
		return obey(f, rule, dload_span(NULL, 0), err);
	return DLOAD_JUDGED_GOOD;
}

DloadJudgement
dload_judge_head(DloadFetch *f, DloadError *err)
{
	DloadChannel *channel = f->channel;
	int			status = dload_http_status(f->exchange);
	DloadSpan	body = {NULL, 0};
	const DloadRule *rule;

	note_date(channel, f->exchange);
	note_poll_interval(channel, f->exchange);
	dload_permit_learn(&f->permit, f->exchange,
					   dload_response_limited(&channel->res->limits,
											  f->exchange));
	f->fate = DLOAD_FATE_PAGE;
	if (status < 500)
		dload_breaker_worked(f);
	if (status == 304 && f->validator != NULL)
	{
		f->fate = DLOAD_FATE_UNCHANGED;
		f->unjudged = false;
		return DLOAD_JUDGED_GOOD;
	}
	rule = dload_rules_foresee(f, &f->unjudged);
	if (dload_status_success(status))
		return judge_success(f, rule, err);
	if (f->unjudged || (rule != NULL && rule->wait_path != NULL))
	{
		body = read_error_body(f);
		rule = dload_rules_find(f, body);
	}
	f->unjudged = false;
	if (rule != NULL)
	{
		if (body.data == NULL && rule->action != DLOAD_RULE_SKIP &&
			rule->action != DLOAD_RULE_END)
			body = read_error_body(f);
		return obey(f, rule, body, err);
	}
	if (status == 301 || status == 302 || status == 303 ||
		status == 307 || status == 308)
		return follow_redirect(f, status, err);
	return judge_failure(f, status, &body, err);
}

DloadJudgement
dload_judge_page(DloadFetch *f, DloadSpan body, DloadError *err)
{
	const DloadRule *rule;

	if (!f->unjudged || f->fate != DLOAD_FATE_PAGE)
		return DLOAD_JUDGED_GOOD;
	rule = dload_rules_find(f, body);
	return rule ? obey(f, rule, body, err) : DLOAD_JUDGED_GOOD;
}
