//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is this test binary run as one of the commands of TestMain, in a folder and with a TMPDIR of its own.
type process struct {
	*exec.Cmd
	stderr bytes.Buffer
	dir    string // working folder; TMPDIR is its folder tmp
	ended  chan error
}

func newProcess(t *testing.T, dir, name string, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.MkdirAll(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(exe, args...), dir: dir, ended: make(chan error, 1)}
	p.Args[0] = name
	p.Dir = dir
	p.Env = append(os.Environ(), "TMPDIR="+tmp)
	p.Stderr = &p.stderr
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() }) // an error where it has ended
	go func() { p.ended <- p.Wait() }()
}

// until waits for something that the process does, and fails where the process ends before.
func (p *process) until(t *testing.T, what string, seen func() bool) {
	t.Helper()
	for !seen() {
		select {
		case err := <-p.ended:
			t.Fatalf("ended (%v) before %s: %s", err, what, p.stderr.String())
		case <-time.After(time.Millisecond):
		}
	}
}

// code waits for the end and returns the exit code, or -1 for a signal.
func (p *process) code(t *testing.T) int {
	t.Helper()
	err := <-p.ended
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// has reports whether a file below the process's folder matches one of the patterns by its name.
func (p *process) has(patterns ...string) bool {
	for _, name := range filesBelow(p.dir) {
		for _, pattern := range patterns {
			if ok, _ := filepath.Match(pattern, filepath.Base(name)); ok {
				return true
			}
		}
	}
	return false
}

// filesBelow lists the files and folders below dir by their paths in it. What vanishes meanwhile is left out.
func filesBelow(dir string) (names []string) {
	filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != dir {
			path, _ = filepath.Rel(dir, path)
			names = append(names, path)
		}
		return nil
	})
	return names
}

// writeLargeCheckpoint writes a Llama whose conversion takes a second or so and whose evaluation takes minutes: 110 million
// weights, all zero, in a file with a hole where they should be, which takes no room on most file systems.
func writeLargeCheckpoint(t *testing.T, dir string) {
	t.Helper()
	const hidden, ffn, layers, vocab = 1024, 4096, 6, 10240
	config := map[string]any{
		"model_type": "llama", "architectures": []string{"LlamaForCausalLM"}, "hidden_size": hidden, "intermediate_size": ffn, "num_hidden_layers": layers,
		"num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": vocab, "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
		"rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": true,
	}
	header := map[string]any{}
	var end int
	add := func(name string, shape ...int) {
		n := 2
		for _, d := range shape {
			n *= d
		}
		header[name] = map[string]any{"dtype": "BF16", "shape": shape, "data_offsets": []int{end, end + n}}
		end += n
	}
	add("model.embed_tokens.weight", vocab, hidden)
	for l := range layers {
		prefix := fmt.Sprintf("model.layers.%d.", l)
		for _, name := range []string{"q", "k", "v", "o"} {
			add(prefix+"self_attn."+name+"_proj.weight", hidden, hidden)
		}
		add(prefix+"mlp.gate_proj.weight", ffn, hidden)
		add(prefix+"mlp.up_proj.weight", ffn, hidden)
		add(prefix+"mlp.down_proj.weight", hidden, ffn)
		add(prefix+"input_layernorm.weight", hidden)
		add(prefix+"post_attention_layernorm.weight", hidden)
	}
	add("model.norm.weight", hidden)
	head, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "model.safetensors")
	if err := errors.Join(
		os.MkdirAll(dir, 0o777),
		os.WriteFile(filepath.Join(dir, "config.json"), text, 0o666),
		os.WriteFile(path, append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...), 0o666),
		os.Truncate(path, int64(8+len(head)+end)),
	); err != nil {
		t.Fatal(err)
	}
}

// TestInterrupt sends SIGINT to commands in the middle of their work: they end with 130 and say so, and nothing half-written
// is left, neither where the result belongs nor in TMPDIR.
func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("makes containers of 110 MB")
	}
	dir := t.TempDir()
	writeLargeCheckpoint(t, filepath.Join(dir, "model"))
	if err := os.WriteFile(filepath.Join(dir, "ids.u32"), make([]byte, 4*200_000), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	inputs := filesBelow(dir)
	part := []string{"*.part", "*.part-*"}
	for _, c := range []struct {
		name string
		args string
		at   []string // a file that shows where the command is
		then time.Duration
	}{
		{"converting", "convert model -o out.nbl --type int8-g32 --no-tokenizer", part, 0},
		{"converting for ppl", "ppl model --token-ids ids.u32 --type int8-g32 --losses losses.f32", []string{"*.nbl.part"}, 0},
		{"scoring", "ppl model --token-ids ids.u32 --type int4-g32 --losses losses.f32", []string{"*.nbl"}, 100 * time.Millisecond},
		{"converting in a study", "study model --token-ids ids.u32 --types int8-g32,int4-g32 -o deep/report", []string{"*.nbl.part"}, 0},
		{"scoring in a study", "study model --token-ids ids.u32 --types int4-g32,int8-g32 -o report --keep kept", []string{"*-int8-g32.nbl"}, 100 * time.Millisecond},
		{"saving a base", "compare model --token-ids ids.u32 --save-base base.nlog --json c.json", []string{"*.nbl"}, 100 * time.Millisecond},
		{"logits", "logits model --token-ids short.u32 --type int8-g32 -o out.f32", []string{"*.nbl.part"}, 0},
		{"bench", "bench model --type int4-g32 -r 1000 --json bench.json", []string{"*.nbl"}, 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Contains(c.args, "short.u32") {
				short := filepath.Join(dir, "short.u32")
				if err := os.WriteFile(short, make([]byte, 4*512), 0o666); err != nil {
					t.Fatal(err)
				}
				defer os.Remove(short)
			}
			p := newProcess(t, dir, "nibble", strings.Fields(c.args)...)
			p.start(t)
			p.until(t, c.name, func() bool { return p.has(c.at...) })
			time.Sleep(c.then) // into the work; wherever it is by then, the outcome must be the same
			if err := p.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if code := p.code(t); code != exitInterrupted {
				t.Errorf("exit code %d, want %d", code, exitInterrupted)
			}
			if s := p.stderr.String(); !strings.Contains(s, "nibble: interrupted") {
				t.Errorf("standard error does not say that it was interrupted: %q", s)
			}
			// A container that --keep asked for and that is complete is no unfinished work.
			if strings.Contains(c.args, "--keep kept") {
				if p.has(part...) {
					t.Error("an unfinished container was left behind")
				}
				if err := os.RemoveAll(filepath.Join(dir, "kept")); err != nil {
					t.Fatal(err)
				}
			}
			left := slices.DeleteFunc(filesBelow(dir), func(name string) bool { return slices.Contains(inputs, name) || name == "short.u32" })
			if len(left) > 0 {
				t.Errorf("left behind: %s", strings.Join(left, ", "))
			}
		})
	}
}

