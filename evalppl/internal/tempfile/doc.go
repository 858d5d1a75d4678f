// Package tempfile makes temporary files that leave nothing behind: where the system allows it they have no name from the start, elsewhere the
// system removes them when they are closed, however the program ends.
package tempfile
