{   checks => [
		{   name => 'keyset behind Link; the path of a project is one segment',
			sql => "SELECT count(*), count(DISTINCT id) FROM gitlab.issues WHERE project = 'gitlab-org/gitlab'",
			is => '130|130'
		},
		{   name => 'the reset is a point in time',
			sql => "SELECT requests, remaining, resets_at - clock_timestamp() BETWEEN '50 s' AND '70 s' FROM dload.budgets WHERE server = 'gitlab'",
			is => '600|599|t'
		},
		{   name => 'loaded',
			sql => "CALL dload.run('gitlab_issues'); SELECT count(*), (SELECT count(*) FROM gitlab.loaded__labels) FROM gitlab.loaded",
			is => '130|65'
		},
		{   name => 'then what was updated since',
			sql => "CALL dload.run('gitlab_issues'); SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1'
		},
	],
	controls => [
		{   name => 'the paginator',
			alter => 'ALTER FOREIGN TABLE gitlab.issues OPTIONS (DROP paginate)',
			sql => "SELECT count(*) FROM gitlab.issues WHERE project = 'gitlab-org/gitlab'",
			is => '130'
		},
		{   name => 'the name of the key',
			alter => 'ALTER SERVER gitlab OPTIONS (DROP api_key_name)',
			sql => "SELECT count(*) FROM gitlab.issues WHERE project = 'gitlab-org/gitlab'",
			is => '130'
		},
	] };
