INSERT INTO storage_damage (id, report, server, server_key, scope, sid, part, number, why, remedy, from_number, to_number, found, first_at, last_at, times)
    VALUES ('d000000000000000000000000000000a', 'r1', 'STORE1', 'store1', 'global', 'S-1-5-21-1-2-3-1001', 'current', 3, 'torn', 'fell-back', 2, 4, 'use', {now}, {now}, 1);
