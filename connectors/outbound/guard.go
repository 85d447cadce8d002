package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// ErrInternal: the address leads into an internal network.
var ErrInternal = errors.New("internal address")

// internal are the networks of the IANA registries of special-purpose addresses
// that no shop is in, with those that carry an IPv4 address inside an IPv6 one:
// behind a translator they lead to any of the others.
var internal = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParsePrefix(t)
	}
	return all
}

// Check says whether an address may be called: every public one, and those in
// the networks that the operator allows.
func Check(addr netip.Addr, allow []netip.Prefix) error {
	addr = addr.Unmap().WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(addr) }
	switch {
	case !addr.IsValid():
		return fmt.Errorf("%w: it cannot be read", ErrInternal)
	case slices.ContainsFunc(internal, in) && !slices.ContainsFunc(allow, in):
		return fmt.Errorf("%w: %s; if that is meant, name its network under outbound.allow", ErrInternal, addr)
	}
	return nil
}

// control is a net.Dialer's: it sees the address that is really called, after
// every name was resolved, so no name can lead elsewhere than what was checked.
func control(allow []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: it cannot be read", ErrInternal)
		}
		return Check(ap.Addr(), allow)
	}
}
