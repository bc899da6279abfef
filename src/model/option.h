/*-------------------------------------------------------------------------
 *
 * option.h
 *	  The one option table.
 *
 * An *option* has a name, the contexts in which it may stand (wrapper,
 * server, user mapping, foreign table, column), a type, a range or list of
 * values, a default, whether it is secret, and one line of description.  From
 * the table come the validator, its hints, the parser and doc/options.md
 * (through the view dload.options).  No other file compares option names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_OPTION_H
#define DLOAD_OPTION_H

#include "base/dload.h"

typedef enum DloadOptionType
{
	DLOAD_OPT_TEXT,
	DLOAD_OPT_NAME,				/* a query parameter or header name: no
								 * control characters */
	DLOAD_OPT_BOOL,
	DLOAD_OPT_HEADERS,			/* a list of names of response headers */
	DLOAD_OPT_INT,
	DLOAD_OPT_INTS,				/* a list of integers */
	DLOAD_OPT_DURATION,			/* '2s', '5 min', bare number = seconds;
								 * parsed to milliseconds */
	DLOAD_OPT_SIZE,				/* '10MB'; parsed to bytes */
	DLOAD_OPT_URL,				/* http or https, with a host, no userinfo */
	DLOAD_OPT_ORIGINS,			/* comma-separated list of origins */
	DLOAD_OPT_JSON_OBJECT,		/* of scalars or lists of scalars */
	DLOAD_OPT_PATH,				/* a JSON path */
	DLOAD_OPT_RATE,				/* 'n/period' list */
	DLOAD_OPT_CONDITION,		/* on a response; see condition.h */
	DLOAD_OPT_RULES,			/* a JSON list; see rulespec.h */
	DLOAD_OPT_BREAKER,			/* 'n/pause' */
	DLOAD_OPT_ENUM				/* one of a list of words */
} DloadOptionType;

/* Contexts, as a bit set. */
#define DLOAD_CTX_WRAPPER	0x01
#define DLOAD_CTX_SERVER	0x02
#define DLOAD_CTX_MAPPING	0x04
#define DLOAD_CTX_TABLE		0x08
#define DLOAD_CTX_COLUMN	0x10

typedef struct DloadOption
{
	const char *name;
	int			contexts;
	DloadOptionType type;
	const char *values;			/* ENUM: "a|b|c" */
	int64		min;			/* INT, DURATION (ms), SIZE (bytes) */
	int64		max;
	const char *defval;			/* as text; NULL = none */
	bool		secret;			/* only in a user mapping */
	const char *description;	/* one sentence, for the documentation */
} DloadOption;

/* The table; ends with a NULL name. */
extern const DloadOption dload_options[];

/*
 * A set of options given somewhere: look-ups by name with the table's
 * default.  Lists come in order of precedence, first found wins; what is
 * NULL is skipped.  Values were validated, so these do not fail.
 */
typedef struct DloadOptionSet
{
	int			nlists;
	List	   *lists[4];		/* of DefElem */
} DloadOptionSet;

extern const char *dload_option_text(const DloadOptionSet *set,
									 const char *name);
extern bool dload_option_bool(const DloadOptionSet *set, const char *name);

/* Integer, duration in ms, or size in bytes. */
extern int64 dload_option_number(const DloadOptionSet *set, const char *name);

/* Position of the value in the ENUM's list, from 0; -1 if not given. */
extern int	dload_option_enum(const DloadOptionSet *set, const char *name);

/* Position of a word among those separated by "|", from 0; -1 if none. */
extern int	dload_option_word(const char *words, const char *text);

/*
 * One member of a rate_limit: at most "count" units per "period_ms".  A
 * request is one unit, unless a weight says that it is more.
 */
typedef struct DloadRate
{
	int64		count;
	int64		period_ms;
	int64		weight;			/* units of a request; 0: not said */
	char	   *scope;			/* "/path" or "POST /path" that it is for;
								 * NULL: all requests */
} DloadRate;

/* Parse '5000/hour, 100/minute' to a list of DloadRate; false and *err. */
extern bool dload_rate_parse(const char *text, List **rates, DloadError *err);

/*
 * Is this no rate of its own, but what the requests of a path weigh in the
 * rate of the same count and period?
 */
extern bool dload_rate_is_weight(const DloadRate *rate);

/* Is it a weight in that rate? */
extern bool dload_rate_weighs_in(const DloadRate *weight,
								 const DloadRate *rate);

/* Parse a duration ('2s', '5 min', '1 hour') to ms; false and *err. */
extern bool dload_duration_parse(const char *text, int64 *ms, DloadError *err);

/* Parse a size ('10MB', '64 kB', bare number = bytes); false and *err. */
extern bool dload_size_parse(const char *text, int64 *bytes, DloadError *err);

/* Read one of PostgreSQL's spellings of a Boolean; false if it is none. */
extern bool dload_bool_parse(const char *text, bool *value);

/*
 * Check a URL or an origin as given in an option: http or https, a host, no
 * user info, no query, no fragment; an origin has no path either.  The result
 * is the origin "scheme://host:port" in lower case with the port filled in;
 * NULL and *err.
 */
extern char *dload_option_origin(const char *text, bool bare, DloadError *err);

/* Split a comma-separated list: list of char *, trimmed, none empty. */
extern List *dload_option_split(const char *text);

/* in validate.c */

/*
 * The validator: names, values and combinations of all the options that one
 * object would have.  context is one DLOAD_CTX_ bit.  False and *err.
 */
extern bool dload_options_validate(List *options, int context,
								   DloadError *err);

/* Does this header name carry credentials (Authorization, Cookie, ...)? */
extern bool dload_header_is_secret(const char *name);

/* Is it a header name (RFC 9110 token) that a definition may set? */
extern bool dload_header_name_valid(const char *name);

#endif							/* DLOAD_OPTION_H */
