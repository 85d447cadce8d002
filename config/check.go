package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// verify adds what is wrong with the values themselves.
func (c *Config) verify() {
	r := c.report
	c.verifyPublicURL(r)
	verifyListen(r, c.Listen)
	if c.DataDir == "" {
		r.add("data_dir", "is empty: name a folder, such as ./data")
	}
	c.Redis.verify(r)
	if c.Twilio != nil {
		c.Twilio.verify(r)
	}
	if c.SendGrid != nil {
		c.SendGrid.verify(r)
	}
	c.Delivery.verify(r)
	for _, j := range c.Journeys {
		j.verify(r, "journeys."+j.Name)
	}
	if len(c.Shops) == 0 {
		r.add("shops", "has no shop: add one, as in examples/ritorno.yaml")
	}
	for _, s := range c.Shops {
		s.verify(r, "shops."+s.ID)
		c.verifyCoupon(r, s)
		s.verifyLastLook(r, "shops."+s.ID)
		c.verifyOffers(r, s)
		c.verifyOffersOf(r, s)
		c.verifyJourneysOf(r, s)
		c.verifyMoment(r, s)
	}
	c.verifyUsed(r)
	c.verifySenders(r)
}

func (c *Config) verifyPublicURL(r *report) {
	const path = "public_url"
	if !r.given(path) {
		r.add(path, "is missing: give the address at which the world reaches Ritorno, such as https://ritorno.example.com")
		return
	}
	u, ok := webURL(c.PublicURL)
	switch {
	case !ok || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		r.add(path, "must be an http or https address with nothing after the host, such as https://ritorno.example.com")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		r.warn(path, "should be https: with http links and unsubscribe pages can be read and changed on the way")
	}
}

// webURL parses an absolute http or https address without user name.
func webURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return nil, false
	}
	if p := u.Port(); p != "" && !validPort(p) || strings.HasSuffix(u.Host, ":") {
		return nil, false
	}
	return u, true
}

// needURL checks an address that may have a path.
func needURL(r *report, path, text string) {
	if u, ok := webURL(text); !ok || u.Fragment != "" {
		r.add(path, "must be an http or https address, such as https://shop.example.com")
	}
}

// needBase checks the base of an API.
func needBase(r *report, path, text string) {
	if u, ok := webURL(text); !ok || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		r.add(path, "must be an http or https address without a query, such as https://api.example.com")
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

func verifyListen(r *report, listen string) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || !validPort(port) || strings.ContainsAny(host, " /") {
		r.add("listen", `must be an address and a port, such as ":8080" or "127.0.0.1:8080"`)
	}
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n <= 65535
}

func (d Redis) verify(r *report) {
	if d.Shards < 1 || d.Shards > 1024 {
		r.add("redis.shards", "must be from 1 to 1024")
	}
	if r.given("redis.replicas") && (d.Replicas < 0 || d.Replicas > 16) {
		r.add("redis.replicas", "must be from 0 (wait for none) to 16; leave it out to wait for the replica that is connected at start, or a majority of several")
	}
	if r.given("redis.url") {
		u, err := url.Parse(d.URL.Reveal())
		if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" {
			r.add("redis.url", "must begin with redis:// or rediss:// and name a host, such as redis://localhost:6379/0; leave it out for the embedded store")
		}
		if r.given("redis.cluster") {
			r.add("redis.cluster", "cannot stand beside url: keep one of the two")
		}
	}
	if r.given("redis.cluster") && len(d.Cluster) == 0 {
		r.add("redis.cluster", "is empty: list some nodes, such as [10.0.0.1:6379, 10.0.0.2:6379], or leave it out")
	}
	for i, node := range d.Cluster {
		host, port, err := net.SplitHostPort(node)
		if err != nil || host == "" || !validPort(port) {
			r.add(fmt.Sprintf("redis.cluster[%d]", i), "must be host and port, such as 10.0.0.1:6379")
		}
	}
}

func (d Delivery) verify(r *report) {
	positive(r, "delivery.settle", d.Settle)
	positive(r, "delivery.recheck", d.Recheck)
	positive(r, "delivery.expires", d.Expires)
	if d.Settle < Duration(time.Minute) {
		r.warn("delivery.settle", "is under 60s: providers may not list a message that soon, so more sends stay uncertain")
	}
	if d.Recheck <= d.Settle && d.Recheck > 0 {
		r.add("delivery.recheck", "must be longer than settle: it is the second look")
	}
}

func positive(r *report, path string, d Duration) {
	if d <= 0 {
		r.add(path, "must be longer than 0")
	}
}

var (
	countryForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	localeForm   = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
)

// address reports whether text is a bare e-mail address.
func address(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && a.Name == ""
}
