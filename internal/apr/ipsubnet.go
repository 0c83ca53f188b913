package apr

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// ErrSubnet says that a subnet specification is none that APR accepts.
var ErrSubnet = errors.New("bad IP address or netmask")

// IPSubnet is a set of addresses that agree in some bits (apr_ipsubnet_t). The
// bits of an IPv4 netmask need not be contiguous.
type IPSubnet struct {
	v4   bool
	hi   uint64 // the address in network order, as two integers; v4 in the low 32 bits of lo
	lo   uint64
	mhi  uint64 // the mask
	mlo  uint64
	text string
}

// ParseIPSubnet parses what Require ip, Allow from and the -ipmatch and -R
// operators of expressions take: a whole address, an IPv4 address without its
// last octets ("10.1"), or a whole address with "/" and a number of bits or an
// IPv4 netmask (apr_ipsubnet_create). Bits of the address beyond the mask are
// ignored. IPv4-mapped IPv6 addresses and zones are refused, as is a width of 0.
func ParseIPSubnet(spec string) (IPSubnet, error) {
	addr, mask, slash := strings.Cut(spec, "/")
	s := IPSubnet{text: spec}
	if strings.IndexByte(addr, ':') >= 0 {
		a, err := netip.ParseAddr(addr)
		if err != nil || a.Is4In6() || a.Zone() != "" {
			return IPSubnet{}, ErrSubnet
		}
		s.hi, s.lo = halves(a)
		s.mhi, s.mlo = ^uint64(0), ^uint64(0)
		if slash {
			bits, ok := parseWidth(mask, 128)
			if !ok {
				return IPSubnet{}, ErrSubnet
			}
			if bits <= 64 {
				s.mhi, s.mlo = ^uint64(0)<<(64-bits), 0
			} else {
				s.mlo = ^uint64(0) << (128 - bits)
			}
		}
	} else {
		s.v4 = true
		a, given, ok := parseIPv4Prefix(addr)
		if !ok {
			return IPSubnet{}, ErrSubnet
		}
		s.lo = uint64(a)
		s.mlo = uint64(^uint32(0)) & (^uint64(0) << (32 - 8*given))
		if slash {
			// A width needs the whole address, with no dot after it.
			if given != 4 || strings.HasSuffix(addr, ".") {
				return IPSubnet{}, ErrSubnet
			}
			if bits, ok := parseWidth(mask, 32); ok {
				s.mlo = uint64(^uint32(0) << (32 - bits))
			} else if m, n, ok := parseIPv4Prefix(mask); ok && n == 4 && !strings.HasSuffix(mask, ".") {
				s.mlo = uint64(m)
			} else {
				return IPSubnet{}, ErrSubnet
			}
		}
	}
	s.hi &= s.mhi
	s.lo &= s.mlo
	return s, nil
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
func (s IPSubnet) Contains(a netip.Addr) bool {
	if !a.IsValid() || a.Unmap().Is4() != s.v4 {
		return false
	}
	hi, lo := halves(a)
	if s.v4 {
		hi, lo = 0, lo&0xffffffff
	}
	return hi&s.mhi == s.hi && lo&s.mlo == s.lo
}

// String returns the specification that the subnet was parsed from.
func (s IPSubnet) String() string { return s.text }
