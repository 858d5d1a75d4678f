#!/usr/bin/env bash
# Checks the Kubernetes files without a cluster. kubernetes-validate compares the manifests with Kubernetes' own schemas, of the
# oldest version that job.yaml is for and of the newest it knows. Then what the pods would run is run: the manifests' commands,
# one for each index, in a root folder with just what the image has (nibble, sweep.sh, busybox) and the volumes in their places,
# by the manifests' user.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)

say() { printf -- '-- %s (%d s)\n' "$*" "$SECONDS"; }
fail() { echo "kubernetes-test.sh: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "run it as root: it changes the root folder and the user"
command -v busybox >/dev/null || fail "not installed: busybox; on Debian: apt-get install busybox-static"
python3 -c 'import ensurepip' 2>/dev/null || fail "not installed: Python's venv; on Debian: apt-get install python3-venv"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "install kubernetes-validate"
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check --retries 5 --timeout 60 kubernetes-validate==1.37.0 || {
  echo "kubernetes-test.sh: kubernetes-validate, which brings the schemas, could not be installed from the Python Package Index: NOTHING WAS COMPARED" >&2
  exit 3
}
validate() { "$work/python/bin/kubernetes-validate" --strict --kubernetes-version "$@"; }

manifests=("$here/volume.yaml" "$here/job.yaml" "$here/merge-job.yaml")
for version in 1.29 1.37; do
  say "schemas of Kubernetes $version"
  validate $version "${manifests[@]}"
done
say "what the schemas refuse"
for mistake in s/backoffLimitPerIndex:/backoffLimitPerIndx:/ s/runAsNonRoot:/runAsNoRoot:/ 's/completions: .*/completions: many/'; do
  sed "$mistake" "$here/job.yaml" >"$work/mistake.yaml"
  cmp -s "$here/job.yaml" "$work/mistake.yaml" && fail "$mistake changes nothing in job.yaml"
  if validate 1.37 "$work/mistake.yaml" >"$work/refused" 2>&1; then fail "job.yaml with $mistake is taken as valid"; fi
  grep -m1 -iE 'additional properties|is not of type|not valid' "$work/refused" || fail "refused for another reason: $(cat "$work/refused")"
done

# value FILE KEY... prints what lies under the keys of a manifest; a list's words one a line.
value() {
  "$work/python/bin/python" -c '
import sys, yaml
x = yaml.safe_load(open(sys.argv[1]))
for key in sys.argv[2:]:
    x = x[int(key) if isinstance(x, list) else key]
print(*x if isinstance(x, list) else [x], sep="\n")' "$@"
}
[ "$(value "$here/job.yaml" spec completions)" = "$(SWEEP=$here/sweep.txt "$here/sweep.sh" count)" ] || fail "job.yaml's completions are not sweep.txt's tasks"

say "what the image has"
root=$work/root
mkdir -p "$root"/{bin,usr/local/bin,usr/bin,etc/nibble,sweep/models,sweep/texts,sweep/results}
(cd "$repository" && CGO_ENABLED=0 go build -o "$root/usr/local/bin/nibble" ./cmd/nibble)
cp "$here/sweep.sh" "$root/usr/local/bin/"
cp "$(command -v busybox)" "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s /bin
for model in gpt2 llama; do
  "$root/usr/local/bin/nibble" convert "$repository/testdata/models/nibble-$model" --type int8-g32 -o "$root/sweep/models/$model.nbl" >/dev/null
done
head -c 40000 "$repository/testdata/text/valid.txt" >"$root/sweep/texts/tales.txt"
tail -c 20000 "$repository/testdata/text/valid.txt" | gzip >"$root/sweep/texts/last tales.txt.gz"
cat >"$root/etc/nibble/sweep.txt" <<END
model models/gpt2.nbl
model models/llama.nbl
text texts/tales.txt
text texts/last tales.txt.gz
shards 3
option --ctx=128
END
# The volume belongs to the pod's group; the rest of the root folder is not the user's to write.
read_pod() { # MANIFEST
  local pod=(spec template spec) container=(spec template spec containers 0)
  user=$(value "$1" "${pod[@]}" securityContext runAsUser):$(value "$1" "${pod[@]}" securityContext runAsGroup)
  folder=$(value "$1" "${container[@]}" workingDir)
  variable=$(value "$1" "${container[@]}" env 0 name)=$(value "$1" "${container[@]}" env 0 value)
  mapfile -t command < <(value "$1" "${container[@]}" command)
}
pod() { # NAME=VALUE...
  # shellcheck disable=SC2016 # $0 and $@ are the inner shell's
  chroot --userspec="$user" "$root" /bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$variable" GOMAXPROCS=1 "$@" \
    /bin/sh -c 'cd "$0" && exec "$@"' "$folder" "${command[@]}"
}
chown 65532:65532 "$root/sweep/results"

say "12 pods"
read_pod "$here/job.yaml"
for index in {0..11}; do pod JOB_COMPLETION_INDEX="$index" >/dev/null; done
code=0
pod JOB_COMPLETION_INDEX=12 || code=$?
[ $code = 2 ] || fail "an index too many: exit code $code, want 2, for which job.yaml ends the Job"

say "the merge, which has no models and no texts"
mv "$root/sweep/models" "$root/sweep/texts" "$work"
read_pod "$here/merge-job.yaml"
pod >/dev/null

say "the same without shards"
cd "$work"
for model in gpt2 llama; do
  for text in tales.txt "last tales.txt.gz"; do
    merged=$root/sweep/results/$model/$text.json
    GOMAXPROCS=1 "$root/usr/local/bin/nibble" ppl "models/$model.nbl" --text "texts/$text" --ctx=128 --json whole.json --force >/dev/null
    # Time is all that may differ.
    cmp <(grep -vE '"(seconds|tokens_per_second)":' "$merged") <(grep -vE '"(seconds|tokens_per_second)":' whole.json)
    echo "identical: ${merged#"$root"/sweep/}, $(grep -m1 -o '"perplexity".*[0-9]' "$merged")"
  done
done
say "done"
