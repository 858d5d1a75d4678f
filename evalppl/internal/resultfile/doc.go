// Package resultfile reads result files strictly: the right schema, no unknown field, none missing. What the fields may hold is
// the business of the package whose result it is, which calls [Read] with a parser that calls [Decode] and [RequireFields].
//
//	r, err := resultfile.Read(path, 1<<30, ParseResult)
package resultfile
