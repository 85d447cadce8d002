package sendgrid

import (
	"strings"

	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"ritorno/connectors"
)

// reserved headers make SendGrid refuse the message.
var reserved = map[string]bool{
	"x-sg-id": true, "x-sg-eid": true, "received": true, "dkim-signature": true,
	"content-type": true, "content-transfer-encoding": true,
	"to": true, "from": true, "subject": true, "reply-to": true, "cc": true, "bcc": true,
}

// mail is the request for one message to one person: everything personal in
// its one personalization, every kind of SendGrid's own tracking off, because
// links are ours and an opened e-mail proves nothing.
func (s *Sender) mail(m connectors.Outgoing) *mail.SGMailV3 {
	v := mail.NewV3Mail()
	v.SetFrom(mail.NewEmail(s.o.From.Name, s.o.From.Email))
	if s.o.ReplyTo.Email != "" {
		v.SetReplyTo(mail.NewEmail(s.o.ReplyTo.Name, s.o.ReplyTo.Email))
	}
	v.Subject = m.Message.Subject
	v.AddPersonalizations(personalization(m))
	if m.Message.Text != "" {
		v.AddContent(mail.NewContent("text/plain", m.Message.Text))
	}
	if m.Message.HTML != "" {
		v.AddContent(mail.NewContent("text/html", m.Message.HTML))
	}
	v.AddCategories("ritorno")
	if t := m.Message.Template; t != "" && t != "ritorno" && len(t) < 200 {
		v.AddCategories(t)
	}
	v.SetTrackingSettings(noTracking())
	return v
}

func personalization(m connectors.Outgoing) *mail.Personalization {
	p := mail.NewPersonalization()
	p.AddTos(mail.NewEmail(m.ToName, m.To))
	p.SetCustomArg(argAttempt, m.AttemptID)
	p.SetCustomArg(argMessage, m.MessageID)
	p.SetCustomArg(argShop, m.Shop)
	for name, value := range m.Message.Headers {
		if !reserved[strings.ToLower(name)] && !strings.ContainsAny(name+value, "\r\n\x00") {
			p.SetHeader(name, value)
		}
	}
	return p
}

func noTracking() *mail.TrackingSettings {
	return mail.NewTrackingSettings().
		SetClickTracking(mail.NewClickTrackingSetting().SetEnable(false).SetEnableText(false)).
		SetOpenTracking(mail.NewOpenTrackingSetting().SetEnable(false)).
		SetSubscriptionTracking(mail.NewSubscriptionTrackingSetting().SetEnable(false)).
		SetGoogleAnalytics(mail.NewGaSetting().SetEnable(false))
}
