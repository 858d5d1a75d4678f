package format

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What lockFile can answer beside nil.
var (
	errLocked  = errors.New("locked by another process")
	errNoLocks = errors.New("the file system has no locks")
)

// createPart makes the unfinished file, locked so that two conversions never write to one, and reserves its whole length. A file left by
// a run that has ended is not locked any more, and is taken over.
func createPart(path, part string, size int64) (*os.File, error) {
	for range 10 {
		f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		created := err == nil
		if errors.Is(err, fs.ErrExist) {
			if info, err := os.Lstat(part); err == nil && !info.Mode().IsRegular() {
				return nil, fmt.Errorf("format: create %s: %s is in the way and is no regular file (%v): remove it", path, part, info.Mode().Type())
			}
			f, err = os.OpenFile(part, os.O_RDWR, 0)
			if errors.Is(err, fs.ErrNotExist) {
				continue // its writer has just finished
			}
		}
		if err != nil {
			return nil, explainCreate(path, err)
		}
		again, err := takeOver(f, part, created)
		if err == nil && !again {
			if err = reserve(f, size); err == nil {
				return f, nil
			}
			err = errors.Join(explainReserve(size, err), removePart(part, f))
			return nil, fmt.Errorf("format: create %s: %w", path, err)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("format: create %s: %w", path, err)
		}
	}
	return nil, fmt.Errorf("format: create %s: %s keeps being replaced by other processes: give another name", path, part)
}

// takeOver locks an open .part. It asks to try again if the file has meanwhile been renamed or removed by the run it belonged to.
func takeOver(f *os.File, part string, created bool) (again bool, err error) {
	switch err := lockFile(f); {
	case errors.Is(err, errLocked):
		return false, fmt.Errorf("another conversion is writing %s: wait for it, or give another name", part)
	case errors.Is(err, errNoLocks):
		if !created {
			return false, fmt.Errorf("%s is in the way, and its file system cannot tell whether a conversion is writing it: remove it if none is", part)
		}
	case err != nil:
		return false, fmt.Errorf("locking %s: %w", part, err)
	}
	if same, err := samePath(f, part); err != nil || !same {
		return true, err
	}
	if created {
		return false, nil
	}
	return false, f.Truncate(0)
}

// samePath reports whether path still names the open file f.
func samePath(f *os.File, path string) (bool, error) {
	have, err := f.Stat()
	if err != nil {
		return false, err
	}
	want, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(have, want), err
}

// explainCreate says what the user can do about a folder that takes no file.
func explainCreate(path string, err error) error {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("format: create %s: the folder %s does not exist, make it first: %w", path, dir, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("format: create %s: the folder %s cannot be written to, give another one: %w", path, dir, err)
	}
	return fmt.Errorf("format: create %s: %w", path, err)
}

func explainReserve(size int64, err error) error {
	if diskFull(err) {
		return fmt.Errorf("the disk is full, the container needs %d bytes: %w", size, err)
	}
	return fmt.Errorf("reserving %d bytes: %w", size, err)
}

// rename gives the finished file its name.
func (w *Writer) rename() error {
	f, ok := w.f.(*os.File)
	if !ok { // tests
		return errors.Join(w.f.Close(), os.Rename(w.part, w.path))
	}
	if same, err := samePath(f, w.part); err != nil {
		return err
	} else if !same {
		return fmt.Errorf("%s was removed or replaced by another program while it was written", w.part)
	}
	if !renameOpen {
		// Another process may take the file over in between; the rename then fails, as it has it open.
		if err := f.Close(); err != nil {
			return err
		}
		return os.Rename(w.part, w.path)
	}
	if err := os.Rename(w.part, w.path); err != nil {
		return err
	}
	return f.Close()
}

// removePart removes the unfinished file, before its lock goes where the system can do that.
func removePart(part string, f interface{ Close() error }) error {
	if !renameOpen {
		_ = f.Close() // may have been closed by a rename that failed
		return os.Remove(part)
	}
	if file, ok := f.(*os.File); ok {
		if same, err := samePath(file, part); err != nil || !same {
			return errors.Join(err, f.Close()) // not ours any more
		}
	}
	return errors.Join(os.Remove(part), f.Close())
}
