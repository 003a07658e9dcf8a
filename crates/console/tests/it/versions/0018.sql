INSERT INTO storage_status (machine_id, reported_at, free_bytes, total_bytes, near_quota, is_low)
    VALUES ('8000000000000000000000000000000b', {now}, 5, 9, '[]', 1);
