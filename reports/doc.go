// Package reports turns measurements into something to read: records in, and
// out come plots (SVG and PNG), one self-contained HTML page, Markdown, CSV and
// the results file itself. It knows no models: a [Record] is one variant of one
// model with its size, perplexity and speed, however it was measured, and a
// [Study] is a set of them.
//
// The contract is "same records, same bytes": nothing here reads the clock, the
// environment or the machine, so a results file can be rendered again anywhere.
//
// [Render] writes a folder, [Read] reads a results file back and refuses what it
// cannot vouch for, [Comparable] refuses perplexities that must not stand side
// by side, [Answer], [Sentence] and [Table] are the same findings for a terminal.
//
// Sizes in MB are 10^6 bytes, perplexities are exp of a mean natural-log loss,
// and every interval is a 95 % interval.
package reports
