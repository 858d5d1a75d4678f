// Package parquet reads one string column of a Parquet file as texts: [Texts] is what corpus.Options.Parquet wants.
//
//	c, err := corpus.Open("train.parquet", corpus.Options{Field: "page", Parquet: parquet.Texts})
//
// The decoding is done by github.com/parquet-go/parquet-go, which only this package imports. That library takes sizes and counts from
// the file as they are, so a file made for it can ask for any amount of memory. Therefore every size in the footer and in the pages of the
// column is checked here before the library sees it: the footer ([checkFooter]), the page headers, what a page decompresses to, and
// the run lengths of its levels, dictionary indices and delta encodings. A page that passes needs memory in proportion to its own
// bytes, its values and the limit. What the library still panics on becomes an error.
//
// Columns of type BYTE_ARRAY that hold strings are read, required or optional, at the top or inside groups ("meta.text"), with the
// encodings PLAIN, dictionary, DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY and the codecs SNAPPY, GZIP, BROTLI, ZSTD, LZ4_RAW or
// none. Lists, encrypted files and files split over several are refused by name.
package parquet