// TestInterruptReading: a command that waits for standard input ends at the first SIGINT.
func TestInterruptReading(t *testing.T) {
	dir := t.TempDir()
	model, err := filepath.Abs(filepath.Join("..", "..", "testdata", "models", "nibble-llama"))
	if err != nil {
		t.Fatal(err)
	}
	p := newProcess(t, dir, "nibble", "ppl", model, "--text", "-", "--losses", "losses.f32")
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p.start(t)
	p.until(t, "reading", func() bool { return p.has("losses.f32.part-*") })
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.code(t); code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, p.stderr.String())
	}
	if left := filesBelow(dir); !slices.Equal(left, []string{"tmp"}) {
		t.Errorf("left behind: %v", left)
	}
}

// TestSecondSignal: the first SIGINT asks, the second one ends the process whatever it does.
func TestSecondSignal(t *testing.T) {
	p := newProcess(t, t.TempDir(), "stubborn")
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer p.Process.Kill()
	lines := bufio.NewScanner(out)
	for _, want := range []string{"working", "cleaning up"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("printed %q (%v), want %q", lines.Text(), lines.Err(), want)
		}
		if err := p.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	go func() { p.ended <- p.Wait() }()
	for {
		select {
		case <-p.ended:
			status := p.ProcessState.Sys().(syscall.WaitStatus)
			if !status.Signaled() || status.Signal() != syscall.SIGINT {
				t.Errorf("ended with %v, want the end by SIGINT", p.ProcessState)
			}
			return
		case <-time.After(20 * time.Millisecond):
			// The process may have received the second one before the first had its effect.
			p.Process.Signal(os.Interrupt)
		}
	}
}

// TestClosedPipe: a reader of standard output that goes away is no crash, and temporary files are still taken away.
func TestClosedPipe(t *testing.T) {
	models, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	model, text := filepath.Join(models, "models", "nibble-llama"), filepath.Join(models, "text", "valid.txt")
	for _, args := range [][]string{
		{"--help"},
		{"tokenize", model, "--text", text},
		{"ppl", model, "--text", text, "--tokens", "100"},
		{"bench", model, "-p", "2", "-n", "2", "-r", "1", "--json", "-"},
	} {
		t.Run(args[0], func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			dir := t.TempDir()
			p := newProcess(t, dir, "nibble", args...)
			p.Stdout = w
			p.start(t)
			w.Close()
			if code := p.code(t); code != exitPipe || p.stderr.Len() > 0 {
				t.Errorf("exit code %d, want %d; standard error %q, want none", code, exitPipe, p.stderr.String())
			}
			if left := filesBelow(dir); !slices.Equal(left, []string{"tmp"}) {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestUnwritable runs the command as a user who must not write into a folder: the error names the folder, and the work has not
// begun. Root may write anywhere, so where the tests run as root the command does not.
func TestUnwritable(t *testing.T) {
	dir, err := os.MkdirTemp("", "nibble-unwritable-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	locked, open := filepath.Join(dir, "locked"), filepath.Join(dir, "open")
	if err := errors.Join(
		os.Chmod(dir, 0o755),
		os.Mkdir(locked, 0o555), os.Mkdir(open, 0o777), os.Chmod(open, 0o777),
		os.WriteFile(filepath.Join(dir, "nibble"), binary, 0o755),
		os.CopyFS(filepath.Join(dir, "model"), os.DirFS(filepath.Join("..", "..", "testdata", "models", "nibble-llama"))),
		os.WriteFile(filepath.Join(dir, "text"), []byte("hello world"), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"convert model -o locked/m.nbl",
		"ppl model --text text --json locked/r.json",
		"ppl model --text text --losses locked/l.f32",
		"bench model -p 2 -n 2 -r 1 --csv locked/b.csv",
		"tokenize model --text text -o locked/ids.u32",
		"study model --text text --types f16 -r 1 -o locked",
		"study model --text text --types f16 -r 1 -o locked/report",
		"study model --text text --types f16 -r 1 -o open/report --keep locked/kept",
	} {
		t.Run(args, func(t *testing.T) {
			cmd := exec.Command(filepath.Join(dir, "nibble"), strings.Fields(args)...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+open)
			if os.Getuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != exitFailure {
				t.Errorf("exit code %d, want %d", code, exitFailure)
			}
			if s := string(out); !strings.Contains(s, "locked") || !strings.Contains(s, "permission denied") || strings.Count(s, "\n") != 1 {
				t.Errorf("printed %q, want one line that names the folder and says permission denied", s)
			}
			if left := append(filesBelow(locked), filesBelow(open)...); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
