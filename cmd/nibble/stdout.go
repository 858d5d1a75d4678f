package main

import "io"

// checkedWriter is standard output. It remembers the first write that failed and fails from then on: a full disk must not look
// like success, and a reader that went away (`nibble inspect x.nbl | head`) ends the command, not the process in the middle of
// its work with temporary files left behind.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	c.err = err
	return n, err
}
