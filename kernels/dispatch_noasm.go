//go:build purego || !(amd64 || arm64)

package kernels

func archSets() []instructionSet { return nil }

func archFeatures() []string { return nil }
