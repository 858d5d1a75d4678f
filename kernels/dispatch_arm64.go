//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

// The guard lists every extension that the assembly of the level uses. x/sys/cpu asks the operating system: Linux by the auxiliary
// vector, macOS by sysctl (from macOS 12 on), Windows by IsProcessorFeaturePresent (which does not know I8MM).
func neonFeatures() []feature {
	return []feature{{"asimd", cpu.ARM64.HasASIMD}, {"asimddp", cpu.ARM64.HasASIMDDP}}
}

func archSets() []instructionSet {
	return []instructionSet{{"neon", "generic", func() []string { return names(neonFeatures(), false) }}}
}

// I8MM, which some loops of the level have variants for, is no condition of the level.
func archFeatures() []string {
	return names(append(neonFeatures(), feature{"i8mm", cpu.ARM64.HasI8MM}), true)
}
