/*-------------------------------------------------------------------------
 *
 * fuzz_rest.c
 *	  What src/rest and src/model make of texts from the network and of
 *	  values that go into requests.
 *
 * These are failures, beside what the sanitizers see:
 *	 - a value reaches beyond its place in a template: into another segment of
 *	   a path, another field of a form, another header, out of its JSON value;
 *	 - libcurl would connect to another host or port than the one that was
 *	   judged;
 *	 - a URL resolved once more leads elsewhere;
 *	 - a value set in a JSON document is not found where it was set;
 *	 - what a condition foresaw does not come true;
 *	 - a limit read from headers is out of range;
 *	 - a limit of a path is not for what is below that path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include "data/jsonedit.h"
#include "data/record.h"
#include "model/condition.h"
#include "model/resource.h"
#include "rest/fields.h"
#include "rest/fill.h"
#include "rest/limiter.h"
#include "rest/paginator.h"
#include "rest/permit.h"
#include "rest/url.h"

#include <curl/curl.h>

/* Documents so small that nothing in them is too deep. */
#define SMALL_DOCUMENT	300

/* What dload_http_header finds: lines of the input, in the order of these. */
static const char *const header_names[] = {
	"Retry-After", "Date", "X-RateLimit-Limit", "X-RateLimit-Remaining",
	"X-RateLimit-Reset", "RateLimit", "RateLimit-Policy", "Left", "Used-1M",
	"Sforce-Limit-Info", "X-HubSpot-RateLimit-Remaining",
	"X-HubSpot-RateLimit-Interval-Milliseconds", "X-Ms-Retry-After-Ms"
};
static char *header_values[lengthof(header_names)];

char *
dload_http_header(const DloadExchange *ex, const char *name)
{
	for (int i = 0; i < lengthof(header_names); i++)
	{
		if (pg_strcasecmp(header_names[i], name) == 0)
			return header_values[i];
	}
	return NULL;
}

/* The text up to the next line break, which is taken away; "" at the end. */
static char *
next_line(char **rest)
{
	char	   *line = *rest;
	size_t		len = strcspn(line, "\n");

	*rest = line + len + (line[len] == '\n');
	line[len] = '\0';
	return dload_fuzz_exact(line, len + 1);
}

static void
fail(const char *why, const char *a, const char *b)
{
	StringInfoData one;
	StringInfoData other;

	initStringInfo(&one);
	initStringInfo(&other);
	appendStringInfoString(&one, a ? a : "(null)");
	appendStringInfoString(&other, b ? b : "(null)");
	dload_fuzz_fail(why, &one, &other);
}

static void
check_fields(char *text)
{
	const char *at = text;
	const char *before = NULL;
	DloadFieldItem item;

	while (dload_field_next(&at, &item))
	{
		if (at == before)
			fail("a field does not end", text, at);
		before = at;
		(void) dload_field_parameter(&item, "q");
	}
}

static void
check_limits(char *text)
{
	const int64 week = INT64CONST(7) * USECS_PER_DAY;
	DloadLimitHeaders named = {NULL, "Left", "Date", "Used-1M", 100};
	DloadLimitSpec spec = {0};
	DloadAllowance a;
	int64		us;

	for (int i = 0; i < lengthof(header_names); i++)
	{
		char	   *line = next_line(&text);

		header_values[i] = *line != '\0' ? line : NULL;
		if (dload_http_date(line, &us) &&
			(us < 0 || us > INT64CONST(253402300800) * USECS_PER_SEC))
			fail("a date is out of range", line, NULL);
	}
	spec.detects = true;
	spec.headers = list_make1(&named);
	dload_allowance_read(&spec, NULL, &a);
	if (a.quota < -1 || a.remaining < -1 || a.until < -1 || a.until > week ||
		(a.remaining >= 0 && a.until <= 0))
		fail("a limit is out of range", header_values[3], header_values[4]);
	us = dload_retry_after(NULL);
	if (us < -1 || us > week / 1000)
		fail("a wait is out of range", header_values[0], NULL);
}

/* A URL, and the path of a limit. */
static void
check_scope(char *text)
{
	static const char base[] = "http://h/v1/";
	char	   *path = next_line(&text);
	char	   *scope = dload_fuzz_exact(psprintf("GET /%s", text),
										 strlen(text) + 6);
	char	   *deeper = psprintf("http://h/v1/%s/more", text);

	(void) dload_scope_covers(scope, base, "GET", path);
	if (strpbrk(text, "?#") == NULL &&
		!dload_scope_covers(scope, base, "GET", deeper))
		fail("a limit is not of its path", scope, deeper);
}

