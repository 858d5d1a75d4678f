//go:build purego || !(amd64 || arm64)

package roofline

func machineLoops() loops { return portableLoops() }
