UPDATE agent_server_groups SET settings = '{"mode":"asynchronous"}', waits = '{"logon-ms":5000}' WHERE name_key = 'lab';