/* Does libcurl see the host and port that we see? */
static void
check_host(const char *url, const char *origin)
{
	CURLU	   *u = curl_url();
	char	   *host = NULL;
	char	   *port = NULL;
	char	   *theirs;
	const char *ours = strstr(origin, "://") + 3;

	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_PORT, &port,
					 CURLU_DEFAULT_PORT) == CURLUE_OK)
	{
		theirs = psprintf("%s:%s", host, port);
		/* numbers are written in other ways there */
		if (strspn(host, "0123456789abcdefxABCDEFX.[]:") != strlen(host) &&
			pg_strcasecmp(ours, theirs) != 0)
			fail("libcurl would go elsewhere", ours, theirs);
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static void
check_url(char *text)
{
	static const char *const bases[] = {
		"https://api.example.com/v1/items?page=1", "http://h:81", "http://h/a/"
	};
	DloadError	err = {0};

	(void) dload_url_redact(text, "k");
	(void) dload_link_target(text, "next", bases[0]);
	for (int i = 0; i < lengthof(bases); i++)
	{
		char	   *url = dload_url_resolve(bases[i], text, &err);
		char	   *origin = url ? dload_url_origin(url) : NULL;
		char	   *again;

		if (origin == NULL)
			continue;
		for (const unsigned char *p = (const unsigned char *) url; *p; p++)
		{
			if (*p <= ' ' || *p >= 0x7f)
				fail("a URL is not clean", text, url);
		}
		again = dload_url_resolve(bases[0], url, &err);
		if (again == NULL || strcmp(dload_url_origin(again), origin) != 0)
			fail("a URL leads elsewhere", url, again);
		check_host(url, origin);
		again = dload_url_set_query(url, "n", "a&b=c#d");
		if (dload_url_origin(again) == NULL ||
			strcmp(dload_url_origin(again), origin) != 0)
			fail("a query leads elsewhere", url, again);
		again = dload_url_drop_value(url, "a/b");
		if (strcmp(dload_url_drop_value(again, "a/b"), again) != 0)
			fail("a value is still there", url, again);
		again = dload_url_redact(url, NULL);
		if (strcmp(dload_url_redact(again, NULL), again) != 0)
			fail("something is left to redact", url, again);
	}
}

static void
check_secret(char *text)
{
	char	   *secret = next_line(&text);

	if (dload_secret_length(text, secret) > strlen(text))
		fail("a secret is longer than the text", secret, text);
}

static char *
find_header(const void *arg, const char *name)
{
	return strlen(name) % 2 ? pstrdup(arg) : NULL;
}

static void
check_condition(char *text)
{
	DloadError	err = {0};
	char	   *source = next_line(&text);
	char	   *header = next_line(&text);
	DloadCondition *c = dload_condition_parse(source, &err);
	DloadFacts	facts = {403, find_header, header, {text, strlen(text)}};
	DloadTruth	foreseen;

	if (c == NULL)
		return;
	if (!dload_json_validate(facts.body, &err))
		facts.body.len = 0;
	(void) dload_condition_findings(c, &facts);
	foreseen = dload_condition_foresee(c, &facts);
	if (foreseen != DLOAD_UNKNOWN &&
		(foreseen == DLOAD_TRUE) != dload_condition_holds(c, &facts))
		fail("it was foreseen otherwise", source, text);
}

static char *
fill(const char *template, DloadFillKind kind, const char *value, bool bare)
{
	DloadError	err = {0};
	DloadParam *param = palloc0(sizeof(DloadParam));

	param->name = "a";
	param->value = unconstify(char *, value);
	param->in = DLOAD_IN_TEMPLATE;
	param->bare = bare;
	return dload_fill(template, kind, "it", list_make1(param), &err);
}

static int
count(const char *text, const char *set)
{
	int			n = 0;

	for (; *text; text++)
		n += strchr(set, *text) != NULL;
	return n;
}

/* A value in its place is worth no more separators than the letter x. */
static void
check_places(const char *template, DloadFillKind kind, const char *value,
			 const char *separators)
{
	char	   *text = fill(template, kind, value, false);
	char	   *plain = fill(template, kind, "x", false);

	if (text != NULL && plain != NULL &&
		count(text, separators) != count(plain, separators))
		fail("a value reaches beyond its place", text, plain);
}

static void
check_template(char *text)
{
	DloadError	err = {0};
	char	   *template = next_line(&text);
	char	   *filled;

	check_places(template, DLOAD_FILL_PATH, text, "/?#&\\ ");
	check_places(template, DLOAD_FILL_FORM, text, "&=+# ");
	check_places(template, DLOAD_FILL_HEADER, text, "\r\n");
	(void) fill(template, DLOAD_FILL_RAW, text, false);
	(void) fill(template, DLOAD_FILL_QUERY, text, false);
	if (strlen(template) > SMALL_DOCUMENT || strlen(text) > SMALL_DOCUMENT ||
		!dload_fuzz_is_utf8(template) || !dload_fuzz_is_utf8(text) ||
		!dload_template_is_json(template))
		return;
	for (int bare = 0; bare < 2; bare++)
	{
		filled = fill(template, DLOAD_FILL_JSON, text, bare);
		if (filled != NULL &&
			!dload_json_validate(dload_span(filled, strlen(filled)), &err))
			fail("a value breaks its JSON", template, filled);
	}
}

static void
check_put(char *text)
{
	DloadError	err = {0};
	char	   *place = next_line(&text);
	char	   *value = next_line(&text);
	DloadPath  *path = dload_fuzz_is_utf8(place) ?
	dload_path_parse(place, &err) : NULL;
	char	   *put;
	DloadToken	found;

	if (path == NULL || path->nsteps > 20 || strlen(text) > SMALL_DOCUMENT ||
		strlen(value) > SMALL_DOCUMENT)
		return;
	for (int quoted = 0; quoted < 2; quoted++)
	{
		if (quoted && !dload_fuzz_is_utf8(value))
			continue;
		put = dload_json_put(text, path, value, quoted, &err);
		if (put == NULL)
			continue;
		if (!dload_json_validate(dload_span(put, strlen(put)), &err))
			fail("a document is no longer JSON", text, put);
		if (!dload_path_lookup(path, dload_span(put, strlen(put)), &found))
			fail("a value is not where it was set", text, put);
		if (quoted && strcmp(dload_token_cstring(&found), value) != 0)
			fail("it is another value", value, put);
	}
}

void
dload_fuzz_rest(int what, const char *data, size_t len)
{
	static void (*const checks[]) (char *) = {
		check_fields, check_limits, check_url, check_secret, check_condition,
		check_template, check_put, check_scope
	};
	char	   *text = pnstrdup(data, len);

	checks[what % lengthof(checks)] (dload_fuzz_exact(text,
													  strlen(text) + 1));
}
