//go:build !purego

package kernels

// The sums take whole groups of 32 elements: len(x) must be a multiple of sumLanes.

//go:noescape
func sumGroupsAVX512(x []float32) float64

//go:noescape
func addSumGroupsAVX512(x, delta []float32) float64

//go:noescape
func sumSquareGroupsAVX512(x []float32) float64

//go:noescape
func addSumSquareGroupsAVX512(x, delta []float32) float64

//go:noescape
func sumDeviationGroupsAVX512(x []float32, mean float64) float64

//go:noescape
func sumGroupsAVX2(x []float32) float64

//go:noescape
func addSumGroupsAVX2(x, delta []float32) float64

//go:noescape
func sumSquareGroupsAVX2(x []float32) float64

//go:noescape
func addSumSquareGroupsAVX2(x, delta []float32) float64

//go:noescape
func sumDeviationGroupsAVX2(x []float32, mean float64) float64

// The scalings take any length; y is the gain, z the bias.

//go:noescape
func rmsScaleAVX512(dst, x, y []float32, factor float32)

//go:noescape
func centerScaleAVX512(dst, x, y []float32, mean, factor float64)

//go:noescape
func centerScaleBiasAVX512(dst, x, y, z []float32, mean, factor float64)

//go:noescape
func rmsScaleAVX2(dst, x, y []float32, factor float32)

//go:noescape
func centerScaleAVX2(dst, x, y []float32, mean, factor float64)

//go:noescape
func centerScaleBiasAVX2(dst, x, y, z []float32, mean, factor float64)

func sumAVX512(x []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumRest(sumGroupsAVX512(x[:n]), x[n:])
}

func addSumAVX512(x, delta []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	sum := addSumGroupsAVX512(x[:n], delta[:n])
	addGeneric(x[n:], delta[n:])
	return sumRest(sum, x[n:])
}

func sumSquaresAVX512(x []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumSquaresRest(sumSquareGroupsAVX512(x[:n]), x[n:])
}

func addSumSquaresAVX512(x, delta []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	sum := addSumSquareGroupsAVX512(x[:n], delta[:n])
	addGeneric(x[n:], delta[n:])
	return sumSquaresRest(sum, x[n:])
}

func sumSquaredDeviationsAVX512(x []float32, mean float64) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumSquaredDeviationsRest(sumDeviationGroupsAVX512(x[:n], mean), x[n:], mean)
}

func centerScaleAnyAVX512(dst, x, gain, bias []float32, mean, factor float64) {
	if len(bias) == 0 {
		centerScaleAVX512(dst, x, gain, mean, factor)
		return
	}
	centerScaleBiasAVX512(dst, x, gain, bias, mean, factor)
}

func sumAVX2(x []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumRest(sumGroupsAVX2(x[:n]), x[n:])
}

func addSumAVX2(x, delta []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	sum := addSumGroupsAVX2(x[:n], delta[:n])
	addGeneric(x[n:], delta[n:])
	return sumRest(sum, x[n:])
}

func sumSquaresAVX2(x []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumSquaresRest(sumSquareGroupsAVX2(x[:n]), x[n:])
}

func addSumSquaresAVX2(x, delta []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	sum := addSumSquareGroupsAVX2(x[:n], delta[:n])
	addGeneric(x[n:], delta[n:])
	return sumSquaresRest(sum, x[n:])
}

func sumSquaredDeviationsAVX2(x []float32, mean float64) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumSquaredDeviationsRest(sumDeviationGroupsAVX2(x[:n], mean), x[n:], mean)
}

func centerScaleAnyAVX2(dst, x, gain, bias []float32, mean, factor float64) {
	if len(bias) == 0 {
		centerScaleAVX2(dst, x, gain, mean, factor)
		return
	}
	centerScaleBiasAVX2(dst, x, gain, bias, mean, factor)
}

var (
	_ = register("avx2", func(t *table) {
		t.sum, t.addSum = sumAVX2, addSumAVX2
		t.sumSquares, t.addSumSquares = sumSquaresAVX2, addSumSquaresAVX2
		t.sumSquaredDeviations = sumSquaredDeviationsAVX2
		t.rmsScale, t.centerScale = rmsScaleAVX2, centerScaleAnyAVX2
	})
	_ = register("avx512", func(t *table) {
		t.sum, t.addSum = sumAVX512, addSumAVX512
		t.sumSquares, t.addSumSquares = sumSquaresAVX512, addSumSquaresAVX512
		t.sumSquaredDeviations = sumSquaredDeviationsAVX512
		t.rmsScale, t.centerScale = rmsScaleAVX512, centerScaleAnyAVX512
	})
)
