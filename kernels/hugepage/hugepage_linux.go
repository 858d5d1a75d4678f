package hugepage

import (
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// enabled says whether huge pages are to be had: always, madvise or never (Linux, Documentation/admin-guide/mm/transhuge.rst).
const enabled = "/sys/kernel/mm/transparent_hugepage/enabled"

func allocate(size int) (memory []byte, free func()) {
	if mode, err := os.ReadFile(enabled); err != nil || bytes.Contains(mode, []byte("[never]")) {
		return nil, nil
	}
	if int64(size) > availableMemory(os.ReadFile)/2 {
		return nil, nil
	}
	all, err := unix.Mmap(-1, 0, size+Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, nil
	}
	free = func() { _ = unix.Munmap(all) }
	if err := unix.Madvise(all, unix.MADV_HUGEPAGE); err != nil {
		free()
		return nil, nil
	}
	return all[:size], free
}

// availableMemory returns how many bytes this process can still take without anything being swapped out or killed: what the system has
// left, or less where a control group's limit is nearer. 0 means that it is not known. read is os.ReadFile.
func availableMemory(read func(string) ([]byte, error)) int64 {
	info, err := read("/proc/meminfo")
	if err != nil {
		return 0
	}
	var left int64
	for line := range strings.Lines(string(info)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			left = kb << 10
		}
	}
	for limit, used := range groupFiles(read) {
		most, err1 := readNumber(read, limit)
		now, err2 := readNumber(read, used)
		if err1 == nil && err2 == nil { // "max" is no number: no limit
			left = min(left, max(0, most-now))
		}
	}
	return left
}

// groupFiles returns the files with limit and use of the control groups that hold this process, in both versions of their file system
// (Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst).
func groupFiles(read func(string) ([]byte, error)) map[string]string {
	files := map[string]string{}
	groups, _ := read("/proc/self/cgroup")
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		root, limit, used := "/sys/fs/cgroup", "memory.max", "memory.current"
		if fields[1] == "memory" {
			root, limit, used = "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
		} else if fields[1] != "" {
			continue
		}
		for dir := path.Clean("/" + fields[2]); ; dir = path.Dir(dir) {
			files[path.Join(root, dir, limit)] = path.Join(root, dir, used)
			if dir == "/" {
				break
			}
		}
	}
	return files
}

func readNumber(read func(string) ([]byte, error), name string) (int64, error) {
	b, err := read(name)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
}
