package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Longest bodies of providers in bytes. SendGrid sends batches.
const (
	maxTwilio   = 64 << 10
	maxSendGrid = 4 << 20
)

// twilioStatus takes a delivery report. What we cannot read is answered like
// the rest: Twilio would repeat it in vain.
func (s *Server) twilioStatus(c echo.Context) error {
	req, err := s.callback(c, s.o.Twilio != nil, maxTwilio)
	if err != nil {
		return err
	}
	news, err := s.o.Twilio.Status(req)
	if done, err := s.unread(c, "twilio", err); done {
		return orNoContent(c, err)
	}
	key := ""
	if news.ProviderID != "" {
		key = news.ProviderID + " " + news.Status.String() + " " + string(news.Reason)
	}
	return orNoContent(c, s.engine.Delivered(c.Request().Context(), "twilio", news, time.Time{}, key))
}

// twilioInbound takes an SMS from a contact. Twilio answers STOP by itself, so
// we say nothing.
func (s *Server) twilioInbound(c echo.Context) error {
	req, err := s.callback(c, s.o.Twilio != nil, maxTwilio)
	if err != nil {
		return err
	}
	const silence = `<?xml version="1.0" encoding="UTF-8"?><Response/>`
	reply, err := s.o.Twilio.Inbound(req)
	if done, err := s.unread(c, "twilio", err); done {
		return orElse(err, func() error { return c.Blob(http.StatusOK, "text/xml", []byte(silence)) })
	}
	out, err := s.engine.Reply(c.Request().Context(), reply)
	if err != nil {
		return err
	}
	s.log.Info("reply taken in", "request", requestID(c), "kind", out.Kind, "contacts", out.Contacts)
	return c.Blob(http.StatusOK, "text/xml", []byte(silence))
}

// sendgridEvents takes a batch of events. Either all are stored, or the batch
// comes again and those stored already change nothing.
func (s *Server) sendgridEvents(c echo.Context) error {
	req, err := s.callback(c, s.o.SendGrid != nil, maxSendGrid)
	if err != nil {
		return err
	}
	events, err := s.o.SendGrid(req)
	if done, err := s.unread(c, "sendgrid", err); done {
		return orNoContent(c, err)
	}
	for _, e := range events {
		if err := s.mailEvent(c, e); err != nil {
			return err
		}
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) mailEvent(c echo.Context, e MailEvent) error {
	ctx := c.Request().Context()
	id := e.MessageID
	if id == "" {
		id = lifecycle.MessageOf(e.AttemptID)
	}
	contact := lifecycle.ContactOf(id)
	if contact == "" {
		return nil
	}
	if e.OptOut {
		key := ""
		if e.EventID != "" {
			key = e.EventID + " opt-out"
		}
		evidence := "sendgrid: " + string(e.Reason)
		if err := s.engine.OptOut(ctx, contact, lifecycle.Email, "sendgrid", evidence, key); err != nil && !gone(err) {
			return err
		}
	}
	return s.engine.Delivered(ctx, "sendgrid", e.News, e.At, e.EventID)
}

// callback reads a provider's call.
func (s *Server) callback(c echo.Context, configured bool, limit int64) (connectors.Request, error) {
	body, err := readBody(c, limit)
	if err != nil {
		return connectors.Request{}, err
	}
	if !configured {
		return connectors.Request{}, errUnconfigured
	}
	req := s.Request(c, body)
	if req.Now, err = s.now(c.Request().Context()); err != nil {
		return connectors.Request{}, err
	}
	return req, nil
}

// unread reports that a call had nothing for us: with an error when it was not
// the provider's, without when it was but cannot be understood.
func (s *Server) unread(c echo.Context, provider string, err error) (done bool, answer error) {
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, connectors.ErrMalformed):
		s.log.Warn("callback not understood", "request", requestID(c), "provider", provider, "error", err)
		return true, nil
	case errors.Is(err, connectors.ErrSignature):
		return true, s.limitFailure(c, err)
	}
	return true, err
}

func orNoContent(c echo.Context, err error) error {
	return orElse(err, func() error { return c.NoContent(http.StatusNoContent) })
}

func orElse(err error, answer func() error) error {
	if err != nil {
		return err
	}
	return answer()
}

// gone reports that there is nobody left to report on, as after an erasure.
func gone(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, engine.ErrShop)
}
