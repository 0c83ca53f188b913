package httpdtest

import (
	"fmt"
	"strings"
)

// Show prints an observation, normalised, for a human.
func (c *Case) Show(o *Observation) string {
	if o.Refused != "" {
		return "refused: " + o.Refused
	}
	n := NewNormaliser(o.Site)
	var b strings.Builder
	for i, s := range c.Steps {
		r := o.Steps[i]
		fmt.Fprintf(&b, "%s\n", s.Name)
		if r.Err != nil {
			fmt.Fprintf(&b, "    error: %v\n", r.Err)
		}
		for _, resp := range r.Responses {
			fmt.Fprintf(&b, "    %s %d %s, %s %s %s\n", resp.Proto, resp.Status, resp.Reason, resp.Framing, resp.Broken, r.End)
			for _, h := range n.Header(resp) {
				fmt.Fprintf(&b, "    %s\n", h)
			}
			for _, line := range strings.SplitN(n.Text(string(resp.Content())), "\n", 60) {
				fmt.Fprintf(&b, "        %s\n", clip(line))
			}
		}
	}
	fmt.Fprintf(&b, "error log:\n    %s\naccess log:\n    %s\n", strings.Join(n.ErrorLines(o.ErrorLog), "\n    "),
		strings.Join(n.AccessLines(o.AccessLog), "\n    "))
	for _, name := range c.Logs {
		fmt.Fprintf(&b, "%s:\n    %s\n", name, strings.Join(n.AccessLines(o.Logs[name]), "\n    "))
	}
	return b.String()
}
