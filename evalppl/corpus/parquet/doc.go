// Package parquet reads one string column of a Parquet file as texts: [Texts] is what corpus.Options.Parquet wants. [Records] reads
// several columns, of strings, integers and lists of them, as JSON objects, for corpus.RecordOptions.Parquet.
//
//	c, err := corpus.Open("train.parquet", corpus.Options{Field: "page", Parquet: parquet.Texts})
//
// Footer, schema and value encodings are decoded by github.com/parquet-go/parquet-go, which only this package imports. That library takes
// sizes and counts from the file as they are, so a file made for it can ask for any amount of memory. Therefore every size in the
// footer ([checkFooter]) and in the pages of the column is checked here before the library sees it: what a page decompresses to, and the
// run lengths of its levels, dictionary indices and delta encodings. A page that passes needs memory in proportion to its own bytes,
// its values and maxPage. What the library still panics on becomes an error. Pages are split and decompressed here for the same
// reason, and because version 0.32 of the library loses decompressed LZ4 pages (parquet-go issue 608).
//
// Columns of type BYTE_ARRAY that hold strings are read, required or optional, at the top or inside groups ("meta.text"), with the
// encodings PLAIN, dictionary, DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY and the codecs SNAPPY, GZIP, BROTLI, ZSTD, LZ4_RAW or
// none; integers also with DELTA_BINARY_PACKED. Lists of lists, encrypted files and files split over several are refused by name.
package parquet
