package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// saveEvery is how often an unfinished result is written under the final one's name: a machine that goes down loses no more.
const saveEvery = time.Minute

// newSaver returns a function that writes a result (nil: none yet) to path, where the last time was long enough ago and path is a file's name.
func newSaver(cmd *cobra.Command, path string) func(result func() any) {
	saved := time.Now()
	return func(result func() any) {
		if path == "" || path == "-" || time.Since(saved) < saveEvery {
			return
		}
		saved = time.Now()
		// A file that cannot be written now is an error at the end, not in the middle of the work.
		if out, err := createOutput(cmd, path, true); err == nil && !out.direct {
			defer out.abort()
			if r := result(); r != nil {
				_ = out.json(r)
			}
		}
	}
}

// keepResult writes the result of a run that err ended to its file, says what was kept and how to go on, and returns err. Devices
// and standard output get whole results only.
func keepResult(cmd *cobra.Command, out *output, result any, what string, err error) error {
	if out == nil || out.file == nil || out.direct {
		return err
	}
	if writeErr := out.json(result); writeErr != nil {
		return fmt.Errorf("%w; %s could not be kept: %w", err, what, writeErr)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "nibble: %s is kept in %s; go on with --resume %s\n", what, out.path, quoteArg(out.path))
	return err
}
