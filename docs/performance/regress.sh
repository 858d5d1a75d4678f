#!/usr/bin/env bash
# Compares the speed of the working tree with that of a commit: both sets of benchmarks are built first, then run in turn, and
# golang.org/x/perf's benchstat says what changed beyond noise.
# usage: docs/performance/regress.sh [COMMIT [PATTERN [PACKAGE]]]      default: HEAD, the matrix products, ./kernels
set -euo pipefail
commit=${1:-HEAD} pattern=${2:-'^BenchmarkMul.*/rows=2048/cols=2048/'} package=${3:-./kernels}
rounds=${ROUNDS:-6}
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'git worktree remove --force "$tmp/old" 2>/dev/null || true; rm -rf "$tmp"' EXIT
git worktree add --quiet --detach "$tmp/old" "$commit"
go test -c -o "$tmp/new.test" "$package"
(cd "$tmp/old" && go test -c -o "$tmp/old.test" "$package")
for _ in $(seq "$rounds"); do
	for v in old new; do
		(cd "$package" && "$tmp/$v.test" -test.run '^$' -test.bench "$pattern" -test.benchtime 100ms >>"$tmp/$v.txt")
	done
done
go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da "$tmp/old.txt" "$tmp/new.txt"
