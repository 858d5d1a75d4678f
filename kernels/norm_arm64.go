//go:build !purego

package kernels

// The sums take whole groups of 32 elements: len(x) must be a multiple of sumLanes.

//go:noescape
func sumGroupsNEON(x []float32) float64

//go:noescape
func addSumGroupsNEON(x, delta []float32) float64

//go:noescape
func sumSquareGroupsNEON(x []float32) float64

//go:noescape
func addSumSquareGroupsNEON(x, delta []float32) float64

//go:noescape
func sumDeviationGroupsNEON(x []float32, mean float64) float64

// The scalings take any length; y is the gain, z the bias.

//go:noescape
func rmsScaleNEON(dst, x, y []float32, factor float32)

//go:noescape
func centerScaleNEON(dst, x, y []float32, mean, factor float64)

//go:noescape
func centerScaleBiasNEON(dst, x, y, z []float32, mean, factor float64)

func sumNEON(x []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumRest(sumGroupsNEON(x[:n]), x[n:])
}

func addSumNEON(x, delta []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	sum := addSumGroupsNEON(x[:n], delta[:n])
	addGeneric(x[n:], delta[n:])
	return sumRest(sum, x[n:])
}

func sumSquaresNEON(x []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumSquaresRest(sumSquareGroupsNEON(x[:n]), x[n:])
}

func addSumSquaresNEON(x, delta []float32) float64 {
	n := len(x) &^ (sumLanes - 1)
	sum := addSumSquareGroupsNEON(x[:n], delta[:n])
	addGeneric(x[n:], delta[n:])
	return sumSquaresRest(sum, x[n:])
}

func sumSquaredDeviationsNEON(x []float32, mean float64) float64 {
	n := len(x) &^ (sumLanes - 1)
	return sumSquaredDeviationsRest(sumDeviationGroupsNEON(x[:n], mean), x[n:], mean)
}

func centerScaleAnyNEON(dst, x, gain, bias []float32, mean, factor float64) {
	if len(bias) == 0 {
		centerScaleNEON(dst, x, gain, mean, factor)
		return
	}
	centerScaleBiasNEON(dst, x, gain, bias, mean, factor)
}

var _ = register("neon", func(t *table) {
	t.sum, t.addSum = sumNEON, addSumNEON
	t.sumSquares, t.addSumSquares = sumSquaresNEON, addSumSquaresNEON
	t.sumSquaredDeviations = sumSquaredDeviationsNEON
	t.rmsScale, t.centerScale = rmsScaleNEON, centerScaleAnyNEON
})
