// Package guard decides when messages must wait although each by itself may
// leave: because a shop's orders do not reach us any more, or because too many
// of the last messages did harm. It only decides; the engine reads, counts and
// acts. docs/guards.md has the reasoning and the figures.
package guard
