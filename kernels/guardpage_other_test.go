//go:build !unix

package kernels

import "testing"

// guarded returns n elements without guard pages, which need a Unix system.
func guarded[T byte | float32 | uint32](_ testing.TB, n int, _ bool) []T { return make([]T, n) }
