package model

import (
	"io/fs"
	"testing"
	"unsafe"
)

func TestAvailableMemory(t *testing.T) {
	const meminfo = "MemTotal:       100 kB\nMemFree:        10 kB\nMemAvailable:   64 kB\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing known", nil, 0},
		{"no groups", map[string]string{"/proc/meminfo": meminfo}, 64 << 10},
		{"version 2, no limit", map[string]string{"/proc/meminfo": meminfo, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n", "/sys/fs/cgroup/memory.current": "5\n"}, 64 << 10},
		{"version 2, a parent's limit", map[string]string{
			"/proc/meminfo": meminfo, "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "60000\n", "/sys/fs/cgroup/a/b/memory.current": "1\n",
			"/sys/fs/cgroup/a/memory.max": "5000\n", "/sys/fs/cgroup/a/memory.current": "2000\n",
		}, 3000},
		{"version 1", map[string]string{
			"/proc/meminfo": meminfo, "/proc/self/cgroup": "3:cpu:/x\n2:memory:/x\n", "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "900\n", "/sys/fs/cgroup/memory/x/memory.usage_in_bytes": "1000\n",
		}, 0},
	} {
		got := availableMemory(func(name string) ([]byte, error) {
			if s, ok := c.files[name]; ok {
				return []byte(s), nil
			}
			return nil, fs.ErrNotExist
		})
		if got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, got, c.want)
		}
	}
}

// TestHugePages: weights are the same bytes where they were moved to, a tied head still shares the embeddings, and every matrix begins a
// cache line.
func TestHugePages(t *testing.T) {
	for name, tied := range map[string]bool{"llama": true, "gpt2": false} {
		spec := specs()[name]
		spec.Vocab = 20000 // more than a huge page of embeddings
		r := randomContainer(t, spec, "f32")
		m := load(t, r, Options{Threads: 2})
		if m.freeWeights == nil {
			t.Skip("this system has no huge pages, or not enough memory")
		}
		for _, w := range m.matrices() {
			info, _ := r.Lookup(w.name)
			data, err := r.Bytes(info)
			if err != nil {
				t.Fatal(err)
			}
			if string(data) != string(w.data) || unsafe.SliceData(data) == unsafe.SliceData(w.data) || uintptr(unsafe.Pointer(unsafe.SliceData(w.data)))%dataAlign != 0 {
				t.Errorf("%s: %q was not moved as it is", name, w.name)
			}
			if unsafe.Pointer(unsafe.SliceData(w.floats)) != unsafe.Pointer(unsafe.SliceData(w.data)) {
				t.Errorf("%s: the float32 view of %q lies elsewhere", name, w.name)
			}
		}
		if (unsafe.SliceData(m.tokensData) == unsafe.SliceData(m.head.data)) != tied {
			t.Errorf("%s: head and embeddings: shared is not %v", name, tied)
		}
	}
}
