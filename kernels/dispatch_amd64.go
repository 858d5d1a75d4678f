//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

// The guards list every extension that the assembly of a level uses. AVX512DQ has no instruction in the matrix kernels, but is on
// every CPU with VNNI and lets the element-wise kernels use floating-point logic.
func avx2Features() []feature {
	return []feature{{"avx2", cpu.X86.HasAVX2}, {"fma", cpu.X86.HasFMA}, {"f16c", cpu.X86.HasF16C}}
}

func avx512Features() []feature {
	return []feature{
		{"avx512f", cpu.X86.HasAVX512F}, {"avx512bw", cpu.X86.HasAVX512BW}, {"avx512vl", cpu.X86.HasAVX512VL},
		{"avx512dq", cpu.X86.HasAVX512DQ}, {"avx512vnni", cpu.X86.HasAVX512VNNI},
	}
}

func archSets() []instructionSet {
	return []instructionSet{
		{"avx2", "generic", func() []string { return names(avx2Features(), false) }},
		{"avx512", "avx2", func() []string { return names(append(avx2Features(), avx512Features()...), false) }},
	}
}

func archFeatures() []string {
	all := append(avx2Features(), avx512Features()...)
	all = append(all, feature{"avx512bf16", cpu.X86.HasAVX512BF16}, feature{"avxvnni", cpu.X86.HasAVXVNNI})
	return names(all, true)
}
