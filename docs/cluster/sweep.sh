#!/bin/sh
# Runs a sweep: every model on every text, each text cut into shards. A scheduler starts one task for each index.
#
#   sweep.sh count        how many tasks there are
#   sweep.sh list         index, state, model, text and shard of each
#   sweep.sh todo         the indices that are not done, for sbatch --array
#   sweep.sh run INDEX    score one shard; goes on from what an earlier try of it left
#   sweep.sh merge        join each pair's shards to RESULTS/MODEL/TEXT.json
#
# SWEEP names the sweep's file (sweep.txt), NIBBLE the program (nibble). Plain sh and what busybox has, so that it runs in a
# small image too. Exit code 2 is a mistake in the sweep that no second try mends.
set -euf

sweep=${SWEEP:-sweep.txt}
nibble=${NIBBLE:-nibble}

fail() {
  echo "sweep.sh: $*" >&2
  exit 2
}

# entries KEY prints the values of the lines with that key.
entries() { sed -n "s/^[[:space:]]*$1[[:space:]]\{1,\}//p" "$sweep" | sed 's/[[:space:]]*$//'; }

# names turns paths into the names that results have.
names() { sed 's|/*$||; s|.*/||; s|\.nbl$||'; }

[ -r "$sweep" ] || fail "read $sweep: no such file; give its name in SWEEP"
other=$(grep -nvE '^[[:space:]]*(#.*|(model|text|shards|results|option)[[:space:]]+[^[:space:]].*)?$' "$sweep" || true)
[ -z "$other" ] || fail "$sweep, line $other: want model PATH, text PATH, shards N, results FOLDER, option --NAME=VALUE or # and a comment"
for key in model text; do
  [ -n "$(entries $key)" ] || fail "$sweep: no line \"$key PATH\""
  same=$(entries $key | names | sort | uniq -d)
  [ -z "$same" ] || fail "$sweep: more than one $key is called $same: their results would have the same name"
done
shards=$(entries shards)
case $shards in '' | 0* | *[!0-9]*) fail "$sweep: shards \"$shards\": want one line with a whole number above 0" ;; esac
results=$(entries results)
results=${results:-results}
models=$(entries model | wc -l)
texts=$(entries text | wc -l)
count=$((models * texts * shards))

# task INDEX sets model, text, shard and out. Shards of a pair are neighbours, and so are a model's texts: tasks that run at the
# same time read the same files.
task() {
  case $1 in '' | *[!0-9]*) fail "index \"$1\": want a number from 0 to $((count - 1))" ;; esac
  [ "$1" -lt "$count" ] || fail "index $1: $sweep has $count tasks, 0 to $((count - 1))"
  shard=$(($1 % shards + 1))
  text=$(entries text | sed -n "$(($1 / shards % texts + 1))p")
  model=$(entries model | sed -n "$(($1 / shards / texts + 1))p")
  pair=$results/$(printf '%s\n' "$model" | names)/$(printf '%s\n' "$text" | names)
  out=$pair/$shard-of-$shards.json
}

list() {
  index=0
  while [ $index -lt $count ]; do
    task $index
    state=missing
    if [ -e "$out" ]; then
      state=unfinished
      if grep -q '"partial": false' "$out"; then state="done"; fi
    fi
    printf '%d\t%s\t%s\t%s\t%s\n' $index $state "$model" "$text" "$shard/$shards"
    index=$((index + 1))
  done
}

run() {
  task "$1"
  mkdir -p "$pair"
  set -- ppl "$model" --text "$text" --shard "$shard/$shards" --json "$out"
  # nibble checks that the earlier result has the same settings, and does nothing more where it is whole.
  if [ -e "$out" ]; then set -- "$@" --resume "$out"; fi
  IFS='
'
  for option in $(entries option); do set -- "$@" "$option"; done
  # In the shell's place, nibble gets the scheduler's SIGTERM and keeps what it has scored.
  exec "$nibble" "$@"
}

merge() {
  failed=0
  first=0
  while [ $first -lt $count ]; do
    set --
    index=$first
    while [ $index -lt $((first + shards)) ]; do
      task $index
      set -- "$@" "$out"
      index=$((index + 1))
    done
    "$nibble" merge "$@" --json "$pair.json" --force || failed=$((failed + 1))
    first=$((first + shards))
  done
  [ $failed = 0 ] || {
    echo "sweep.sh: $failed of $((models * texts)) pairs could not be merged" >&2
    exit 1
  }
}

case "${1-} $#" in
"count 1") echo $count ;;
"list 1") list ;;
"todo 1") list | awk '$2 != "done" { printf "%s%s", comma, $1; comma = "," } END { if (comma) print "" }' ;;
"run 2") run "$2" ;;
"merge 1") merge ;;
*) fail "want count, list, todo, run INDEX or merge" ;;
esac
