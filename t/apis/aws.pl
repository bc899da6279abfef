{   checks => [
		{   name => 'NextToken in the body, an empty page is not the end',
			sql => 'SET timezone = UTC; SELECT count(*), count(DISTINCT event_id), max(event_time), min(region) FROM aws.events',
			is => '130|130|2026-01-01 02:09:00.125+00|eu-central-1'
		},
		{   name => 'the rate of the API is kept to; the rest goes without, for its time',
			sql => "SELECT requests, period FROM dload.budgets WHERE server = 'cloudtrail' AND period IS NOT NULL; ALTER SERVER cloudtrail OPTIONS (DROP rate_limit)",
			is => '2|00:00:01'
		},
		{   name => 'a filter in the body',
			sql => 'SELECT count(*) FROM aws.events WHERE since = 1767225600.125 + 60 * 120',
			is => '10'
		},
		{   name => 'loaded',
			sql => "CALL dload.run('aws_events'); SELECT count(*), max(event_time), min(cloud_trail_event__aws_region) FROM aws.loaded",
			is => '130|1767233340.125|eu-central-1'
		},
		{   name => 'then from 15 minutes before the last event on',
			sql => "CALL dload.run('aws_events'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|16|16'
		},
		{   name => 'Marker, and a flag that ends it',
			sql => 'SELECT count(*), count(DISTINCT key_id) FROM aws.keys',
			is => '250|250'
		},
		{   name => 'other errors are told by their type',
			sql => "BEGIN; ALTER FOREIGN TABLE aws.events OPTIONS (SET page_size '51'); SELECT count(*) FROM aws.events; ROLLBACK",
			like => qr/ERROR:.*400.*(__type|MaxResults)/s
		},
	],
	controls => [
		{   name => 'the place of the token',
			alter => "ALTER FOREIGN TABLE aws.events OPTIONS (SET token_in 'query')",
			sql => 'SELECT count(*) FROM aws.events',
			is => '130'
		},
		{   name => 'an empty page',
			alter => "ALTER FOREIGN TABLE aws.events OPTIONS (ADD stop_on_empty 'true')",
			sql => 'SELECT count(*) FROM aws.events',
			is => '130'
		},
		{   name => 'the operation',
			alter => "ALTER FOREIGN TABLE aws.events OPTIONS (SET headers '{\"Content-Type\": \"application/x-amz-json-1.1\"}')",
			sql => 'SELECT count(*) FROM aws.events',
			is => '130'
		},
		{   name => 'the media type',
			alter => "ALTER FOREIGN TABLE aws.events OPTIONS (SET headers '{\"X-Amz-Target\": \"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents\"}')",
			sql => 'SELECT count(*) FROM aws.events',
			is => '130'
		},
		{   name => 'the service in the signature',
			alter => "ALTER SERVER cloudtrail OPTIONS (SET sigv4_service 'kms')",
			sql => 'SELECT count(*) FROM aws.events',
			is => '130'
		},
		{   name => 'the session token',
			alter => 'ALTER USER MAPPING FOR CURRENT_USER SERVER cloudtrail OPTIONS (DROP session_token)',
			sql => 'SELECT count(*) FROM aws.events',
			is => '130'
		},
		{   name => 'the flag of the old kind',
			alter => "ALTER FOREIGN TABLE aws.keys OPTIONS (DROP has_more_path, ADD max_pages '5')",
			sql => 'SELECT count(*) FROM aws.keys',
			is => '250'
		},
		{   name => 'the JSON in a string',
			alter => 'ALTER FOREIGN TABLE aws.events OPTIONS (DROP decode)',
			sql => 'SELECT min(region) FROM aws.events',
			is => 'eu-central-1'
		},
	],
	more => sub {
		my ($api) = @_;
		my $host = "$api->{url}/host/cloudtrail.eu-central-1.amazonaws.com";

		for my $fault ('ThrottlingException', 'SlowDown')
		{
			HTTP::Tiny->new->get("$host/fault/$fault");
			is(sql($api, 'SELECT count(*) FROM aws.events'),
				'130', "aws: $fault is waited for");
		}
		sql($api, 'ALTER SERVER cloudtrail OPTIONS (DROP response_rules)');
		HTTP::Tiny->new->get("$host/fault/ThrottlingException");
		like(sql($api, 'SELECT count(*) FROM aws.events'),
			qr/ERROR:.*Rate exceeded/s, 'aws: control: without the rule it is an error');
	} };
