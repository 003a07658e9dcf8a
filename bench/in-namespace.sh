#!/usr/bin/env bash
# Runs the peers' end-to-end script in a network namespace of its own, with our farm beside its file server.
# `cargo xtask bench e2e` sets all variables.
set -euo pipefail
ip link set lo up

# Console and Storage Service, until this script closes their input. They enrol the Agent before Wine starts.
mkfifo "$SCRATCH/farm.out"
exec 7> >("$MP_BENCH" farm --folder "$SCRATCH/farm" --agent "$AGENT_STATE" > "$SCRATCH/farm.out")
read -r ready < "$SCRATCH/farm.out"
echo "# farm $ready"

# A Windows program that stays: it changes a setting before each logoff, and after it does what unloading a hive does.
mkfifo "$SCRATCH/ask" "$SCRATCH/answer"
exec 8<> "$SCRATCH/ask" 9<> "$SCRATCH/answer"
agent="$LOADER $AGENT --state C:\\\\mp --json"
(
    # The script's Wine session is there when the script has come to its file server.
    until [ -e "$PERF_WORK/e2e/smb.conf" ]; do sleep 0.2; done
    # The first session: storage says that it has nothing, so that what is exported from now on replaces what is stored.
    $agent logon --sid "$SID" > "$SCRATCH/first-logon" 2>&1 || true
    exec "$LOADER" "$REGISTRY" "$SID" <&8 >&9 2> "$SCRATCH/registry.err"
) 7>&- &

rm -f "$PERF_WORK/e2e/smb.conf"
export E2E_INNS=1
export AGENT_LOGON="exec $agent logon --sid $SID >> $SCRATCH/logons 2>&1"
export AGENT_LOGOFF="echo touch >&8; read -r done <&9; $agent logoff --sid $SID >> $SCRATCH/logoffs 2>&1; echo forget >&8; read -r done <&9"
"$PERF/e2e.sh" 7>&-
