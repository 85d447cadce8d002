package lifecycle

import "time"

// atOnce is a time that is always over.
var atOnce = time.UnixMilli(1).UTC()

// NextLook is when somebody must look at the contact next, real time: to ask
// the providers' records about one of its messages, to go on with its erasure,
// or to finish its merge into another. Zero: not by itself.
func (c *Contact) NextLook() time.Time {
	switch {
	case c.Erasing != nil:
		return c.Erasing.Next
	case c.Forward != "" && !c.MadeAt.IsZero():
		return atOnce
	}
	var next time.Time
	for _, l := range c.Looks {
		if !l.Next.IsZero() && (next.IsZero() || l.Next.Before(next)) {
			next = l.Next
		}
	}
	return next
}

// UncertainSince is when the oldest attempt began whose outcome nobody knows,
// real time; zero: there is none.
func (c *Contact) UncertainSince() time.Time {
	var since time.Time
	for _, l := range c.Looks {
		if m := c.message(l.Message); m != nil && m.Status == Uncertain && (since.IsZero() || l.Started.Before(since)) {
			since = l.Started
		}
	}
	return since
}

// Message finds one of the remembered messages.
func (c *Contact) Message(id string) (Message, bool) {
	if m := c.message(id); m != nil {
		return *m, true
	}
	return Message{}, false
}

// Look finds the open question about a message.
func (c *Contact) Look(message string) (Look, bool) {
	if l := c.look(message); l != nil {
		return *l, true
	}
	return Look{}, false
}

func (c *Contact) look(message string) *Look {
	for i := range c.Looks {
		if c.Looks[i].Message == message {
			return &c.Looks[i]
		}
	}
	return nil
}

func (c *Contact) message(id string) *Message {
	for i := range c.Messages {
		if c.Messages[i].ID == id {
			return &c.Messages[i]
		}
	}
	return nil
}
