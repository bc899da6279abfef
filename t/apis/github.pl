# The definition of doc/apis/github.md against the API as t/apis/github.py plays it.
{   checks => [
		{   name => 'all pages by Link, with the token and the version',
			sql => "SELECT count(*), count(DISTINCT id) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '230|230'
		},
		{   name => 'a renamed repository is followed',
			sql => "SELECT count(*) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'old-name'",
			is => '230'
		},
		{   name => 'loaded',
			sql => "CALL dload.run('github_events'); SELECT count(*), max(payload__push_id) FROM github.events",
			is => '230|9007199254741222'
		},
		{   name => 'a second run stops at the first page, which has not changed',
			sql => "CALL dload.run('github_events'); SELECT outcome, pages FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1'
		},
		{   name => 'what is left is known',
			sql => "SELECT requests FROM dload.budgets WHERE server = 'github' AND period IS NULL",
			is => '5000'
		},
	],
	controls => [
		{   name => 'without the paginator there is one page only',
			alter => 'ALTER FOREIGN TABLE github.repo_events OPTIONS (DROP paginate)',
			sql => "SELECT count(*) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '230'
		},
		{   name => 'without the version of the API it refuses',
			alter => 'ALTER SERVER github OPTIONS (DROP headers)',
			sql => "SELECT count(*) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '230'
		},
	] };
