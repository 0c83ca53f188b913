"""What certbot's Apache plugin understands of a server, as JSON on standard output.

    certbot_plugin.py CTL PORT WORK

Its own code runs the server's CTL with the commands that it always does, parses what comes back, reads the configuration below
/etc/apache2, tests it, restarts the server, and answers an http-01 challenge on PORT through it. WORK is a directory for its files.
"""
import json
import logging
import os
import sys
import time
import urllib.error
import urllib.request

import josepy
from acme import challenges, messages
from certbot import achallenges, configuration
from certbot._internal import cli
from certbot._internal.plugins import disco
from certbot_apache._internal import apache_util, entrypoint
from cryptography.hazmat.primitives.asymmetric import rsa

DOMAIN = "two.example.com"


def fetch(port, path):
    request = urllib.request.Request("http://127.0.0.1:%s%s" % (port, path), headers={"Host": DOMAIN})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, ""]


def settled(port, path, wanted):
    """The answer as soon as it has the wanted status: a restart takes effect a little after the command has returned."""
    end = time.monotonic() + 20
    while True:
        try:
            answer = fetch(port, path)
        except OSError as error:
            answer = [str(error), ""]
        if answer[0] == wanted or time.monotonic() > end:
            return answer
        time.sleep(0.05)


def main(ctl, port, work):
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    arguments = ["--apache-ctl", ctl, "--http-01-port", port]
    for name in "config", "work", "logs":
        os.makedirs(os.path.join(work, name), exist_ok=True)
        arguments += ["--%s-dir" % name, os.path.join(work, name)]
    parsed = cli.prepare_and_parse_args(disco.PluginsRegistry.find_all(), arguments)
    config = parsed if isinstance(parsed, configuration.NamespaceConfig) else configuration.NamespaceConfig(parsed)
    plugin = entrypoint.ENTRYPOINT(config, "apache")
    seen = {"plugin": type(plugin).__name__}
    plugin.prepare()

    options = plugin.options
    seen["version"] = plugin.get_version()
    seen["defines"] = apache_util.parse_defines(options.get_defines_cmd)
    seen["includes"] = apache_util.parse_includes(options.get_includes_cmd)
    seen["modules"] = apache_util.parse_modules(options.get_modules_cmd)
    seen["parser variables"] = plugin.parser.variables
    seen["parser modules"] = sorted(plugin.parser.modules)
    seen["parser files"] = {k: sorted(v) for k, v in plugin.parser.parser_paths.items()}
    seen["names"] = sorted(plugin.get_all_names())
    seen["virtual hosts"] = sorted(
        [v.filep, sorted(v.get_names()), sorted(str(a) for a in v.addrs), v.ssl, v.enabled] for v in plugin.vhosts)
    plugin.config_test()
    plugin.restart()
    seen["serving"] = settled(port, "/", 200)

    key = josepy.JWKRSA(key=rsa.generate_private_key(65537, 2048))
    challenge = achallenges.KeyAuthorizationAnnotatedChallenge(
        challb=messages.ChallengeBody(chall=challenges.HTTP01(token=b"a-token-of-some-length"), uri="https://ca.example.com/1",
                                      status=messages.STATUS_PENDING),
        domain=DOMAIN, account_key=key)
    path = challenge.chall.path
    seen["before the challenge"] = fetch(port, path)[0]
    plugin.perform([challenge])
    status, body = settled(port, path, 200)
    seen["challenge"] = [status, body == challenge.validation(key)]
    plugin.cleanup([challenge])
    seen["after the challenge"] = settled(port, path, 404)[0]

    with open("/etc/apache2/sites-enabled/two.conf", "a") as site:
        site.write("Bogus on\n")
    try:
        plugin.config_test()
        seen["faulty configuration"] = "accepted"
    except Exception as error:  # what it says holds the output of configtest
        seen["faulty configuration"] = str(error)
    json.dump(seen, sys.stdout, indent=1, sort_keys=True)
    print()


main(*sys.argv[1:])
