/*-------------------------------------------------------------------------
 *
 * option.c
 *	  Looking options up, and the parsers of option values.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "base/shmem.h"
#include "model/option.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"

#define MS_PER_DAY	INT64CONST(86400000)

/* Of rates; the arithmetic of a budget takes each unit in turn. */
#define MAX_WEIGHT	10000
#define MAX_WEIGHTS	100

static const DloadOption *
find_option(const char *name)
{
	const DloadOption *opt = dload_options;

	while (opt->name != NULL && strcmp(opt->name, name) != 0)
		opt++;
	Assert(opt->name != NULL);
	return opt;
}

/*
 * The text of an option, or its default; NULL if it has neither.
 */
const char *
dload_option_text(const DloadOptionSet *set, const char *name)
{
	for (int i = 0; i < set->nlists; i++)
	{
		ListCell   *lc;

		foreach(lc, set->lists[i])
		{
			DefElem    *def = lfirst_node(DefElem, lc);

			if (strcmp(def->defname, name) == 0)
				return defGetString(def);
		}
	}
	return find_option(name)->defval;
}

bool
dload_option_bool(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);
	bool		value = false;

	if (text != NULL)
		(void) dload_bool_parse(text, &value);
	return value;
}

int64
dload_option_number(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);
	DloadError	err = {0};
	int64		value = 0;

	if (text == NULL)
		return 0;
	switch (find_option(name)->type)
	{
		case DLOAD_OPT_DURATION:
			(void) dload_duration_parse(text, &value, &err);
			break;
		case DLOAD_OPT_SIZE:
			(void) dload_size_parse(text, &value, &err);
			break;
		default:
			value = strtoll(text, NULL, 10);
			break;
	}
	return value;
}

int
dload_option_word(const char *words, const char *text)
{
	size_t		len = strlen(text);

	for (int i = 0; words != NULL; i++)
	{
		const char *bar = strchr(words, '|');
		size_t		wordlen = bar ? (size_t) (bar - words) : strlen(words);

		if (wordlen == len && memcmp(words, text, len) == 0)
			return i;
		words = bar ? bar + 1 : NULL;
	}
	return -1;
}

int
dload_option_enum(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);

	return text != NULL ?
		dload_option_word(find_option(name)->values, text) : -1;
}

bool
dload_bool_parse(const char *text, bool *value)
{
	return parse_bool(text, value);
}

/*
 * Split "12.5 min" into number and unit.  The unit is what follows the
 * number and blanks, up to trailing blanks.
 */
static bool
parse_quantity(const char *text, double *number, char *unit, size_t unitsize)
{
	char	   *end;
	size_t		len;

	while (isspace((unsigned char) *text))
		text++;
	/* strtod would also take a sign, "inf", "nan" and hexadecimal numbers */
	if (!isdigit((unsigned char) *text) ||
		(text[0] == '0' && (text[1] == 'x' || text[1] == 'X')))
		return false;
	*number = strtod(text, &end);
	while (isspace((unsigned char) *end))
		end++;
	len = strlen(end);
	while (len > 0 && isspace((unsigned char) end[len - 1]))
		len--;
	if (len >= unitsize)
		return false;
	memcpy(unit, end, len);
	unit[len] = '\0';
	return true;
}

/* Milliseconds of a unit of time; 0 if it is none. */
static int64
time_unit(const char *unit)
{
	static const struct
	{
		const char *name;
		int64		ms;
	}			units[] = {
		{"ms", 1}, {"millisecond", 1}, {"milliseconds", 1},
		{"s", 1000}, {"sec", 1000}, {"second", 1000}, {"seconds", 1000},
		{"min", 60000}, {"minute", 60000}, {"minutes", 60000},
		{"h", 3600000}, {"hour", 3600000}, {"hours", 3600000},
		{"d", MS_PER_DAY}, {"day", MS_PER_DAY}, {"days", MS_PER_DAY},
	};

	for (int i = 0; i < lengthof(units); i++)
	{
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ms;
	}
	return 0;
}

bool
dload_duration_parse(const char *text, int64 *ms, DloadError *err)
{
	double		number;
	char		unit[16];
	int64		factor = 0;

	if (parse_quantity(text, &number, unit, sizeof(unit)))
		factor = unit[0] == '\0' ? 1000 : time_unit(unit);
	if (factor == 0 || number * factor >= (double) PG_INT64_MAX)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"\"%s\" is not a duration", text);
		return dload_error_hint(err, "A duration is a number with one of the "
								"units ms, s, min, h and d, such as "
								"\"30s\" or \"5 min\"; without a unit it "
								"counts seconds.");
	}
	*ms = (int64) rint(number * factor);
	return true;
}

