// Package generate invents a shop's life for the demo and for tests: people
// with their own rhythm, season and baskets, who fall silent, come back,
// cancel, and react to messages each in their own way. All of it follows from
// one number, the seed: the same seed is the same life.
package generate
