package modauthzcore

import (
	"errors"
	"fmt"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// aliases are the providers that <AuthzProviderAlias> names, while the
// configuration is compiled.
type aliases struct {
	byName map[string]server.AuthzProvider
}

func planAliases(p *directives.Plan) *aliases {
	return directives.State(p, "authz aliases", func() *aliases { return &aliases{map[string]server.AuthzProvider{}} })
}

// providerAlias reads <AuthzProviderAlias base alias "arguments"> ...: a name
// for a Require line. Directives inside it, which would configure the base
// provider for the alias alone, are refused.
func providerAlias(cmd *directives.Cmd, _ *Dir, args string) error {
	base, rest := apacheconf.GetWordConf(args)
	alias, rest := apacheconf.GetWordConf(rest)
	require, rest := apacheconf.GetWordConf(rest)
	if base == "" || alias == "" {
		return errors.New("<AuthzProviderAlias> directive requires additional arguments")
	}
	if rest != "" {
		cmd.Warnf("AH10142: When several arguments (%s %s...) are passed to a <AuthzProviderAlias directive, they must be enclosed in quotation marks.  Otherwise, only the first one is taken into account", require, rest)
	}
	if _, ok := lookup(cmd, alias); ok {
		cmd.Warnf("The alias provider %s has already be registered previously as either a base provider or an alias provider.", alias)
		return nil
	}
	p, ok := lookup(cmd, base)
	if !ok {
		return fmt.Errorf("Unknown Authz provider: %s", base)
	}
	if cmd.HasLines() {
		return errors.New("directives inside <AuthzProviderAlias> are not supported by httpd-wsgi: put them in the sections that use the alias")
	}
	check, err := p.ParseRequire(cmd, require)
	if err != nil {
		return fmt.Errorf("Can't parse 'Require %s %s': %w", base, require, err)
	}
	planAliases(cmd.Plan()).byName[alias] = server.AuthzParser(func(*directives.Cmd, string) (server.AuthzCheck, error) {
		return check, nil
	})
	return nil
}

// lookup finds a provider or an alias.
func lookup(cmd *directives.Cmd, name string) (server.AuthzProvider, bool) {
	if p, ok := cmd.Provider(server.AuthzGroup, name); ok {
		return p.(server.AuthzProvider), true
	}
	p, ok := planAliases(cmd.Plan()).byName[name]
	return p, ok
}
