// Package roofline measures what this machine can do at most, in the same run as whatever is to be compared with it: a figure of
// nibble is worth quoting as a share of its limit, because absolute figures drift with clocks, temperature and neighbours. The
// name is that of the model by Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
// architectures", Communications of the ACM 52(4), 2009. Its main type is [Peaks], its one function [Measure].
package roofline
