/*-------------------------------------------------------------------------
 *
 * scope.c
 *	  Which requests a limit of a path is for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/permit.h"

#include "rest/urlparts.h"

/*
 * Does the path begin with the segments of the pattern?  "*" is any segment.
 */
static bool
path_begins(const char *path, const char *pattern)
{
	while (*pattern != '\0')
	{
		size_t		want = strcspn(pattern + 1, "/") + 1;
		bool		any = want == 2 && pattern[1] == '*';
		size_t		have;

		if (*path != '/')
			return false;
		/* "/exports/" is "/exports" */
		if (want == 1)
			return true;
		have = strcspn(path + 1, "/") + 1;
		if (!any && (want != have || strncmp(path, pattern, want) != 0))
			return false;
		path += have;
		pattern += want;
	}
	return true;
}

/* The path of a URL; below that of base_url, if it is there. */
static char *
path_of(const char *url, const char *base_url)
{
	DloadUrlParts parts;
	DloadUrlParts base;
	char	   *path;
	size_t		skip;

	dload_url_split(url, &parts);
	dload_url_split(base_url, &base);
	path = pnstrdup(parts.path.data, parts.path.len);
	skip = base.path.len;
	while (skip > 0 && base.path.data[skip - 1] == '/')
		skip--;
	if (parts.path.len >= skip &&
		strncmp(path, base.path.data, skip) == 0 && path[skip] == '/')
		path += skip;
	return path;
}

bool
dload_scope_covers(const char *scope, const char *base_url,
				   const char *method, const char *url)
{
	const char *pattern = strchr(scope, '/');

	if (pattern == NULL)
		return false;
	if (pattern > scope + 1 &&
		(strncmp(scope, method, strlen(method)) != 0 ||
		 scope[strlen(method)] != ' '))
		return false;
	return path_begins(path_of(url, base_url), pattern);
}
