// Package format defines nibble's container: what a converted model looks like on disk. It owns the [Spec] (the model's shape
// as data), the table of codecs as far as sizes and layout go, the writer, the memory-mapped reader and the verifier.
// SPEC.md beside this file is the contract; this package imports nothing else of nibble's.
//
// A reader never returns bytes it has not bounds-checked; a writer leaves either the old file or a complete new one.
package format
