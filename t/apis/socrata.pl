{   checks => [
		{   name => 'by offset and in order; numbers that are texts, nulls that are left out',
			sql => 'SELECT count(*), count(DISTINCT number), count(level), max(level), pg_typeof(max(level)) FROM socrata.levels',
			is => '2500|2500|1875|2499.5|numeric'
		},
		{   name => 'a condition on a field',
			sql => "SELECT count(*), min(state) FROM socrata.levels WHERE state = 'CA'",
			is => '500|CA'
		},
		{   name => 'the third version',
			sql => 'SELECT count(*), count(DISTINCT number), count(level) FROM socrata.levels3',
			is => '2500|2500|1875'
		},
		{   name => 'an API key',
			sql => "BEGIN; ALTER SERVER socrata OPTIONS (SET auth 'basic', DROP api_key_name); ALTER USER MAPPING FOR CURRENT_USER SERVER socrata OPTIONS (DROP api_key, ADD username 'key-id', ADD password 'key-secret'); SELECT count(*) FROM socrata.levels; ROLLBACK",
			is => '2500'
		},
		{   name => 'pages that are too large are an error',
			sql => "BEGIN; ALTER FOREIGN TABLE socrata.levels OPTIONS (SET page_size '50001'); SELECT count(*) FROM socrata.levels; ROLLBACK",
			like => qr/ERROR:.*400.*Invalid limit/s
		},
		{   name => 'a token that is wrong',
			sql => "BEGIN; ALTER USER MAPPING FOR CURRENT_USER SERVER socrata OPTIONS (SET api_key 'x'); SELECT count(*) FROM socrata.levels; ROLLBACK",
			like => qr/ERROR:.*403.*Invalid app_token/s
		},
		{   name => 'loaded: types by hints',
			sql => "CALL dload.run('socrata_levels'); SELECT count(*), max(number), pg_typeof(max(level)), max(updated_at) AT TIME ZONE 'UTC' FROM socrata.loaded",
			is => '2500|2499|numeric|2026-01-02 00:00:00'
		},
		{   name => 'then the upload at the cursor again, whose hundred rows have one time',
			sql => "CALL dload.run('socrata_levels'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|100|100'
		},
		{   name => 'replace: no page has changed',
			sql => "SELECT dload.create_pipeline('all', source => 'socrata.levels', target => 'socrata.everything', write_disposition => 'replace'); CALL dload.run('all'); CALL dload.run('all'); SELECT outcome, pages_unchanged, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/^complete\|3\|0$/m
		},
	],
	controls => [
		{   name => 'an order',
			alter => 'ALTER FOREIGN TABLE socrata.levels OPTIONS (DROP query_params)',
			sql => 'SELECT count(*), count(DISTINCT number) FROM socrata.levels',
			is => '2500|2500'
		},
		{   name => 'an order in the third version',
			alter => "ALTER FOREIGN TABLE socrata.levels3 OPTIONS (SET body '{\"query\": \"SELECT *\"}')",
			sql => 'SELECT count(*), count(DISTINCT number) FROM socrata.levels3',
			is => '2500|2500'
		},
		{   name => 'the page in the body',
			alter => 'ALTER FOREIGN TABLE socrata.levels3 OPTIONS (DROP page_in)',
			sql => 'SELECT count(*) FROM socrata.levels3',
			is => '2500'
		},
		{   name => 'the paginator',
			alter => 'ALTER FOREIGN TABLE socrata.levels OPTIONS (DROP paginate, DROP offset_param, DROP stop_on_short)',
			sql => 'SELECT count(*) FROM socrata.levels',
			is => '2500'
		},
		{   name => 'the token',
			alter => "ALTER SERVER socrata OPTIONS (SET auth 'none', DROP api_key_name, ADD max_retries '0')",
			sql => 'SELECT count(*) FROM socrata.levels',
			is => '2500'
		},
		{   name => 'hints',
			alter => "SELECT dload.alter_pipeline('socrata_levels', columns => '{}'); DROP TABLE socrata.loaded",
			sql => "SELECT dload.run_atomic('socrata_levels') > 0; SELECT pg_typeof(max(level)) FROM socrata.loaded",
			is => "t\nnumeric"
		},
	],
	more => sub {
		my ($api) = @_;

		HTTP::Tiny->new->get("$api->{url}/host/data.example.gov/change/7/0");
		is(sql($api, "BEGIN; ALTER FOREIGN TABLE socrata.changes OPTIONS (SET query_params '{\"\$select\": \":*,*\", \"\$where\": \":updated_at > ''{cursor|sql}''\", \"\$order\": \":updated_at,:id\"}'); SELECT dload.run_atomic('socrata_levels') > 0; SELECT updated_at AT TIME ZONE 'UTC' FROM socrata.loaded WHERE number = 7; ROLLBACK"),
			"t\n2026-01-01 00:00:00", 'socrata: control: what shares the time of the cursor is lost by >');
		is(sql($api, "SELECT dload.run_atomic('socrata_levels') > 0; SELECT updated_at AT TIME ZONE 'UTC' FROM socrata.loaded WHERE number = 7"),
			"t\n2026-01-02 00:00:00", 'socrata: what changed since');
		$api->{mock}->clear_journal;
		is(sql($api, "CALL dload.run('all'); SELECT outcome, pages_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1"),
			'complete|3', 'socrata: fields of the system change no page that has none');
	} };
