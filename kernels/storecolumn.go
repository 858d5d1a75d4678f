package kernels

// StoreColumn stores src as one column of a tile that is [len(src)][TileRows]float32: dst[i*TileRows] = src[i]. So a key of
// the key cache, whose tiles hold TileRows positions side by side, is written with dst = tile[position%TileRows:].
// len(dst) is at least (len(src)-1)*TileRows + 1.
func StoreColumn(dst, src []float32) {
	if len(src) == 0 {
		return
	}
	_ = dst[(len(src)-1)*TileRows]
	for i, v := range src {
		dst[i*TileRows] = v
	}
}
