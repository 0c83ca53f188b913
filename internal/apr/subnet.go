package apr

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// The errors of [ParseSubnet]; the texts are APR's.
var (
	// ErrNotIP is for text that does not look like an IP address at all: it may
	// be a host name.
	ErrNotIP = errors.New("Invalid argument")
	// ErrBadIP is for an address that is none, or not whole in front of a mask.
	ErrBadIP = errors.New("The specified IP address is invalid.")
	// ErrBadMask is for a mask that is neither a number of bits, from 1 to the
	// address's length, nor an IPv4 netmask.
	ErrBadMask = errors.New("The specified network mask is invalid.")
)

// Subnet is a set of addresses that agree in some bits (apr_ipsubnet_t). The
// bits of an IPv4 netmask need not be contiguous. The zero value contains nothing.
type Subnet struct {
	family   uint8  // 4 or 6
	hi, lo   uint64 // the address as a number; IPv4 in the low 32 bits
	mhi, mlo uint64 // the mask
	text     string
}

// ParseSubnet parses what Require ip, Allow from and the -ipmatch and -R
// operators of expressions take: a whole address, an IPv4 address without its
// last octets ("10.1"), or a whole address with "/" and a number of bits or an
// IPv4 netmask (apr_ipsubnet_create). Bits of the address beyond the mask are
// ignored. IPv4-mapped IPv6 addresses, zones and masks of no bits are refused.
func ParseSubnet(spec string) (Subnet, error) {
	addr, mask, slash := strings.Cut(spec, "/")
	s := Subnet{text: spec}
	switch {
	case !looksLikeIP(addr):
		return Subnet{}, ErrNotIP
	case strings.IndexByte(addr, ':') >= 0:
		a, err := netip.ParseAddr(addr)
		if err != nil || a.Is4In6() || a.Zone() != "" {
			return Subnet{}, ErrBadIP
		}
		bits := 128
		if slash {
			var ok bool
			if bits, ok = parseWidth(mask, 128); !ok {
				return Subnet{}, ErrBadMask
			}
		}
		s.family = 6
		s.hi, s.lo = halves(a)
		if bits <= 64 {
			s.mhi = ^uint64(0) << (64 - bits)
		} else {
			s.mhi, s.mlo = ^uint64(0), ^uint64(0)<<(128-bits)
		}
	default:
		a, octets, ok := parseIPv4Prefix(addr)
		if !ok || slash && (octets != 4 || strings.HasSuffix(addr, ".")) {
			return Subnet{}, ErrBadIP
		}
		width := 8 * octets
		s.family = 4
		s.lo, s.mlo = uint64(a), uint64(^uint32(0)<<(32-width))
		if slash {
			if bits, ok := parseWidth(mask, 32); ok {
				s.mlo = uint64(^uint32(0) << (32 - bits))
			} else if m, n, ok := parseIPv4Prefix(mask); ok && n == 4 && !strings.HasSuffix(mask, ".") {
				s.mlo = uint64(m)
			} else {
				return Subnet{}, ErrBadMask
			}
		}
	}
	s.hi &= s.mhi
	s.lo &= s.mlo
	return s, nil
}

// looksLikeIP is APR's first look: anything with a colon, or digits and dots.
func looksLikeIP(s string) bool {
	if strings.IndexByte(s, ':') >= 0 {
		return true
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '.' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

// parseWidth parses a number of mask bits as strtol does: white space and a sign
// in front are allowed.
func parseWidth(s string, limit int) (bits int, ok bool) {
	n, err := strconv.Atoi(strings.TrimLeft(s, " \t\n\v\f\r"))
	return n, err == nil && n > 0 && n <= limit
}

// parseIPv4Prefix parses one to four decimal octets, the last with or without a
// dot after it. Leading zeros have no meaning.
func parseIPv4Prefix(s string) (addr uint32, octets int, ok bool) {
	for s != "" {
		if octets == 4 {
			return 0, 0, false
		}
		part, rest, _ := strings.Cut(s, ".")
		n := 0
		for i := 0; i < len(part); i++ {
			if part[i] < '0' || part[i] > '9' {
				return 0, 0, false
			}
			if n = n*10 + int(part[i]-'0'); n > 255 {
				return 0, 0, false
			}
		}
		if part == "" {
			return 0, 0, false
		}
		addr |= uint32(n) << (24 - 8*octets)
		octets++
		s = rest
	}
	return addr, octets, octets > 0
}

func halves(a netip.Addr) (hi, lo uint64) {
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}

// Contains tells whether a is in the subnet (apr_ipsubnet_test). An IPv4-mapped
// IPv6 address is taken as the IPv4 address that it stands for.
func (s *Subnet) Contains(a netip.Addr) bool {
	a = a.Unmap()
	switch {
	case a.Is4() && s.family == 4:
		b := a.As4()
		return uint64(binary.BigEndian.Uint32(b[:]))&s.mlo == s.lo
	case a.Is6() && s.family == 6:
		hi, lo := halves(a)
		return hi&s.mhi == s.hi && lo&s.mlo == s.lo
	}
	return false
}

// String returns the specification that the subnet was parsed from.
func (s *Subnet) String() string { return s.text }
