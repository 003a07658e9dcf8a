INSERT INTO user_sessions (id, machine_id, session, sid, host, host_key, started_at, last_at, logon_ms, outcome, outcome_rank, overridden, reports)
    VALUES ('b000000000000000000000000000000a', '8000000000000000000000000000000a', 's1', 'S-1-5-21-1-2-3-1001', 'TS01', 'ts01', {now}, {now}, 250, 'merged', 1, 0, 1),
           ('b000000000000000000000000000000b', '8000000000000000000000000000000a', 's2', 'S-1-5-21-1-2-3-1001', 'TS01', 'ts01', {now} + 1000, {now} + 1000, NULL, 'spooled', 4, 2, 1);
INSERT INTO session_reports (machine_id, report_id, session_id, started_at, content)
    VALUES ('8000000000000000000000000000000a', 'r1', 'b000000000000000000000000000000a', {now},
            '{"id":"r1","session":"s1","event":"logon","sid":"S-1-5-21-1-2-3-1001","profile":"mandatory","mode":"synchronous","started":1,"duration":250,"plan-revision":3,"outcome":"merged","data-sets":[],"steps":[],"items":{"list":[],"more":0},"problems":[]}');
