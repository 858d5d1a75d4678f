package main

import (
	"runtime"

	"github.com/klauspost/cpuid/v2"

	"nibble/kernels"
	"nibble/reports"
)

// cpuName returns the processor's own name, or the architecture's where it has none to tell.
func cpuName() string {
	if name := cpuid.CPU.BrandName; name != "" {
		return name
	}
	return runtime.GOARCH
}

func machine(threads int) reports.Machine {
	return reports.Machine{
		CPU: cpuName(), Cores: runtime.NumCPU(), Threads: threads, OS: runtime.GOOS, Arch: runtime.GOARCH,
		ISA: kernels.Variant(), GoVersion: runtime.Version(),
	}
}
