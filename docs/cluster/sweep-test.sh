#!/usr/bin/env bash
# Checks sweep.sh by itself: which task an index is, which tasks are left, and that mistakes in a sweep are refused with exit code 2.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "sweep-test.sh: $*" >&2; exit 1; }

# sweep LINES... writes sweep.txt.
sweep() { printf '%s\n' "$@" >sweep.txt; }

for shell in sh bash "busybox sh"; do
  # The last line has no end, spaces are about, and the names have spaces too.
  printf '# models x texts x shards\n\nmodel m/a.nbl\n  model  m/b c/\t\ntext t/x.txt\ntext t/y z.txt\nshards 2' >sweep.txt
  cat >want <<'END'
0	missing	m/a.nbl	t/x.txt	1/2
1	missing	m/a.nbl	t/x.txt	2/2
2	missing	m/a.nbl	t/y z.txt	1/2
3	missing	m/a.nbl	t/y z.txt	2/2
4	missing	m/b c/	t/x.txt	1/2
5	missing	m/b c/	t/x.txt	2/2
6	missing	m/b c/	t/y z.txt	1/2
7	missing	m/b c/	t/y z.txt	2/2
END
  $shell "$here/sweep.sh" list | diff want -
  [ "$($shell "$here/sweep.sh" count)" = 8 ]

  # A stand-in for nibble shows its arguments, one a line.
  printf '#!/bin/sh\nprintf "<%%s>\\n" "$@"\n' >echo.sh
  chmod +x echo.sh
  printf '\nresults out\noption --ctx=128\noption --join=\\n - \n' >>sweep.txt
  run() { NIBBLE=./echo.sh $shell "$here/sweep.sh" run "$1" | tr -d '\n'; }
  first='<ppl><m/b c/><--text><t/y z.txt><--shard><1/2><--json><out/b c/y z.txt/1-of-2.json>'
  [ "$(run 6)" = "$first<--ctx=128><--join=\\n ->" ] || fail "$shell: task 6 is $(run 6)"
  echo '"partial": true' >"out/b c/y z.txt/1-of-2.json"
  [ "$(run 6)" = "$first<--resume><out/b c/y z.txt/1-of-2.json><--ctx=128><--join=\\n ->" ] || fail "$shell: task 6 again is $(run 6)"
  [ "$($shell "$here/sweep.sh" todo)" = 0,1,2,3,4,5,6,7 ]
  echo '"partial": false' >"out/b c/y z.txt/1-of-2.json"
  [ "$($shell "$here/sweep.sh" todo)" = 0,1,2,3,4,5,7 ]
  rm -r out
done

refused() { # WHAT ARGUMENTS...
  local code=0
  "$here/sweep.sh" "${@:2}" >out.log 2>&1 || code=$?
  [ $code = 2 ] || fail "exit code $code, want 2: $(cat out.log)"
  grep -qF -- "$1" out.log || fail "the message \"$(cat out.log)\" does not say \"$1\""
}
ok=("model a.nbl" "text t" "shards 2")
sweep "${ok[@]}"
refused "index 2: sweep.txt has 2 tasks, 0 to 1" run 2
refused 'index "-1"' run -1
refused 'index ""' run ""
refused "want count, list" run
refused "want count, list"
refused "want count, list" lists
sweep "${ok[@]}" "modell b.nbl"
refused "line 4:modell b.nbl" count
sweep "${ok[@]}" "text"
refused "line 4:text" count
sweep "text t" "shards 2"
refused 'no line "model PATH"' count
sweep "${ok[@]}" "model b/a.nbl/"
refused "more than one model is called a" count
sweep "${ok[@]}" "text b/t"
refused "more than one text is called t" count
for shards in 0 01 -1 x 1.5 "1 2"; do
  sweep "model a.nbl" "text t" "shards $shards"
  refused "shards \"$shards\"" count
done
sweep "${ok[@]}" "shards 3"
refused "want one line" count
rm sweep.txt
refused "read sweep.txt" count
