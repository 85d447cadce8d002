// Package rehearse plays an order history through a shop's journeys without
// sending anything: who would be written to, when, and what that would cost.
//
// The decisions are those of the service, [lifecycle.Rules.Decide], on a
// virtual clock and in memory. An order is seen at its own time and not before;
// between two orders the timers fire in their order. That a rehearsal and the
// service decide the same is held by a test that plays histories through both.
//
// Contacts do not know of each other, so they are played one group after the
// other, unless a journey takes only so many a day: a group holds all that can be one person, whatever an e-mail address,
// a phone number, a customer id or an order id joins. The result is the same
// for any number of workers.
package rehearse