bool
dload_size_parse(const char *text, int64 *bytes, DloadError *err)
{
	static const struct
	{
		const char *name;
		int			shift;
	}			units[] = {
		{"", 0}, {"B", 0}, {"kB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40},
	};
	double		number;
	char		unit[16];

	if (parse_quantity(text, &number, unit, sizeof(unit)))
	{
		for (int i = 0; i < lengthof(units); i++)
		{
			if (pg_strcasecmp(unit, units[i].name) != 0)
				continue;
			number = ldexp(number, units[i].shift);
			if (number >= (double) PG_INT64_MAX)
				break;
			*bytes = (int64) rint(number);
			return true;
		}
	}
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"\"%s\" is not a size", text);
	return dload_error_hint(err, "A size is a number with one of the units B, "
							"kB, MB, GB and TB, such as \"10MB\"; "
							"without a unit it counts bytes.");
}

List *
dload_option_split(const char *text)
{
	List	   *items = NIL;

	while (*text != '\0')
	{
		size_t		len;
		const char *start;

		while (*text == ',' || isspace((unsigned char) *text))
			text++;
		start = text;
		len = strcspn(text, ",");
		text += len;
		while (len > 0 && isspace((unsigned char) start[len - 1]))
			len--;
		if (len > 0)
			items = lappend(items, pnstrdup(start, len));
	}
	return items;
}

/* "/path" or "POST /path": which requests a rate is for. */
static bool
is_scope(const char *text)
{
	if (strlen(text) >= DLOAD_BUDGET_SCOPE_LEN)
		return false;
	text += strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (*text == ' ')
		text++;
	if (*text != '/')
		return false;
	for (const char *p = text; *p != '\0'; p++)
	{
		if ((unsigned char) *p <= ' ' || *p == '?' || *p == '#')
			return false;
	}
	return true;
}

/* A number up to "max", with blanks around; *text moves on.  0: none. */
static int64
take_number(const char **text, int64 max)
{
	char	   *end;
	int64		number;

	*text += strspn(*text, " \t\r\n");
	if (!isdigit((unsigned char) **text))
		return 0;
	errno = 0;
	number = strtoll(*text, &end, 10);
	if (errno != 0 || number < 1 || number > max)
		return 0;
	*text = end + strspn(end, " \t\r\n");
	return number;
}

/* "5000/hour", "10/minute@/exports", "6000/minute/20@/depth": one rate. */
static bool
parse_rate(const char *text, DloadRate *rate)
{
	const char *at = strchr(text, '@');
	const char *slash;
	DloadError	ignored = {0};

	memset(rate, 0, sizeof(*rate));
	if (at != NULL)
	{
		if (!is_scope(at + 1))
			return false;
		rate->scope = pstrdup(at + 1);
		text = pnstrdup(text, at - text);
	}
	rate->count = take_number(&text, PG_INT32_MAX);
	if (rate->count == 0 || *text++ != '/')
		return false;
	slash = strchr(text, '/');
	if (slash != NULL)
	{
		const char *weight = slash + 1;

		rate->weight = take_number(&weight, Min(rate->count, MAX_WEIGHT));
		if (rate->weight == 0 || *weight != '\0')
			return false;
		while (slash > text && isspace((unsigned char) slash[-1]))
			slash--;
		text = pnstrdup(text, slash - text);
	}
	text += strspn(text, " \t\r\n");
	rate->period_ms = time_unit(text);
	if (rate->period_ms == 0 &&
		!dload_duration_parse(text, &rate->period_ms, &ignored))
		return false;
	return rate->period_ms >= 1 && rate->period_ms <= 366 * MS_PER_DAY;
}

bool
dload_rate_is_weight(const DloadRate *rate)
{
	return rate->weight > 0 && rate->scope != NULL;
}

bool
dload_rate_weighs_in(const DloadRate *weight, const DloadRate *rate)
{
	return dload_rate_is_weight(weight) && rate->scope == NULL &&
		rate->count == weight->count && rate->period_ms == weight->period_ms;
}

