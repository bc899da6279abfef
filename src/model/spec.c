/*-------------------------------------------------------------------------
 *
 * spec.c
 *	  What the specs share: options read and options checked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/spec.h"

#include "commands/defrem.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"

char *
dload_spec_text(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);

	return text ? pstrdup(text) : NULL;
}

DloadPath *
dload_spec_path(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);
	DloadError	err = {0};
	DloadPath  *path;

	if (text == NULL)
		return NULL;
	/* keys are compared with those of responses, which are UTF-8 */
	path = dload_path_parse(pg_server_to_any(text, strlen(text), PG_UTF8),
							&err);
	if (path == NULL)
		dload_error_raise(&err);
	return path;
}

DloadJson *
dload_spec_json(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);
	DloadError	err = {0};
	DloadJson  *doc;

	if (text == NULL)
		return NULL;
	doc = dload_json_parse(text, name, &err);
	if (doc == NULL)
		dload_error_raise(&err);
	return doc;
}

const char *
dload_given_text(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

bool
dload_given_with(List *options, const char *name, const char *other,
				 DloadError *err)
{
	if (dload_given_text(options, name) == NULL ||
		dload_given_text(options, other) != NULL)
		return true;
	dload_error_set(err, BAD_COMBINATION,
					"option \"%s\" has no effect without \"%s\"", name, other);
	return dload_error_hint(err, "Give the option \"%s\" too.", other);
}

/* Is the word one of those separated by "|"? */
static bool
is_among(const char *words, const char *word)
{
	size_t		len = strlen(word);

	for (const char *p = words;; p++)
	{
		size_t		here = strcspn(p, "|");

		if (here == len && strncmp(p, word, len) == 0)
			return true;
		p += here;
		if (*p == '\0')
			return false;
	}
}

/* "a|b|c" -> 'a', 'b' or 'c' */
static char *
shown_words(const char *words)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (const char *p = words; *p != '\0'; p += (*p == '|'))
	{
		size_t		len = strcspn(p, "|");
		bool		last = p[len] == '\0';

		appendStringInfo(&buf, "%s'%.*s'",
						 p == words ? "" : last ? " or " : ", ",
						 (int) len, p);
		p += len;
	}
	return buf.data;
}

bool
dload_given_owned(List *options, const DloadOwnedOption *owned,
				  const char *owner, const char *value, DloadError *err)
{
	for (; owned->name != NULL; owned++)
	{
		bool		given = dload_given_text(options, owned->name) != NULL;
		bool		mine = is_among(owned->values, value);

		if (given && !mine)
		{
			dload_error_set(err, BAD_COMBINATION,
							"option \"%s\" has no effect with %s '%s'",
							owned->name, owner, value);
			return dload_error_hint(err, "It is an option of %s %s.", owner,
									shown_words(owned->values));
		}
		if (mine && owned->required && !given)
			return dload_error_set(err, BAD_COMBINATION,
								   "%s '%s' requires the option \"%s\"",
								   owner, value, owned->name);
	}
	return true;
}
