package spill

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLists(t *testing.T) {
	for _, budget := range []int64{0, 4*blockLen - 1, 8 * blockLen, 1 << 30} {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		t.Setenv("TMP", dir)
		r := rand.New(rand.NewPCG(1, uint64(budget)))
		s := New("test numbers", budget)
		lists := []*List{s.List(), s.List()}
		want := make([][]uint32, 2)
		for range 40 {
			k := r.IntN(2)
			part := make([]uint32, r.IntN(3*blockLen/2))
			for i := range part {
				part[i] = r.Uint32()
			}
			if err := lists[k].Append(part...); err != nil {
				t.Fatal(err)
			}
			want[k] = append(want[k], part...)
		}
		for k, l := range lists {
			if l.Len() != int64(len(want[k])) {
				t.Fatalf("%d numbers, want %d", l.Len(), len(want[k]))
			}
			var got []uint32
			if err := l.Each(func(x []uint32) error { got = append(got, x...); return nil }); err != nil || !slices.Equal(got, want[k]) {
				t.Errorf("budget %d: other numbers, %v", budget, err)
			}
			for range 200 {
				at := r.IntN(len(want[k]))
				dst := make([]uint32, r.IntN(min(2*blockLen, len(want[k])-at)+1))
				if err := l.ReadAt(dst, int64(at)); err != nil || !slices.Equal(dst, want[k][at:at+len(dst)]) {
					t.Fatalf("budget %d: %d numbers at %d differ, %v", budget, len(dst), at, err)
				}
			}
			if err := l.ReadAt(make([]uint32, 2), l.Len()-1); err == nil {
				t.Error("numbers behind the end were read")
			}
		}
		if spilled := s.file != nil; spilled != (budget < 1<<30) {
			t.Errorf("budget %d: spilled %v", budget, spilled)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		if lists[0].Append(1) == nil || lists[0].ReadAt(make([]uint32, 1), 0) == nil {
			t.Error("a closed list was used")
		}
	}
}

// TestFullDisk: /dev/full stands for a disk without room.
func TestFullDisk(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	s := New("the tokens of a text", 0)
	s.file, s.buf = f, make([]byte, 4*blockLen)
	defer s.Close()
	err = s.List().Append(make([]uint32, blockLen)...)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"the tokens of a text", os.TempDir(), "no space left", "set TMPDIR"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: no %q in it", err, want)
		}
	}
}

func TestNoFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "absent")
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	l := New("numbers", 0).List()
	if err := l.Append(make([]uint32, blockLen-1)...); err != nil {
		t.Errorf("a short list touches the disk: %v", err)
	}
	if err := l.Append(1); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want one that names %s", err, dir)
	}
}
