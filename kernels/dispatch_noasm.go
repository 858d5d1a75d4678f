//go:build purego || !amd64

package kernels

func archSets() []instructionSet { return nil }

func archFeatures() []string { return nil }
