package handlers

// NextRound is for the table of waits.
var NextRound = nextRound
