package kernels

// sumLanes is the number of float64 sums that the reductions keep side by side: element i of each whole group of sumLanes
// goes into lane i; then lane j+16 is added to lane j, j+8, j+4, j+2, j+1; the elements after the last whole group are added
// one by one. The products of two float32 are exact in float64, so it does not matter whether they are fused with a sum;
// where it would matter (squared deviations) they are not. So every instruction set gives the same bits.
const sumLanes = 32

func foldLanes(lanes *[sumLanes]float64) float64 {
	for half := sumLanes / 2; half > 0; half /= 2 {
		for j := range half {
			lanes[j] += lanes[j+half]
		}
	}
	return lanes[0]
}

// sumGeneric returns the sum of x.
func sumGeneric(x []float32) float64 {
	var lanes [sumLanes]float64
	n := len(x) &^ (sumLanes - 1)
	for i, v := range x[:n] {
		lanes[i%sumLanes] += float64(v)
	}
	return sumRest(foldLanes(&lanes), x[n:])
}

func sumRest(sum float64, x []float32) float64 {
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}

// addSumGeneric adds delta to x and returns the sum of x.
func addSumGeneric(x, delta []float32) float64 {
	addGeneric(x, delta)
	return sumGeneric(x)
}

// sumSquaresGeneric returns the sum of the squares of x.
func sumSquaresGeneric(x []float32) float64 {
	var lanes [sumLanes]float64
	n := len(x) &^ (sumLanes - 1)
	for i, v := range x[:n] {
		lanes[i%sumLanes] += float64(v) * float64(v)
	}
	return sumSquaresRest(foldLanes(&lanes), x[n:])
}

func sumSquaresRest(sum float64, x []float32) float64 {
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// addSumSquaresGeneric adds delta to x and returns the sum of the squares of x.
func addSumSquaresGeneric(x, delta []float32) float64 {
	addGeneric(x, delta)
	return sumSquaresGeneric(x)
}

// sumSquaredDeviationsGeneric returns the sum of (x[i]-mean)^2, each square rounded to float64.
func sumSquaredDeviationsGeneric(x []float32, mean float64) float64 {
	var lanes [sumLanes]float64
	n := len(x) &^ (sumLanes - 1)
	for i, v := range x[:n] {
		d := float64(v) - mean
		lanes[i%sumLanes] += float64(d * d)
	}
	return sumSquaredDeviationsRest(foldLanes(&lanes), x[n:], mean)
}

func sumSquaredDeviationsRest(sum float64, x []float32, mean float64) float64 {
	for _, v := range x {
		d := float64(v) - mean
		sum += float64(d * d)
	}
	return sum
}

// rmsScaleGeneric sets dst[i] = (x[i]*factor)*gain[i].
func rmsScaleGeneric(dst, x, gain []float32, factor float32) {
	x, gain = x[:len(dst)], gain[:len(dst)]
	for i, v := range x {
		dst[i] = v * factor * gain[i]
	}
}

// centerScaleGeneric sets dst[i] = float32((x[i]-mean)*factor)*gain[i] + bias[i]; bias may be empty.
func centerScaleGeneric(dst, x, gain, bias []float32, mean, factor float64) {
	x, gain = x[:len(dst)], gain[:len(dst)]
	for i, v := range x {
		dst[i] = float32((float64(v)-mean)*factor) * gain[i]
	}
	if len(bias) > 0 {
		addGeneric(dst, bias)
	}
}

var _ = register("generic", func(t *table) {
	t.sum, t.addSum = sumGeneric, addSumGeneric
	t.sumSquares, t.addSumSquares = sumSquaresGeneric, addSumSquaresGeneric
	t.sumSquaredDeviations = sumSquaredDeviationsGeneric
	t.rmsScale, t.centerScale = rmsScaleGeneric, centerScaleGeneric
})
