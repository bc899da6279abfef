/*-------------------------------------------------------------------------
 *
 * form.c
 *	  In which form the records stand in a response.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/form.h"

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

char *
dload_form_twice(char **names, int n)
{
	char	  **sorted = palloc(Max(n, 1) * sizeof(char *));
	char	   *twice = NULL;

	if (n > 0)
		memcpy(sorted, names, n * sizeof(char *));
	qsort(sorted, n, sizeof(char *), compare_names);
	for (int i = 1; i < n && twice == NULL; i++)
	{
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			twice = sorted[i];
	}
	pfree(sorted);
	return twice;
}
