package httpdtest

import "fmt"

// SiteModules are what [ManySites] needs loaded.
func SiteModules() []string {
	return []string{"mpm_event", "authn_core", "authz_core", "authz_host", "alias", "dir", "env", "mime", "setenvif", "headers", "rewrite", "wsgi"}
}

// ManySites writes n virtual hosts of some twenty lines into as many files of sites-enabled, as a hosting machine has them, and the
// conf/httpd.conf that includes them. With ownLogs each has logs of its own; that takes two descriptors for each. The first daemons
// of them have a daemon process group. The host of the i-th is site%05d.example.com.
func ManySites(s *Site, n, daemons int, ownLogs bool) error {
	conf := Prelude(SiteModules()...) + "<Directory \"@W@/app\">\n    Require all granted\n</Directory>\nInclude sites-enabled/*.conf\n"
	for name, data := range map[string]string{"conf/httpd.conf": conf, "conf/mime.types": MimeTypes, "htdocs/index.html": "hello\n",
		"app/app.wsgi": "def application(environ, start_response):\n    start_response('200 OK', [('Content-Type', 'text/plain')])\n    return [b'hello']\n"} {
		if err := s.Write(name, data); err != nil {
			return err
		}
	}
	for i := range n {
		host := fmt.Sprintf("site%05d", i)
		logs, daemon := "sites", ""
		if ownLogs {
			logs = host
		}
		if i < daemons {
			daemon = fmt.Sprintf("    WSGIDaemonProcess %[1]s processes=1 threads=5 display-name=%%{GROUP}\n    WSGIProcessGroup %[1]s\n", host)
		}
		if err := s.Write("sites-enabled/"+host+".conf", fmt.Sprintf(`<VirtualHost *:80 *:@PORT@>
    ServerName %[1]s.example.com
    ServerAlias www.%[1]s.example.com *.%[1]s.example.net
    ServerAdmin webmaster@%[1]s.example.com
    DocumentRoot @W@/htdocs
    ErrorLog @W@/logs/%[2]s-error.log
    CustomLog @W@/logs/%[2]s-access.log common
%[3]s    WSGIScriptAlias /app @W@/app/app.wsgi
    Alias /static @W@/htdocs
    <Directory @W@/htdocs>
        Options -Indexes +FollowSymLinks
        AllowOverride None
        Require all granted
    </Directory>
    Header always set X-Site "%[1]s"
    RewriteEngine On
    RewriteCond %%{HTTP_HOST} ^www\.%[1]s\.example\.com$ [NC]
    RewriteRule ^/old/(.*)$ /new/$1 [R=301,L]
    RewriteRule ^/blog/([0-9]+)/(.*)$ /static/$2?id=$1 [PT]
</VirtualHost>
`, host, logs, daemon)); err != nil {
			return err
		}
	}
	return nil
}
