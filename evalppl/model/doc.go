// Package model runs a decoder-only transformer from a container. Its main type is [Model]: the container's [format.Spec] as a
// program, and its weights as views of the mapping; nothing is copied or repacked at load. A [Session] is one sequence being
// read: the key/value cache and the buffers of a batch.
//
// One forward pass serves every architecture; what differs between them is data in the Spec.
package model
