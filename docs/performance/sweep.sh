#!/usr/bin/env bash
# Measures what docs/performance.md shows. Makes models of random weights from 1 million to 1.1 billion parameters in FOLDER (10 GB) and
# writes plots and tables to docs/performance/.
# usage: docs/performance/sweep.sh FOLDER
set -euo pipefail
dir=${1:?usage: docs/performance/sweep.sh FOLDER}
cd "$(dirname "$0")/../.."
out=docs/performance
mkdir -p "$dir"
go build -o "$dir/nibble" ./cmd/nibble
nibble="$dir/nibble"

# model SIZE DTYPE TYPE: a container of random weights
model() {
	local name="$dir/$1-$3.nbl"
	[ -e "$name" ] && return
	go run ./testdata/synth -preset "$1" -dtype "$2" "$dir/$1" >&2
	"$nibble" convert "$dir/$1" --no-tokenizer --type "$3" -o "$name" >&2
	rm -r "${dir:?}/$1"
}

sizes="1m 10m 100m tinyllama"
for size in $sizes; do model "$size" f16 int4-g32; done
model tinyllama f16 int8-g32
model tinyllama f16 f16
model tinyllama bf16 bf16

# Lengths from 1 to 2048 on all sizes.
containers=()
for size in $sizes; do containers+=("$dir/$size-int4-g32.nbl"); done
"$nibble" bench "${containers[@]}" -p 1,2,4,8,16,32,64,128,256,512,1024,2048 -n 0 -r 5 --roofline \
	--plot $out/lengths.svg --csv $out/lengths.csv --force >"$dir/lengths.txt"

# Types of the largest.
"$nibble" bench "$dir/tinyllama-f16.nbl" "$dir/tinyllama-int8-g32.nbl" "$dir/tinyllama-int4-g32.nbl" -s 512 -r 5 --roofline --csv $out/types.csv --force >"$dir/types.txt"
"$nibble" bench "$dir/tinyllama-bf16.nbl" --activations bf16 -s 512 -r 5 --roofline --csv $out/types-bf16.csv --force >>"$dir/types.txt"

# Threads.
for t in 1 2; do
	"$nibble" bench "$dir/tinyllama-int4-g32.nbl" -t $t -n 0 -r 5 --csv "$dir/threads$t.csv" --force >"$dir/threads$t.txt"
done
cat "$dir/lengths.txt" "$dir/types.txt" "$dir"/threads?.txt
