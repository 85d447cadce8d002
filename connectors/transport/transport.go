// Package transport is the one way in which bytes leave for a message
// provider. It carries each send in exactly one request on a connection of its
// own and keeps the evidence of what happened, because a client's error alone
// cannot tell "never processed" from "processed, answer lost".
package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Default limits. A long limit for the whole send makes fewer unknown
// outcomes, not more: the provider itself may work for half a minute.
const (
	DefaultDial = 5 * time.Second
	DefaultTLS  = 5 * time.Second
	DefaultSend = 45 * time.Second
)

// maxAnswer is how much of an answer is read. Both providers answer with a few
// kilobytes.
const maxAnswer = 1 << 20

// Options says how to reach one provider account. The zero value reaches the
// address inside each request.
type Options struct {
	// BaseURL replaces scheme and host of every request; its path, if any, is
	// put in front. Nil leaves requests as they are.
	BaseURL *url.URL
	// DialTimeout, TLSTimeout and SendTimeout limit the connection, the TLS
	// handshake and the send as a whole, reading the answer included. 0 is
	// DefaultDial, DefaultTLS and DefaultSend.
	DialTimeout, TLSTimeout, SendTimeout time.Duration
	// TLS is the client's TLS configuration; nil is Go's default.
	TLS *tls.Config
	// Authorize, if set, adds the credentials right before the bytes leave, so
	// that no SDK and no error ever holds them.
	Authorize func(h http.Header)
}

// Transport makes sends to one provider account. It is safe for concurrent use.
type Transport struct {
	o    Options
	base *http.Transport
}

// New makes a transport.
func New(o Options) *Transport {
	o.DialTimeout = orDefault(o.DialTimeout, DefaultDial)
	o.TLSTimeout = orDefault(o.TLSTimeout, DefaultTLS)
	o.SendTimeout = orDefault(o.SendTimeout, DefaultSend)
	return &Transport{o: o, base: roundTripper(o, guarded)}
}

func orDefault(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}

// roundTripper is HTTP/1.1 without kept connections: a reused connection and
// HTTP/2 both let net/http repeat a POST by itself. The environment's proxies
// are not used: the configuration alone says where messages go.
func roundTripper(o Options, wrap func(context.Context, net.Conn) (net.Conn, error)) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: o.DialTimeout}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return wrap(ctx, c)
		},
		Protocols:              protocols,
		TLSClientConfig:        o.TLS.Clone(),
		TLSHandshakeTimeout:    o.TLSTimeout,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// address puts the configured base in place of the request's own.
func (o Options) address(u *url.URL) *url.URL {
	if o.BaseURL == nil {
		return u
	}
	r := *u
	r.Scheme, r.Host = o.BaseURL.Scheme, o.BaseURL.Host
	if prefix := trimSlash(o.BaseURL.Path); prefix != "" {
		r.Path = prefix + u.Path
		r.RawPath = ""
	}
	return &r
}

func trimSlash(s string) string {
	for s != "" && s[len(s)-1] == '/' {
		s = s[:len(s)-1]
	}
	return s
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
