package format

import "hash/crc32"

// crcCombine returns the CRC-32C of a followed by b, from the checksum of each and b's length. Appending n bytes to a multiplies its
// checksum by x^(8n) modulo the polynomial; the exponent is reached by squaring. (Mark Adler's method in zlib's crc32_combine.)
func crcCombine(a, b uint32, n int64) uint32 {
	// In the reflected form the highest bit is x^0, so x^8 is bit 31-8.
	power, result := uint32(1)<<(31-8), uint32(1)<<31
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = mulmod(result, power)
		}
		power = mulmod(power, power)
	}
	return mulmod(result, a) ^ b
}

// mulmod multiplies two polynomials over GF(2) modulo Castagnoli's, all bit-reflected.
func mulmod(a, b uint32) uint32 {
	var p uint32
	for bit := uint32(1) << 31; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			p ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ crc32.Castagnoli
		} else {
			b >>= 1
		}
	}
	return p
}
