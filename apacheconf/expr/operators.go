package expr

import (
	stdctx "context"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"httpd-wsgi/internal/apr"
)

// unaryOperator makes the test of a unary operator from its argument; msg says
// why it cannot.
func (c *compiler) unaryOperator(name string, arg operand) (test boolFunc, msg string) {
	v := arg.str()
	if c.opts.Restricted && strings.Contains("desfLhx", name) {
		return nil, "-" + name + " not available in restricted context"
	}
	file := func(ok func(os.FileInfo) bool) boolFunc {
		return func(x *context) bool {
			info, err := os.Stat(v(x))
			return err == nil && ok(info)
		}
	}
	link := func(ok func(os.FileInfo) bool) boolFunc {
		return func(x *context) bool {
			info, err := os.Lstat(v(x))
			return err == nil && ok(info)
		}
	}
	switch name {
	case "n":
		return func(x *context) bool { return v(x) != "" }, ""
	case "z":
		return func(x *context) bool { return v(x) == "" }, ""
	case "T":
		return func(x *context) bool { return isTrue(v(x)) }, ""
	case "R":
		subnet, msg := constantSubnet(name, arg)
		if msg != "" {
			return nil, msg
		}
		return func(x *context) bool { return subnet.Contains(x.env.ClientIP()) }, ""
	case "d":
		return file(os.FileInfo.IsDir), ""
	case "e":
		return file(func(os.FileInfo) bool { return true }), ""
	case "f":
		return file(func(i os.FileInfo) bool { return i.Mode().IsRegular() }), ""
	case "s":
		return file(func(i os.FileInfo) bool { return i.Mode().IsRegular() && i.Size() > 0 }), ""
	case "L", "h":
		return link(func(i os.FileInfo) bool { return i.Mode()&os.ModeSymlink != 0 }), ""
	case "x":
		return link(func(i os.FileInfo) bool { return i.Mode().Perm()&0o111 != 0 }), ""
	case "U", "A":
		return func(x *context) bool { return x.env.SubrequestURI(v(x)) }, ""
	case "F":
		return func(x *context) bool { return x.env.SubrequestFile(v(x)) }, ""
	}
	return nil, "Unary operator '-" + name + "' does not exist"
}

// isTrue is -T: all but nothing, "0", "off", "false" and "no" is true.
func isTrue(s string) bool {
	switch {
	case s == "", s == "0", strings.EqualFold(s, "off"), strings.EqualFold(s, "false"), strings.EqualFold(s, "no"):
		return false
	}
	return true
}

// binaryOperator makes the test of a binary operator other than the built-in
// comparisons.
func (c *compiler) binaryOperator(name string, left, right operand) (test boolFunc, msg string) {
	a, b := left.str(), right.str()
	match := func(flags apr.FnmatchFlags) boolFunc {
		return func(x *context) bool {
			s := a(x)
			return apr.Fnmatch(b(x), s, flags)
		}
	}
	switch lower := strings.ToLower(name); lower {
	case "strmatch":
		return match(0), ""
	case "strcmatch":
		return match(apr.FnmCaseBlind), ""
	case "fnmatch":
		return match(apr.FnmPathname), ""
	case "ipmatch":
		subnet, msg := constantSubnet(name, right)
		if msg != "" {
			return nil, msg
		}
		return func(x *context) bool { return subnet.Contains(addressOf(a(x))) }, ""
	}
	return nil, "Binary operator '-" + name + "' does not exist"
}

func constantSubnet(operator string, arg operand) (apr.Subnet, string) {
	if arg.eval != nil || !arg.quoted {
		return apr.Subnet{}, "-" + operator + " requires subnet/netmask as constant argument"
	}
	subnet, err := apr.ParseSubnet(arg.text)
	if err != nil {
		return apr.Subnet{}, "parsing of subnet/netmask failed"
	}
	return subnet, ""
}

// lookupTimeout bounds the name service that -ipmatch asks about a left side
// that is no address.
const lookupTimeout = 5 * time.Second

// addressOf is the address that s is or, as in Apache, the first one of the host
// that s names.
func addressOf(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.WithZone("")
	}
	ctx, cancel := stdctx.WithTimeout(stdctx.Background(), lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", s)
	if err != nil || len(addrs) == 0 {
		return netip.Addr{}
	}
	return addrs[0].Unmap()
}
