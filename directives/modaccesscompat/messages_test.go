package modaccesscompat

import (
	"net/netip"
	"testing"

	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/server"
)

// The sentences are Apache 2.4.71's.
func TestMessages(t *testing.T) {
	for line, want := range map[string]string{
		`Order`:                  `order takes one argument, 'allow,deny', 'deny,allow', or 'mutual-failure'`,
		`Order foo`:              `unknown order`,
		`Order allow, deny`:      `order takes one argument, 'allow,deny', 'deny,allow', or 'mutual-failure'`,
		`Order Allow,Deny`:       ``,
		`Order mutual-failure`:   ``,
		`Allow`:                  `allow requires at least two arguments, 'from' followed by hostnames or IP-address wildcards`,
		`Allow from`:             `allow requires at least two arguments, 'from' followed by hostnames or IP-address wildcards`,
		`Allow all`:              `allow requires at least two arguments, 'from' followed by hostnames or IP-address wildcards`,
		`Allow by all`:           `allow and deny must be followed by 'from'`,
		`Allow from all`:         ``,
		`Allow from 10.0.0.0/33`: `The specified network mask is invalid.`,
		`Allow from 10.0.0.0/`:   `The specified network mask is invalid.`,
		`Allow from host/8`:      `An IP address was expected`,
		`Allow from 10.1 .example.com env=X env=!Y 2001:db8::/32 ::1`: ``,
		`Allow from 300.1.2.3`:           `The specified IP address is invalid.`,
		`Deny from 10.0.0.0/255.255.0.0`: ``,
		`Deny from 10.0.0.1/foo`:         `The specified network mask is invalid.`,
		`Satisfy`:                        `Satisfy takes one argument, access policy if both allow and require used ('all' or 'any')`,
		`Satisfy some`:                   `Satisfy either 'any' or 'all'.`,
		`Satisfy Any`:                    ``,
	} {
		_, got := directivetest.Inside(tables, line)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestMatches(t *testing.T) {
	r := &server.Request{Client: netip.MustParseAddrPort("10.1.2.3:4")}
	r.Env.Set("SET", "")
	for text, want := range map[string]bool{
		"Order allow,deny":                                          false,
		"Order deny,allow":                                          true,
		"Order mutual-failure":                                      false,
		"Order allow,deny\nAllow from all":                          true,
		"Order allow,deny\nAllow from all\nDeny from 10.1":          false,
		"Order deny,allow\nAllow from 10.1\nDeny from all":          true,
		"Order mutual-failure\nAllow from all\nDeny from 10":        false,
		"Order allow,deny\nAllow from 10.1.2.0/24":                  true,
		"Order allow,deny\nAllow from 10.1.3.0/24":                  false,
		"Order allow,deny\nAllow from 10.1.0.0/255.255.0.0":         true,
		"Order allow,deny\nAllow from env=SET":                      true,
		"Order allow,deny\nAllow from env=!SET":                     false,
		"Order allow,deny\nAllow from env=UNSET env=!UNSET":         true,
		"Order allow,deny\nAllow from ::1 10.1.2.3":                 true,
		"Deny from all":                                             false,
		"Allow from all":                                            true,
		"Order allow,deny\nOrder deny,allow":                        true,
		"Order deny,allow\nDeny from 10.1.2.3\nAllow from env=NONE": false,
	} {
		d, msg := directivetest.Inside(tables, text)
		if msg != "" {
			t.Fatal(msg)
		}
		if got := allowed(r, d); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
