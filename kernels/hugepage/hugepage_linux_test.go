package hugepage

import (
	"bytes"
	"io/fs"
	"os"
	"testing"
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

func TestAllocate(t *testing.T) {
	if m, _ := Allocate(Size - 1); m != nil {
		t.Error("less than a page was allocated")
	}
	if m, _ := Allocate(1 << 60); m != nil {
		t.Error("more than there is was allocated")
	}
	const size = 3*Size + 5
	m, free := Allocate(size)
	if m == nil {
		mode, err := os.ReadFile(enabled)
		if err != nil || bytes.Contains(mode, []byte("[never]")) {
			t.Skipf("this system has no huge pages: %s says %q, %v", enabled, mode, err)
		}
		t.Fatalf("%s says %q, and there was no huge page among %d bytes of memory", enabled, mode, availableMemory(os.ReadFile))
	}
	defer free()
	if len(m) != size {
		t.Fatalf("%d bytes, want %d", len(m), size)
	}
	for i := range m {
		if m[i] != 0 {
			t.Fatalf("byte %d is %d", i, m[i])
		}
		m[i] = byte(i)
	}
}
