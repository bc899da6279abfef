/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  The rule that decides what a response means.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/rules.h"

#include "data/path.h"
#include "data/record.h"
#include "rest/auth.h"
#include "rest/retry.h"

static char *
find_header(const void *exchange, const char *name)
{
	return dload_http_header(exchange, name);
}

static char *
redact(const void *res, const char *text)
{
	return dload_auth_redact(res, text);
}

/* A body that is no JSON has nothing at any path. */
static DloadFacts
gather_facts(const DloadFetch *f, DloadSpan body)
{
	DloadFacts	facts = {dload_http_status(f->exchange)};
	DloadError	err = {0};

	facts.header = find_header;
	facts.header_arg = f->exchange;
	facts.redact = redact;
	facts.redact_arg = f->channel->res;
	if (body.len > 0 && dload_json_validate(body, &err))
		facts.body = body;
	return facts;
}

static bool
applies(const DloadRule *rule, int status)
{
	return !rule->success_only || dload_status_success(status);
}

const DloadRule *
dload_rules_foresee(const DloadFetch *f, bool *unjudged)
{
	DloadFacts	facts = gather_facts(f, dload_span(NULL, 0));
	ListCell   *lc;

	*unjudged = false;
	foreach(lc, f->channel->res->rules.rules)
	{
		const DloadRule *rule = lfirst(lc);
		DloadTruth	truth;

		if (!applies(rule, facts.status))
			continue;
		truth = dload_condition_foresee(rule->when, &facts);
		if (truth == DLOAD_TRUE)
			return rule;
		if (truth == DLOAD_UNKNOWN)
		{
			*unjudged = true;
			return NULL;
		}
	}
	return NULL;
}

const DloadRule *
dload_rules_find(const DloadFetch *f, DloadSpan body)
{
	DloadFacts	facts = gather_facts(f, body);
	ListCell   *lc;

	foreach(lc, f->channel->res->rules.rules)
	{
		const DloadRule *rule = lfirst(lc);

		if (applies(rule, facts.status) &&
			dload_condition_holds(rule->when, &facts))
			return rule;
	}
	return NULL;
}

const DloadRule *
dload_rules_beside(const DloadFetch *f, DloadSpan body)
{
	DloadFacts	facts = gather_facts(f, body);
	ListCell   *lc;

	foreach(lc, f->channel->res->rules.rules)
	{
		const DloadRule *rule = lfirst(lc);

		if (rule->action == DLOAD_RULE_END && !applies(rule, facts.status) &&
			dload_condition_holds(rule->when, &facts))
			return rule;
	}
	return NULL;
}

/* A time to wait: as options have it ("5 min"), or as headers do. */
static int64
read_wait(const DloadExchange *ex, const char *text)
{
	DloadError	err = {0};
	char	   *end;
	int64		ms;
	int64		us;

	(void) strtod(text, &end);
	/* a number alone may be a date */
	if (*end != '\0' && dload_duration_parse(text, &ms, &err))
		return ms;
	us = dload_time_until(ex, text);
	return us < 0 ? -1 : (us + 999) / 1000;
}

int64
dload_rules_wait(const DloadFetch *f, const DloadRule *rule, DloadSpan body)
{
	char	   *text = NULL;
	DloadFacts	facts;
	DloadToken	token;
	int64		ms = -1;

	if (rule->wait_header != NULL)
		text = dload_http_header(f->exchange, rule->wait_header);
	if (text == NULL && rule->wait_path != NULL)
	{
		facts = gather_facts(f, body);
		if (facts.body.len > 0 &&
			dload_path_lookup(rule->wait_path, facts.body, &token) &&
			(token.type == DLOAD_TOKEN_STRING ||
			 token.type == DLOAD_TOKEN_NUMBER))
			text = dload_token_cstring(&token);
	}
	if (text != NULL)
		ms = read_wait(f->exchange, text);
	if (ms < 0)
		ms = rule->wait;
	if (ms < 0)
		ms = dload_retry_after(f->exchange);
	return Min(ms, DLOAD_LONGEST_PAUSE_MS);
}

bool
dload_rules_error(const DloadFetch *f, const DloadRule *rule, DloadSpan body,
				  DloadError *err)
{
	const DloadResource *res = f->channel->res;
	int			status = dload_http_status(f->exchange);
	DloadFacts	facts = gather_facts(f, body);
	char	   *found = dload_condition_findings(rule->when, &facts);

	switch (rule->action)
	{
		case DLOAD_RULE_FAIL:
			dload_error_set(err, ERRCODE_FDW_ERROR,
							"API of server \"%s\" reported an error (status "
							"%d): %s", res->servername, status,
							rule->message ? rule->message : found);
			break;
		case DLOAD_RULE_LIMITED:
			dload_error_set(err, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
							"rate limit of server \"%s\" is used up (status "
							"%d)", res->servername, status);
			break;
		case DLOAD_RULE_REFRESH:
			dload_error_set(err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
							"server \"%s\" did not accept the credentials "
							"(status %d)", res->servername, status);
			break;
		case DLOAD_RULE_RESTART:
			dload_error_set(err, ERRCODE_FDW_ERROR,
							"API of server \"%s\" can no longer go on from "
							"where the last read ended (status %d)",
							res->servername, status);
			break;
		default:
			dload_error_set(err, ERRCODE_FDW_ERROR,
							"API of server \"%s\" answered with status %d",
							res->servername, status);
			break;
	}
	dload_response_detail(f, status, body, err);
	if (dload_retry_words(f) != NULL)
		return dload_error_hint(err, "%s", dload_retry_words(f));
	return dload_error_hint(err, "The option \"%s\" says so: %s",
							rule->option, rule->source);
}
