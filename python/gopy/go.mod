module httpd-wsgi/python/gopy

go 1.26.8

require httpd-wsgi v0.0.0

require (
	github.com/alecthomas/participle/v2 v2.1.4 // indirect
	github.com/go-python/gopy v0.4.10 // indirect
	github.com/gonuts/commander v0.1.0 // indirect
	github.com/gonuts/flag v0.1.0 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/telemetry v0.0.0-20261009151841-97e8ea77aa2a // indirect
	golang.org/x/tools v0.52.0 // indirect
)

replace httpd-wsgi => ../../

tool (
	github.com/go-python/gopy
	golang.org/x/tools/cmd/goimports
)
