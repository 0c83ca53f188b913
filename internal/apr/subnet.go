package apr

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Subnet is a set of IP addresses by address and mask (apr_ipsubnet_t). The
// mask need not be contiguous. The zero Subnet matches nothing.
type Subnet struct {
	addr, mask [16]byte
	v4         bool
}

// Errors of [ParseSubnet]; the texts are APR's.
var (
	// ErrNotIP is for text that does not look like an IP address at all.
	ErrNotIP = errors.New("Invalid argument")
	// ErrBadIP is for an address that is none, ErrBadMask for such a mask.
	ErrBadIP   = errors.New("The specified IP address is invalid.")
	ErrBadMask = errors.New("The specified network mask is invalid.")
)

// ParseSubnet reads "10.1", "10.1.2.3", "10.1.2.0/24", "10.1.2.0/255.255.255.0",
// "2001:db8::/32" or a bare IPv6 address (apr_ipsubnet_create).
func ParseSubnet(s string) (Subnet, error) {
	addr, mask, hasMask := strings.Cut(s, "/")
	if !looksLikeIP(addr) {
		return Subnet{}, ErrNotIP
	}
	var n Subnet
	bits := -1
	if strings.Contains(addr, ":") {
		ip, err := netip.ParseAddr(addr)
		if err != nil || ip.Zone() != "" {
			return Subnet{}, ErrBadIP
		}
		n.addr = ip.As16()
		bits = 128
	} else {
		ip, octets, err := partialIPv4(addr)
		if err != nil {
			return Subnet{}, err
		}
		n.v4 = true
		copy(n.addr[:4], ip[:])
		bits = octets * 8
	}
	size := 128
	if n.v4 {
		size = 32
	}
	if hasMask {
		m, err := strconv.Atoi(mask)
		switch {
		case err == nil && m > 0 && m <= size && !strings.HasPrefix(mask, "+"):
			bits = m
		case n.v4:
			ip, octets, perr := partialIPv4(mask)
			if perr != nil || octets != 4 {
				return Subnet{}, ErrBadMask
			}
			copy(n.mask[:4], ip[:])
			bits = -1
		default:
			return Subnet{}, ErrBadMask
		}
	}
	for i := 0; i < bits; i++ {
		n.mask[i/8] |= 0x80 >> (i % 8)
	}
	for i := range n.addr {
		n.addr[i] &= n.mask[i]
	}
	return n, nil
}

// Contains tells whether ip is in the subnet; an IPv4-mapped address counts as IPv4.
func (n *Subnet) Contains(ip netip.Addr) bool {
	ip = ip.Unmap()
	if n.v4 {
		if !ip.Is4() {
			return false
		}
		a := ip.As4()
		for i := range a {
			if a[i]&n.mask[i] != n.addr[i] {
				return false
			}
		}
		return true
	}
	if !ip.Is6() {
		return false
	}
	a := ip.As16()
	for i := range a {
		if a[i]&n.mask[i] != n.addr[i] {
			return false
		}
	}
	return n.mask != [16]byte{}
}

// looksLikeIP is APR's quick look: digits and dots, or hex digits with a colon.
func looksLikeIP(s string) bool {
	if s == "" {
		return false
	}
	if strings.Contains(s, ":") {
		for i := 0; i < len(s); i++ {
			if c := s[i]; c != ':' && c != '.' && !(c >= '0' && c <= '9') && !(c|0x20 >= 'a' && c|0x20 <= 'f') {
				return false
			}
		}
		return true
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// partialIPv4 reads one to four octets, as in "10.1" or "10.1.".
func partialIPv4(s string) (ip [4]byte, octets int, err error) {
	s = strings.TrimSuffix(s, ".")
	for part := range strings.SplitSeq(s, ".") {
		v, perr := strconv.Atoi(part)
		if perr != nil || v < 0 || v > 255 || octets == 4 {
			return ip, 0, ErrBadIP
		}
		ip[octets] = byte(v)
		octets++
	}
	return ip, octets, nil
}
