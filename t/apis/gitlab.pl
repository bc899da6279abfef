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
		{   name => 'pages by a header',
			sql => "CALL dload.run('gitlab_projects'); SELECT outcome, rows_read, pages FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|230|3'
		},
		{   name => 'then what was active since',
			sql => "CALL dload.run('gitlab_projects'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'the token as bearer',
			sql => "BEGIN; ALTER SERVER gitlab OPTIONS (SET auth 'bearer', DROP api_key_name); ALTER USER MAPPING FOR CURRENT_USER SERVER gitlab OPTIONS (DROP api_key, ADD token 'glpat-abcdefghij0123456789'); SELECT count(*) FROM gitlab.issues WHERE project = 'gitlab-org/gitlab'; ROLLBACK",
			is => '130'
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
		{   name => 'the header with the next page',
			alter => "ALTER FOREIGN TABLE gitlab.projects OPTIONS (SET token_header 'X-Page')",
			sql => 'SELECT count(*) FROM gitlab.projects',
			is => '230'
		},
	],
	more => sub {
		my ($api) = @_;
		my $fault = sub { HTTP::Tiny->new->get("$api->{url}/host/gitlab.com/fault/$_[0]"); };
		my $read = "SELECT count(DISTINCT id) FROM gitlab.issues WHERE project = 'gitlab-org/gitlab' AND id <> 90000";

		$fault->('projects/10050');
		is(sql($api, 'SELECT count(*) FROM gitlab.projects'), '10050', 'gitlab: beyond 10 000, without totals');
		for my $query ('{"pagination": "keyset", "order_by": "id", "sort": "asc"}', '{}')
		{
			$fault->('shift/1');
			is(sql($api, "BEGIN; ALTER FOREIGN TABLE gitlab.issues OPTIONS (SET query_params '$query'); $read; ROLLBACK"),
				$query eq '{}' ? '128' : '129',
				'gitlab: one goes meanwhile: ' . ($query eq '{}' ? 'control: pages lose another' : 'keys lose nothing'));
			$fault->('gone/0');
		}

		# last, since the server is locked then
		$fault->('silent/1');
		sql($api, "ALTER SERVER gitlab OPTIONS (ADD max_wait '10s')");
		like(sql($api, $read), qr/ERROR:.*has to wait for (5[5-9]|60) seconds/s, 'gitlab: a 429 without headers is a minute');
	} };
