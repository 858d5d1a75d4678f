// Package vnnitwin has the AVX-VNNI loops of package kernels with one difference: VPDPBUSD in the form of AVX-512 VNNI (and AVX512VL).
// Only tests import it, to run the loops on CPUs that have AVX-512 VNNI but not AVX-VNNI. It is generated with the loops themselves
// (kernels/internal/asmgen, mulint_vnni256.go).
package vnnitwin
