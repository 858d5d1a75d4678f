#!/usr/bin/env bash
# Runs a sweep over the embedded models under a real Slurm on this machine: munged, slurmctld and slurmd of Debian's slurm-wlm
# and munge, started in a temporary folder and stopped at the end. It submits array.sbatch and merge.sbatch as they are, cancels
# a task in the middle, resubmits it, and compares what was merged with runs that were not cut into shards.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)

say() { printf -- '-- %s (%d s)\n' "$*" "$SECONDS"; }

missing=()
for program in munged mungekey slurmctld slurmd sbatch scancel scontrol squeue; do
  PATH=$PATH:/usr/sbin command -v $program >/dev/null || missing+=("$program")
done
[ ${#missing[@]} = 0 ] || {
  echo "slurm-test.sh: not installed: ${missing[*]}; on Debian: apt-get install munge slurm-wlm" >&2
  exit 1
}
export PATH=$PATH:/usr/sbin

# The folder's path is short, because munge's socket has to fit into 108 bytes.
work=$(TMPDIR=/tmp mktemp -d /tmp/nibble-slurm.XXXXXX)
chmod 755 "$work"
daemons=()
stop() {
  code=$?
  trap - EXIT
  if [ $code != 0 ]; then
    for log in "$work"/slurm/*.log "$work"/sweep/slurm-*.log; do
      [ ! -s "$log" ] || { echo "== $log"; tail -n 15 "$log"; }
    done >&2
  fi
  # Jobs first, or their slurmstepd would look for a slurmd that is gone; then the last daemon that was started.
  if [ ${#daemons[@]} = 3 ]; then
    timeout 5 scancel --user="$(id -un)" || true
    for _ in {1..50}; do [ -n "$(timeout 5 squeue --noheader)" ] || break; sleep 0.2; done
  fi 2>/dev/null
  for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
    kill "${daemons[i]}" 2>/dev/null || continue
    for _ in {1..50}; do kill -0 "${daemons[i]}" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "${daemons[i]}" 2>/dev/null || true
  done
  rm -rf "$work"
  exit $code
}
trap stop EXIT
trap 'exit 130' INT TERM

# wait_for SECONDS WHAT COMMAND... polls until the command succeeds. The limits are there to end a wait that would never end.
wait_for() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ $SECONDS -lt $limit ] || { echo "slurm-test.sh: $what: not within the time for it" >&2; exit 1; }
    sleep 0.2
  done
}

say "build nibble, make the sweep"
sweep=$work/sweep
mkdir -p "$sweep/models" "$sweep/texts"
(cd "$repository" && CGO_ENABLED=0 go build -o "$sweep/nibble" ./cmd/nibble)
cp "$here/sweep.sh" "$here/array.sbatch" "$here/merge.sbatch" "$sweep"
cd "$sweep"
for model in gpt2 llama; do
  ./nibble convert "$repository/testdata/models/nibble-$model" --type int4-g32 -o "models/$model-int4.nbl" >/dev/null
done
head -c 120000 "$repository/testdata/text/valid.txt" >texts/tales.txt
head -c 20000 texts/tales.txt >"texts/short tales.txt"
# A short stride makes the long text's shards take seconds, so that one can be cancelled in the middle.
cat >sweep.txt <<END
model models/gpt2-int4.nbl
model models/llama-int4.nbl
text texts/short tales.txt
text texts/tales.txt
shards 3
results results
option --ctx=128
option --stride=8
END
[ "$(./sweep.sh count)" = 12 ]
# What nibble is called with is noted on the way.
cat >noted <<'END'
#!/bin/sh
echo "$@" >>calls
exec ./nibble "$@"
END
chmod +x noted
export NIBBLE=./noted

say "start munged, slurmctld, slurmd: $(slurmctld -V)"
slurm=$work/slurm
mkdir -p "$slurm/state" "$slurm/spool"
host=$(hostname -s)
me=$(id -un)
port=$((20000 + RANDOM % 10000))
# No cgroups and no systemd are needed, nothing listens beyond the loopback interface, and a requeued job may start again after
# the five seconds that a credential lives rather than after two minutes.
cat >"$slurm/slurm.conf" <<END
ClusterName=nibble
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
AuthInfo=socket=$slurm/munge.socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
PropagateResourceLimits=NONE
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=0,sched_min_interval=100000
SlurmdParameters=config_overrides
KillWait=60
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
# The v1 plugin does nothing unless something asks for it; from 23.11 on none at all can be chosen.
cgroups=cgroup/v1
[ "$(slurmctld -V | tr -dc '0-9.' | cut -d. -f1,2 | tr -d .)" -lt 2311 ] || cgroups=disabled
echo "CgroupPlugin=$cgroups" >"$slurm/cgroup.conf"
export SLURM_CONF=$slurm/slurm.conf
mungekey --create --keyfile="$slurm/munge.key"
munged --foreground --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" --pid-file="$slurm/munge.pid" \
  --log-file="$slurm/munge.log" --seed-file="$slurm/munge.seed" >"$slurm/munge-out.log" 2>&1 &
daemons+=($!)
wait_for 60 "munged opens its socket" test -S "$slurm/munge.socket"
slurmctld -D >"$slurm/slurmctld-out.log" 2>&1 &
daemons+=($!)
slurmd -D >"$slurm/slurmd-out.log" 2>&1 &
daemons+=($!)
node_is_idle() { [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ]; }
wait_for 600 "the node is idle" node_is_idle

# The sizes of the files are for real models.
small=(--cpus-per-task=1 --mem=0 --time=10)
state() { scontrol --oneliner show job "$1" 2>/dev/null | sed -n 's/.* JobState=\([A-Z]*\) .*/\1/p'; }
state_is() { [ "$(state "$1")" = "$2" ]; }

say "submit 12 tasks and, after them, the merge"
array=$(sbatch --parsable --array=0-11 "${small[@]}" array.sbatch)
merge=$(sbatch --parsable --dependency="afterok:$array" "${small[@]}" merge.sbatch)

# Task 4 is the second shard of gpt2 on the long text, task 10 of llama. nibble makes the .part file before it loads the model.
started() { compgen -G "results/$1/tales.txt/2-of-3.json.part-*" >/dev/null; }
unfinished() { [ "$(./sweep.sh list | awk -v task="$1" '$1 == task { print $2 }')" = unfinished ]; }
wait_for 600 "task 4 starts" started gpt2-int4
sleep 0.5
scancel "${array}_4"
wait_for 600 "task 4 keeps what it scored" unfinished 4
say "task 4 is cancelled in the middle and has kept $(grep -c '"left_out"' results/gpt2-int4/tales.txt/2-of-3.json) windows"

wait_for 600 "task 10 starts" started llama-int4
sleep 0.5
scontrol requeue "${array}_10"
wait_for 600 "task 10 keeps what it scored" unfinished 10
say "task 10 is requeued, as where a node is wanted for other work, and has kept $(grep -c '"left_out"' results/llama-int4/tales.txt/2-of-3.json) windows"

# The merge must not run: task 4 is not done. Task 10 comes back by itself.
never() { [ "$(squeue --noheader --format=%r --jobs="$merge")" = DependencyNeverSatisfied ]; }
wait_for 600 "all tasks but 4 end" never
./sweep.sh list
[ "$(./sweep.sh todo)" = 4 ]
[ ! -e results/gpt2-int4/tales.txt.json ]
scancel "$merge"

say "submit what is left, and the merge"
array=$(sbatch --parsable --array="$(./sweep.sh todo)" "${small[@]}" array.sbatch)
merge=$(sbatch --parsable --dependency="afterok:$array" "${small[@]}" merge.sbatch)
ended() { [[ "$(state "$merge")" =~ ^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL)$ ]]; }
wait_for 600 "the merge ends" ended
state_is "$merge" COMPLETED
[ -z "$(./sweep.sh todo)" ]
for shard in gpt2-int4/tales.txt/2-of-3.json llama-int4/tales.txt/2-of-3.json; do
  grep -q -- "--resume results/$shard " calls || { echo "slurm-test.sh: results/$shard was begun anew" >&2; exit 1; }
done

say "the same without shards"
whole() { # MODEL TEXT
  GOMAXPROCS=1 ./nibble ppl "models/$1.nbl" --text "texts/$2" --ctx=128 --stride=8 --json "results/$1/$2.whole.json"
}
for text in tales.txt "short tales.txt"; do
  whole gpt2-int4 "$text" >/dev/null &
  other=$!
  whole llama-int4 "$text" >/dev/null
  wait $other
  for model in gpt2-int4 llama-int4; do
    merged=results/$model/$text
    # Time is all that may differ.
    cmp <(grep -vE '"(seconds|tokens_per_second)":' "$merged.json") <(grep -vE '"(seconds|tokens_per_second)":' "$merged.whole.json")
    echo "identical: $merged.json, $(grep -m1 -o '"perplexity".*[0-9]' "$merged.json"), $(grep -c '"left_out"' "$merged.json") windows"
  done
done
say "done"
