# httpd-wsgi. "make" alone prints what there is to make.

SHELL     := /bin/bash
GO        ?= go
PORT      ?= 8080
DESTDIR   ?=
PREFIX    ?= /usr/local
SYSCONF   ?= /etc
FUZZTIME  ?= 20s
SOAKTIME  ?= 10m
# Which packaged applications "make test" serves by their shipped configuration, if the folder of real configurations is there.
ACCEPTANCE ?= radicale mercurial django graphite

# Apache and its tools are there on Debian, but not on everybody's PATH.
export PATH := $(PATH):/usr/sbin:/sbin
# Go asks git when the last commit was made; git won't say of a directory that is somebody else's, and Go then builds nothing.
ifeq ($(shell git rev-parse HEAD 2>/dev/null),)
export GOFLAGS += -buildvcs=false
endif

BINARY := build/httpd-wsgi
# The Python package is for the distribution's own Python; python/build.sh makes it.
PYTHON    := /usr/bin/python3
PYTHONDIR ?= $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
PYTHON_SOURCES := python/build.sh go.mod $(wildcard python/apacheconf/* python/bind/*.go python/gopy/go.* apacheconf/*.go internal/apr/*.go)
# Every package but the tests of the built binary.
UNITS   = $$($(GO) list ./... | grep -v '/integration$$')

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## install what building and running need (Debian; nothing if all is there)
	@.ci/deps build

.PHONY: deps-test
deps-test: ## install what the tests need as well: Apache with mod_wsgi (never started), Django, Flask
	@.ci/deps test

.PHONY: build
build: deps ## build build/httpd-wsgi
	@mkdir -p build
	$(GO) build -o $(BINARY) ./cmd/httpd-wsgi

# The server runs requests as another user when root starts it, and that user may not be allowed into this directory: then what is
# served is a copy.
.PHONY: run
run: build ## build, and serve conf/httpd.conf.sample with its demo application on 127.0.0.1:8080 (PORT=...) until Ctrl-C
	@set -eu; root="$$PWD/build/run"; user=www-data; \
	getent passwd $$user >/dev/null || user=$$(id -un); \
	if [ "$$(id -u)" = 0 ] && ! setpriv --reuid=$$user --regid=$$user --clear-groups test -r "$$PWD/conf/demo/demo.wsgi"; then \
		root=/var/tmp/httpd-wsgi.run; fi; \
	rm -rf "$$root"; mkdir -p "$$root/logs" "$$root/run"; \
	cp conf/httpd.conf.sample "$$root/httpd.conf"; cp conf/mime.types "$$root/"; \
	if [ "$$root" = "$$PWD/build/run" ]; then ln -s "$$PWD/conf/demo" "$$root/demo"; else cp -r conf/demo "$$root/"; fi; \
	chmod -R go+rX "$$root"; \
	echo "== http://127.0.0.1:$(PORT)/ serves $$root/httpd.conf; logs in $$root/logs; end it with Ctrl-C"; \
	exec $(BINARY) -d "$$root" -f "$$root/httpd.conf" -C "Define SRVROOT $$root" -C "Define PORT $(PORT)" -C "Define WEBUSER $$user" -DFOREGROUND

.PHONY: vet
vet: ## go vet and gofmt
	@echo "== vet"
	$(GO) vet ./...
	@echo "== gofmt"
	@set -e; unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi

.PHONY: test
test: export HTTPD_WSGI_REQUIRE = 1
test: deps-test vet race integration python-test ## everything: vet, gofmt, unit tests under the race detector, the binary beside Apache; what is missing fails

.PHONY: unit
unit: ## unit tests, without the race detector
	$(GO) test $(UNITS)

.PHONY: race
race: ## unit tests under the race detector
	@echo "== unit tests under the race detector"
	$(GO) test -race -timeout 10m $$($(GO) list ./... | grep -v -e '/integration$$' -e '/mpm$$' -e '/wsgi')
	@echo "== processes and Python, with the machine to themselves: they start processes and threads by the dozen"
	$(GO) test -race -timeout 10m -p 1 ./mpm ./wsgi/...

.PHONY: integration
integration: build ## the built binary with real Python and clients, side by side with Apache; what is missing fails
	@echo "== integration"
	HTTPD_WSGI_REQUIRE=1 HTTPD_WSGI_ACCEPTANCE="$(ACCEPTANCE)" $(GO) test -count=1 -timeout 20m ./integration

.PHONY: python
python: deps-python build/python/built ## build the Python package apacheconf (PYTHONPATH=build/python; docs/python.md)

.PHONY: deps-python
deps-python:
	@.ci/deps python

build/python/built: $(PYTHON_SOURCES)
	PYTHON=$(PYTHON) python/build.sh build/python
	@touch $@

.PHONY: python-test
python-test: python build ## its tests, with the built binary for what asks it
	@echo "== the Python package"
	HTTPD_WSGI_BINARY="$$PWD/$(BINARY)" PYTHONPATH=build/python $(PYTHON) -B -m unittest discover -s python/tests

.PHONY: install-python
install-python: ## install the Python package below DESTDIR, in PYTHONDIR (this Python's place for local packages)
	install -d $(DESTDIR)$(PYTHONDIR)/apacheconf
	install -m 644 build/python/apacheconf/* $(DESTDIR)$(PYTHONDIR)/apacheconf/

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each
	@set -eu; grep -rn --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file _ decl; do \
		name=$${decl#func }; echo "== $$name in $$(dirname $$file)"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname $$file)"; done

.PHONY: docs
docs: ## write docs/directives.md from the tables of directives
	$(GO) test -count=1 -run '^TestDocument$$' ./internal/refdoc -args -write

.PHONY: bench
bench: deps-test build ## side by side with Apache + mod_wsgi: ratios of throughput, CPU, latency, memory (ARGS="-h" for options)
	$(GO) run ./bench $(ARGS)

.PHONY: bench-config
bench-config: deps-test build ## a configuration of 10,000 virtual hosts beside Apache: check, list, start, restart, memory (ARGS="-h")
	$(GO) run ./bench/config $(ARGS)

.PHONY: soak
soak: build ## load with graceful restarts, touched scripts and killed children for SOAKTIME
	HTTPD_WSGI_REQUIRE=1 HTTPD_WSGI_SOAK=$(SOAKTIME) $(GO) test -count=1 -timeout 0 -v -run '^TestSoak$$' ./integration

.PHONY: install
install: ## install below DESTDIR: binary, sample configuration and envvars (if there are none), init script, systemd unit, logrotate
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/sbin/httpd-wsgi
	install -D -m 755 conf/apachectl $(DESTDIR)$(PREFIX)/sbin/httpd-wsgi-ctl
	install -d $(DESTDIR)$(SYSCONF)/httpd-wsgi/conf.d $(DESTDIR)$(SYSCONF)/httpd-wsgi/demo/htdocs $(DESTDIR)/var/log/httpd-wsgi
	[ -e $(DESTDIR)$(SYSCONF)/httpd-wsgi/httpd.conf ] || install -m 644 conf/httpd.conf.sample $(DESTDIR)$(SYSCONF)/httpd-wsgi/httpd.conf
	[ -e $(DESTDIR)$(SYSCONF)/httpd-wsgi/envvars ] || install -m 644 conf/envvars $(DESTDIR)$(SYSCONF)/httpd-wsgi/envvars
	install -m 644 conf/mime.types $(DESTDIR)$(SYSCONF)/httpd-wsgi/mime.types
	install -m 644 conf/demo/demo.wsgi $(DESTDIR)$(SYSCONF)/httpd-wsgi/demo/demo.wsgi
	install -m 644 conf/demo/htdocs/demo.css $(DESTDIR)$(SYSCONF)/httpd-wsgi/demo/htdocs/demo.css
	ln -sfn /var/log/httpd-wsgi $(DESTDIR)$(SYSCONF)/httpd-wsgi/logs
	ln -sfn /run/httpd-wsgi $(DESTDIR)$(SYSCONF)/httpd-wsgi/run
	install -D -m 644 conf/logrotate.d/httpd-wsgi $(DESTDIR)$(SYSCONF)/logrotate.d/httpd-wsgi
	install -d $(DESTDIR)$(SYSCONF)/init.d $(DESTDIR)/lib/systemd/system
	sed 's|/usr/sbin/httpd-wsgi|$(PREFIX)/sbin/httpd-wsgi|g' conf/init.d/httpd-wsgi > $(DESTDIR)$(SYSCONF)/init.d/httpd-wsgi
	chmod 755 $(DESTDIR)$(SYSCONF)/init.d/httpd-wsgi
	sed 's|/usr/sbin/httpd-wsgi|$(PREFIX)/sbin/httpd-wsgi|g' conf/systemd/httpd-wsgi.service > $(DESTDIR)/lib/systemd/system/httpd-wsgi.service
	sed -i 's|/usr/sbin/httpd-wsgi|$(PREFIX)/sbin/httpd-wsgi|g' $(DESTDIR)$(PREFIX)/sbin/httpd-wsgi-ctl

.PHONY: clean
clean: ## remove what was built
	rm -rf build