/* Every weight needs the rate that it counts in. */
static bool
check_weights(List *rates, DloadError *err)
{
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, rates)
	{
		bool		found = !dload_rate_is_weight(lfirst(lc));

		foreach(other, rates)
			found |= dload_rate_weighs_in(lfirst(lc), lfirst(other));
		if (found)
			continue;
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"weight of \"%s\" without the rate it counts in",
						((DloadRate *) lfirst(lc))->scope);
		return dload_error_hint(err, "Give the rate for all requests, too: "
								"\"6000/minute, 6000/minute/20@/path\".");
	}
	return true;
}

bool
dload_rate_parse(const char *text, List **rates, DloadError *err)
{
	List	   *items = dload_option_split(text);
	int			counts[2] = {0, 0}; /* rates, weights */
	ListCell   *lc;

	*rates = NIL;
	foreach(lc, items)
	{
		DloadRate  *rate = palloc(sizeof(DloadRate));
		bool		weight;

		if (!parse_rate(lfirst(lc), rate))
			break;
		weight = dload_rate_is_weight(rate);
		if (++counts[weight] > (weight ? MAX_WEIGHTS : DLOAD_BUDGET_RATES))
		{
			dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							"more than %d %s", counts[weight] - 1,
							weight ? "weights" : "rates");
			return dload_error_hint(err, "Leave out those that others "
									"imply.");
		}
		*rates = lappend(*rates, rate);
	}
	if (*rates != NIL && lc == NULL)
		return check_weights(*rates, err);

	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"\"%s\" is not a rate", text);
	return dload_error_hint(err, "A rate is a number of requests and a "
							"period, such as \"5000/hour\", "
							"\"10/second\" or \"100/10s\"; several are "
							"separated by commas.");
}

/*
 * Check the host and port [start, end) of a URL and append them, in lower
 * case and with a port, to "origin".
 */
static bool
append_authority(StringInfo origin, const char *start, const char *end,
				 int default_port)
{
	const char *p = start;
	const char *digits;
	long		port = default_port;

	if (p < end && *p == '[')
	{
		while (p < end && *p != ']')
			p++;
		if (p == end || p - start < 3)
			return false;
		p++;
		if (strspn(start + 1, "0123456789abcdefABCDEF:.") != p - start - 2)
			return false;
	}
	else
	{
		while (p < end && (isalnum((unsigned char) *p) ||
						   *p == '-' || *p == '.' || *p == '_'))
			p++;
		if (p == start)
			return false;
	}
	for (const char *c = start; c < p; c++)
		appendStringInfoChar(origin, pg_ascii_tolower((unsigned char) *c));

	if (p < end)
	{
		if (*p++ != ':')
			return false;
		port = 0;
		digits = p;
		while (p < end && isdigit((unsigned char) *p) && port <= 65535)
			port = port * 10 + (*p++ - '0');
		if (p != end || p == digits || port < 1 || port > 65535)
			return false;
	}
	appendStringInfo(origin, ":%ld", port);
	return true;
}

char *
dload_option_origin(const char *text, bool bare, DloadError *err)
{
	StringInfoData origin;
	bool		tls = pg_strncasecmp(text, "https://", 8) == 0;
	const char *authority;
	const char *end;
	const char *why = NULL;

	if (!tls && pg_strncasecmp(text, "http://", 7) != 0)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"URL must begin with \"http://\" or \"https://\"");
		return NULL;
	}
	authority = text + (tls ? 8 : 7);
	end = authority + strcspn(authority, "/?#");
	initStringInfo(&origin);
	appendStringInfoString(&origin, tls ? "https://" : "http://");

	for (const char *p = text; *p != '\0' && why == NULL; p++)
	{
		if ((unsigned char) *p <= ' ' || *p == 0x7f)
			why = "URL must not contain blanks or control characters";
	}
	if (why == NULL && memchr(authority, '@', end - authority) != NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"URL must not contain a user name or password");
		dload_error_hint(err, "Use the options \"username\" and \"password\" "
						 "of CREATE USER MAPPING.");
		return NULL;
	}
	if (why == NULL && !append_authority(&origin, authority, end,
										 tls ? 443 : 80))
		why = "URL has no valid host and port";
	if (why == NULL && strpbrk(end, "?#") != NULL)
		why = "URL must not contain a query or a fragment";
	if (why == NULL && bare && end[0] != '\0' && strcmp(end, "/") != 0)
		why = "origin must not contain a path";
	if (why != NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "%s", why);
		return NULL;
	}
	return origin.data;
}
