my $count = "SELECT count(*), count(DISTINCT id), count(revenue), sum(revenue) FROM salesforce_bulk.accounts WHERE job = '750gL000000FAKEAAA'";
my $right = '530|530|477|126277561.50';

{   checks => [
		{   name => 'pages of the size for which nothing else is needed',
			sql => $count,
			is => $right
		},
		{   name => 'the calls of the day, as the header counts them',
			sql => "SELECT requests, remaining BETWEEN 14940 AND 14945 FROM dload.budgets WHERE server = 'salesforce_bulk' AND period IS NULL",
			is => '15000|t'
		},
		{   name => 'another version than that of the job',
			sql => "BEGIN; ALTER FOREIGN TABLE salesforce_bulk.accounts OPTIONS (SET path '/services/data/v60.0/jobs/query/{job}/results'); $count; ROLLBACK",
			like => qr/ERROR:.*404/s
		},
		{   name => 'smaller ones',
			sql => "ALTER FOREIGN TABLE salesforce_bulk.accounts OPTIONS (SET page_size '100'); $count",
			is => $right
		},
		{   name => 'quotes and line breaks in CSV',
			sql => "SELECT name FROM salesforce_bulk.accounts WHERE job = '750gL000000FAKEAAA' AND id LIKE '%00101'",
			is => qq{Account "101",\nin two lines}
		},
		{   name => 'loaded, with types by columns, an empty value as null',
			sql => "CALL dload.run('salesforce_bulk_accounts'); SELECT count(*), sum(annual_revenue), count(*) FILTER (WHERE is_deleted), pg_typeof(max(system_modstamp)) FROM salesforce_bulk.loaded",
			is => '530|126277561.50|11|timestamp with time zone'
		},
		{   name => 'the number of records of a page is not taken for a total, without any option',
			sql => 'SELECT outcome, rows_read, requests FROM dload.runs ORDER BY run_id DESC LIMIT 1',
			is => 'complete|530|6'
		},
		{   name => 'the next job',
			sql => "SELECT FROM dload.alter_pipeline('salesforce_bulk_accounts', params => '{\"job\": \"750gL000000FAKEBBB\"}'); CALL dload.run('salesforce_bulk_accounts'); SELECT outcome, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/^complete\|530$/m
		},
		{   name => 'a job that is not there',
			sql => "SELECT count(*) FROM salesforce_bulk.accounts WHERE job = '750gL000000NONE'",
			like => qr/ERROR:.*404.*does not exist/s
		},
	],
	controls => [
		{   name => 'the word null as the end',
			alter => 'ALTER FOREIGN TABLE salesforce_bulk.accounts OPTIONS (DROP token_end)',
			sql => $count,
			is => $right
		},
		{   name => 'the header with the locator',
			alter => "ALTER FOREIGN TABLE salesforce_bulk.accounts OPTIONS (SET paginate 'none', DROP token_header, DROP token_param, DROP token_end)",
			sql => $count,
			is => $right
		},
		{   name => 'the format, which is asked for',
			alter => 'ALTER FOREIGN TABLE salesforce_bulk.accounts OPTIONS (DROP format)',
			sql => $count,
			is => $right
		},
		{   name => 'types by columns',
			alter => q{SELECT FROM dload.alter_pipeline('salesforce_bulk_accounts', columns => '{"AnnualRevenue": "text"}')},
			sql => "DROP TABLE salesforce_bulk.loaded; SELECT FROM dload.run_atomic('salesforce_bulk_accounts'); SELECT pg_typeof(annual_revenue) FROM salesforce_bulk.loaded LIMIT 1",
			like => qr/numeric/
		},
		{   name => 'no total by the number of records of a page',
			alter => "ALTER FOREIGN TABLE salesforce_bulk.accounts OPTIONS (ADD total_header 'Sforce-NumberOfRecords')",
			sql => "SELECT FROM dload.run_atomic('salesforce_bulk_accounts'); SELECT outcome FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/complete/
		},
	],
	more => sub {
		my ($api) = @_;
		my $answer = HTTP::Tiny->new->get("$api->{url}/host/acme.my.salesforce.com/test/gzipped");

		cmp_ok($answer->{content}, '>', 10, 'salesforce_bulk: pages came compressed, without any option');
		HTTP::Tiny->new->get("$api->{url}/host/acme.my.salesforce.com/test/expire?what=session");
		is(sql($api, $count), $right, 'salesforce_bulk: a session that is over is renewed');
	} };
