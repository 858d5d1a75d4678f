//go:build purego || !amd64

package roofline

func machineLoops() loops { return portableLoops() }
