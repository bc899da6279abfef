{   checks => [
		{   name => 'the key of the last record leads to the next page',
			sql => 'SELECT count(*), count(DISTINCT id), min(amount) FROM stripe.charges',
			is => '230|230|0'
		},
		{   name => 'a parameter with brackets',
			sql => 'SELECT count(*) FROM stripe.charges WHERE since = 1767225600 + 60 * 200',
			is => '0'
		},
		{   name => 'a limit that does not say how long',
			before => [ { path => '/v1/charges', status => 429, headers => { 'Stripe-Should-Retry' => 'true' } } ],
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'loaded, with a time made of the epoch',
			sql => "CALL dload.run('stripe_charges'); SELECT count(*), max(created) AT TIME ZONE 'UTC' FROM stripe.loaded",
			is => '230|2026-01-01 03:49:00'
		},
		{   name => 'then from the newest on',
			sql => "CALL dload.run('stripe_charges'); SELECT outcome, rows_read, requests FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
	],
	controls => [
		{   name => 'has_more',
			alter => "ALTER FOREIGN TABLE stripe.charges OPTIONS (DROP has_more_path, ADD max_pages '3')",
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'the key',
			alter => "ALTER FOREIGN TABLE stripe.charges OPTIONS (SET keyset_path 'currency')",
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'the version',
			alter => 'ALTER SERVER stripe OPTIONS (DROP headers)',
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
	] };
