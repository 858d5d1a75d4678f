package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
)

// Record is one JSON object with several fields: a line of JSON Lines, or the wanted columns of a row of Parquet.
type Record struct {
	// ID says where it stands: "file:7" for line 7 or row 7, both counted from 1.
	ID     string
	object []byte // valid JSON and valid UTF-8
}

// RecordOptions says how records are read. The zero value reads JSON Lines.
type RecordOptions struct {
	// Kind overrides what the name says: "jsonl" or "parquet", the first also with ".gz" or ".zst" behind it.
	Kind string
	// Fields are the fields that are wanted. Of Parquet these columns are read and no others; dots go into groups.
	Fields []string
	// Stdin is what the path "-" reads.
	Stdin io.Reader
	// Parquet reads Parquet files: the function Records of the package nibble/evalppl/corpus/parquet. Without it they are refused.
	Parquet ParquetRecordReader
	// Limit lowers MaxDocument, the most bytes of a line or row, where it is above 0.
	Limit int64
}

// ParquetRecordReader yields the rows of a Parquet file, in order, each as a JSON object with one member for each column, under the
// column's whole name. It ends after the first error. A row has at most limit bytes. The objects belong to the caller. Errors name the
// row and the column, not the file.
type ParquetRecordReader func(r io.ReaderAt, size int64, columns []string, limit int64) iter.Seq2[[]byte, error]

// Records yields the records of the file at path ("-" for standard input), in order. Files are Parquet where the end of their name or
// Kind says so, and otherwise JSON Lines, which may be compressed; blank lines are passed over. After an error, which names the file and
// the line or row, nothing follows. A file without a record is an error that wraps ErrEmpty.
func Records(path string, o RecordOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		n, stopped, err := eachRecord(path, o, yield)
		if err == nil && n == 0 && !stopped {
			err = fmt.Errorf("%w: not one record in it", ErrEmpty)
		}
		if err != nil && !stopped {
			yield(Record{}, fmt.Errorf("reading %s: %w", display(path), err))
		}
	}
}

func eachRecord(path string, o RecordOptions, yield func(Record, error) bool) (n int, stopped bool, err error) {
	want, err := parseKind(o.Kind)
	if err != nil {
		return 0, false, err
	}
	l, _ := layoutOf(path)
	if l.kind != kindParquet {
		l.kind = kindJSONL
	}
	s := source{path: path, layout: l.override(want), sniff: path == "-"}
	if s.kind != kindJSONL && s.kind != kindParquet {
		return 0, false, fmt.Errorf("kind %q has no fields: want %s or %s", s.kind, kindJSONL, kindParquet)
	}
	limit := Options{Limit: o.Limit}.limit()
	in := o.Stdin
	var size int64
	if path != "-" {
		file, info, err := openFile(path)
		if err != nil {
			return 0, false, err
		}
		defer file.Close()
		in, size = file, info.Size()
	}
	if in == nil {
		return 0, false, errors.New("there is no standard input to read: name a file")
	}
	var objects iter.Seq2[[]byte, error]
	if s.kind == kindParquet {
		at, ok := in.(io.ReaderAt)
		switch {
		case o.Parquet == nil:
			return 0, false, errors.New("it is Parquet, which is not read here: give the file as JSON Lines")
		case s.compression != "" || path == "-" || !ok:
			return 0, false, errors.New("a Parquet file that is compressed as a whole or comes through a pipe is not read: give the file itself")
		}
		objects = o.Parquet(at, size, o.Fields, limit)
	} else {
		r, _, err := s.reader(in)
		if err != nil {
			return 0, false, err
		}
		defer r.Close()
		objects = jsonlObjects(r, limit)
	}
	at := 0
	for object, err := range objects {
		if err != nil {
			return n, false, err
		}
		at++
		if object == nil {
			continue
		}
		n++
		if !yield(Record{ID: display(path) + ":" + strconv.Itoa(at), object: object}, nil) {
			return n, true, nil
		}
	}
	return n, false, nil
}

// openFile opens what must be a file.
func openFile(path string) (*os.File, os.FileInfo, error) {
	file, err := os.Open(path)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err // the message around it has the path
		}
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder, want one file")
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// jsonlObjects yields the objects of JSON Lines, which belong to the caller; nil for a blank line.
func jsonlObjects(r io.Reader, limit int64) iter.Seq2[[]byte, error] {
	return jsonLines(r, limit, func(line []byte) ([]byte, error) { return bytes.Clone(line), checkObject(line) })
}

// checkObject makes sure that a JSON value is an object.
func checkObject(value []byte) error {
	if value[0] != '{' {
		return fmt.Errorf("found %s, want a JSON object", jsonKind(value))
	}
	return nil
}
