{   checks => [
		{   name => 'offsets up to the declared total',
			sql => "SELECT count(*), count(DISTINCT id) FROM mailchimp.members WHERE list_id = 'a1b2'",
			is => '2500|2500'
		},
		{   name => 'the server lowers the page size: steps are by what came',
			sql => "BEGIN; ALTER FOREIGN TABLE mailchimp.members OPTIONS (SET page_size '5000'); SELECT count(*), count(DISTINCT id) FROM mailchimp.members WHERE list_id = 'a1b2'; ROLLBACK",
			is => '2500|2500'
		},
		{   name => 'between two times',
			sql => "SELECT count(*) FROM mailchimp.members WHERE list_id = 'a1b2' AND since = '2026-01-02Z' AND before = '2026-01-02 00:10Z'",
			is => '600'
		},
		{   name => 'many small pages, ten at a time',
			sql => "BEGIN; ALTER SERVER mailchimp OPTIONS (ADD max_retries '0'); ALTER FOREIGN TABLE mailchimp.members OPTIONS (SET page_size '20'); SELECT FROM dload.create_pipeline('small', source => 'mailchimp.members', target => 'mailchimp.small', params => '{\"list_id\": \"a1b2\"}'); SELECT FROM dload.run_atomic('small'); SELECT count(*) FROM mailchimp.small; ROLLBACK",
			like => qr/^2500$/m
		},
		{   name => 'a bare 429 is waited for',
			before => [
				{ path => '/members', status => 429, headers => { 'Content-Type' => undef } }
			],
			sql => "SELECT count(*) FROM mailchimp.members WHERE list_id = 'a1b2'",
			is => '2500'
		},
		{   name => 'loaded, without the links',
			sql => "CALL dload.run('mailchimp_members'); SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^loaded__') FROM mailchimp.loaded",
			is => '2500|2500|0'
		},
		{   name => 'then what changed since: the records at the cursor again',
			sql => "CALL dload.run('mailchimp_members'); SELECT rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => '1|1'
		},
	],
	controls => [
		{   name => 'the paginator',
			alter => "ALTER FOREIGN TABLE mailchimp.members OPTIONS (DROP paginate)",
			sql => "SELECT count(*) FROM mailchimp.members WHERE list_id = 'a1b2'",
			is => '2500'
		},
		{   name => 'retries',
			alter => "ALTER SERVER mailchimp OPTIONS (ADD max_retries '0')",
			before => [
				{ path => '/members', status => 429, headers => { 'Content-Type' => undef } }
			],
			sql => "SELECT count(*) FROM mailchimp.members WHERE list_id = 'a1b2'",
			is => '2500'
		},
		{   name => 'leaving out the links',
			alter => "ALTER FOREIGN TABLE mailchimp.members OPTIONS (DROP query_params)",
			sql => "SELECT dload.create_pipeline('again', source => 'mailchimp.members', target => 'mailchimp.again', params => '{\"list_id\": \"x\"}'); SELECT dload.run_atomic('again'); SELECT count(*) FROM pg_class WHERE relname = 'again___links'",
			like => qr/^0$/m
		},
		{   name => 'ten at a time',
			alter => "ALTER SERVER mailchimp OPTIONS (SET max_concurrency '30')",
			sql => "ALTER SERVER mailchimp OPTIONS (ADD max_retries '0'); ALTER FOREIGN TABLE mailchimp.members OPTIONS (SET page_size '20'); SELECT FROM dload.create_pipeline('small', source => 'mailchimp.members', target => 'mailchimp.small', params => '{\"list_id\": \"a1b2\"}'); SELECT FROM dload.run_atomic('small'); SELECT count(*) FROM mailchimp.small",
			like => qr/^2500$/m
		},
	] };
