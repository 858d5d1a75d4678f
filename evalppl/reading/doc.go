// Package reading says what a model is asked to read: the windows that evaluators hand over together, and models fill their batches with.
package reading
