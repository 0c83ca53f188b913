package integration

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
	"httpd-wsgi/internal/testenv"
)

// python runs the distribution's Python in dir.
func python(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", args...)
	cmd.Dir = dir
	cmd.Env = append(httpdtest.Environ(), "DJANGO_SUPERUSER_PASSWORD=correct horse", "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("python3 %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// need skips or fails unless Python can import the module.
func need(t *testing.T, module, pkg string) {
	t.Helper()
	if out, err := exec.Command("/usr/bin/python3", "-c", "import "+module).CombinedOutput(); err != nil {
		testenv.Missing(t, "Python module %s: apt-get install %s: %s", module, pkg, out)
	}
}

const djangoURLs = `
import hashlib
from django.contrib import admin
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

@csrf_exempt
def upload(request):
    f = request.FILES['file']
    h = hashlib.sha256()
    for chunk in f.chunks():
        h.update(chunk)
    return JsonResponse({'size': f.size, 'sha256': h.hexdigest()})

def download(request):
    return FileResponse(open(request.GET['name'], 'rb'), content_type='application/octet-stream')

def stream(request):
    return StreamingHttpResponse('line %d\n' % i for i in range(5000))

def counter(request):
    request.session['n'] = request.session.get('n', 0) + 1
    return HttpResponse(str(request.session['n']))

def boom(request):
    raise RuntimeError('boom')

urlpatterns = [path('admin/', admin.site.urls), path('upload/', upload), path('download/', download), path('stream/', stream),
               path('counter/', counter), path('boom/', boom)]
`

// TestDjango serves a Django project as its deployment documentation says: the application by WSGIScriptAlias, static files by Alias;
// the admin with its login, sessions, an upload and a download of ten megabytes.
func TestDjango(t *testing.T) {
	need(t, "django", "python3-django")
	const conf = `
WSGIScriptAlias / "@W@/project/mysite/wsgi.py"
WSGIPythonPath "@W@/project"
Alias /static/ "@W@/project/static/"
<Directory "@W@/project/static">
    Require all granted
</Directory>
<Directory "@W@/project/mysite">
    <Files wsgi.py>
        Require all granted
    </Files>
</Directory>
`
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "server"))
	if err != nil {
		t.Fatal(err)
	}
	project := filepath.Join(site.Dir, "project")
	put(t, site, "project/.keep", "")
	python(t, project, "-m", "django", "startproject", "mysite", ".")
	big := httpdtest.Fill(10 << 20)
	put(t, site, "conf/mime.types", httpdtest.MimeTypes, "project/mysite/urls.py", djangoURLs, "big.bin", string(big),
		"project/append.py", "open('mysite/settings.py', 'a').write('''\nALLOWED_HOSTS = ['*']\nDEBUG = False\nSTATIC_ROOT = BASE_DIR / 'static'\n''')\n")
	python(t, project, "append.py")
	python(t, project, "manage.py", "migrate", "-v0")
	python(t, project, "manage.py", "collectstatic", "-v0", "--noinput")
	python(t, project, "manage.py", "createsuperuser", "--noinput", "--username", "adm", "--email", "adm@example.com")
	if err := httpdtest.ChownWeb(project); err != nil {
		t.Fatal(err)
	}
	put(t, site, "conf/httpd.conf", httpdtest.Prelude(append(httpdtest.BaseModules(), "wsgi")...)+conf)
	r := start(t, site, httpdtest.Options{Dir: site.Dir, Conf: filepath.Join(site.Dir, "conf/httpd.conf"), Ports: site.Ports[:1]})

	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	get := func(path string, status int, want string) string {
		t.Helper()
		request, _ := http.NewRequest("GET", r.url(path), nil)
		resp, body := do(t, client, request)
		if resp.StatusCode != status || !strings.Contains(body, want) {
			t.Fatalf("GET %s: %d %.300q, want %d with %q", path, resp.StatusCode, body, status, want)
		}
		return body
	}
	get("/static/admin/css/base.css", 200, "font")
	page := get("/admin/login/?next=/admin/", 200, "Django administration")
	token := regexp.MustCompile(`name="csrfmiddlewaretoken" value="(\w+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("no token in the login page: %.500s", page)
	}
	login := func(password string) (*http.Response, string) {
		form := url.Values{"csrfmiddlewaretoken": {token[1]}, "username": {"adm"}, "password": {password}, "next": {"/admin/"}}
		request, _ := http.NewRequest("POST", r.url("/admin/login/?next=/admin/"), strings.NewReader(form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Referer", r.url("/admin/login/"))
		return do(t, client, request)
	}
	if _, body := login("wrong"); !strings.Contains(body, "Please enter the correct username and password") {
		t.Errorf("login with a wrong password: %.500s", body)
	}
	if resp, body := login("correct horse"); resp.Request.URL.Path != "/admin/" || !strings.Contains(body, "Site administration") {
		t.Fatalf("login: %s %.500s", resp.Request.URL, body)
	}
	get("/admin/auth/user/", 200, "adm@example.com")
	for i := 1; i <= 3; i++ {
		get("/counter/", 200, fmt.Sprint(i))
	}

	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, _ := w.CreateFormFile("file", "big.bin")
	part.Write(big)
	w.Close()
	request, _ := http.NewRequest("POST", r.url("/upload/"), &form)
	request.Header.Set("Content-Type", w.FormDataContentType())
	want := fmt.Sprintf(`{"size": %d, "sha256": "%x"}`, len(big), sha256.Sum256(big))
	if resp, body := do(t, client, request); resp.StatusCode != 200 || body != want {
		t.Errorf("upload: %d %.300s, want %s", resp.StatusCode, body, want)
	}
	if got := get("/download/?name="+url.QueryEscape(filepath.Join(site.Dir, "big.bin")), 200, ""); got != string(big) {
		t.Errorf("download: %d bytes with sum %x, want %d with %x", len(got), sha256.Sum256([]byte(got)), len(big), sha256.Sum256(big))
	}
	if body := get("/stream/", 200, "line 4999\n"); strings.Count(body, "\n") != 5000 {
		t.Errorf("stream: %d lines", strings.Count(body, "\n"))
	}
	get("/boom/", 500, "Server Error")
	get("/none/", 404, "Not Found")
	get("/counter/", 200, "4")
}

const flaskApp = `
from flask import Flask, Response, jsonify, redirect, request, send_file, session, url_for
app = Flask(__name__)
app.secret_key = 'test'

@app.route('/')
def index():
    return 'index of %s\n' % request.script_root

@app.route('/hello/<name>')
def hello(name):
    return 'hello %s\n' % name

@app.route('/to/hello')
def to_hello():
    return redirect(url_for('hello', name='you'))

@app.route('/json', methods=['POST'])
def json():
    return jsonify(got=request.get_json(), headers=dict(request.headers))

@app.route('/count')
def count():
    session['n'] = session.get('n', 0) + 1
    return str(session['n'])

@app.route('/file')
def file():
    return send_file(__file__, conditional=True)

@app.route('/stream')
def stream():
    return Response(('%d\n' % i for i in range(100)), mimetype='text/plain')

@app.route('/boom')
def boom():
    raise RuntimeError('boom in flask')

application = app
`

// TestFlask serves a Flask application under a prefix.
func TestFlask(t *testing.T) {
	need(t, "flask", "python3-flask")
	r := serve(t, "wsgi", `
WSGIScriptAlias /flask "@W@/app/flask.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
WSGIApplicationGroup %{GLOBAL}
`, "app/flask.wsgi", flaskApp)
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	send := func(method, path, body string, status int, want string, header ...string) *http.Response {
		t.Helper()
		request, _ := http.NewRequest(method, r.url(path), strings.NewReader(body))
		for i := 0; i+1 < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		resp, got := do(t, client, request)
		if resp.StatusCode != status || !strings.Contains(got, want) {
			t.Errorf("%s %s: %d %.300q, want %d with %q", method, path, resp.StatusCode, got, status, want)
		}
		return resp
	}
	send("GET", "/flask/", "", 200, "index of /flask")
	send("GET", "/flask/hello/w%C3%B6rld", "", 200, "hello wörld")
	if resp := send("GET", "/flask/to/hello", "", 200, "hello you"); resp.Request.URL.Path != "/flask/hello/you" {
		t.Errorf("redirected to %s", resp.Request.URL)
	}
	send("POST", "/flask/json", `{"a": [1, 2]}`, 200, `"a":[1,2]`, "Content-Type", "application/json")
	send("POST", "/flask/json", `{`, 400, "", "Content-Type", "application/json")
	send("GET", "/flask/count", "", 200, "1")
	send("GET", "/flask/count", "", 200, "2")
	send("DELETE", "/flask/", "", 405, "Method Not Allowed")
	send("GET", "/flask/none", "", 404, "Not Found")
	send("GET", "/flask/stream", "", 200, "99\n")
	send("GET", "/flask/boom", "", 500, "Internal Server Error")
	resp := send("GET", "/flask/file", "", 200, "send_file")
	send("GET", "/flask/file", "", 304, "", "If-None-Match", resp.Header.Get("ETag"))
	send("GET", "/flask/file", "", 206, "\n", "Range", "bytes=0-9")
	if !strings.Contains(r.Log("error_log"), "RuntimeError: boom in flask") {
		t.Error("no traceback in the error log")
	}
}

// TestConcurrentRequests sends many requests at once and wants each its own answer.
func TestConcurrentRequests(t *testing.T) {
	r := serve(t, "wsgi", `
WSGIScriptAlias /echo "@W@/app/echo.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
`, "app/echo.wsgi", `
import time
def application(environ, start_response):
    body = environ['wsgi.input'].read()
    time.sleep(0.001)
    start_response('200 OK', [('Content-Type', 'text/plain'), ('X-Query', environ['QUERY_STRING'])])
    yield environ['QUERY_STRING'].encode()
    yield body
`)
	errors := make(chan error, 50)
	for i := range 50 {
		go func() {
			// A server short of threads closes idle connections, and a POST that meets that is not repeated by the client.
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for j := range 10 {
				query, body := fmt.Sprintf("%d-%d", i, j), strings.Repeat(fmt.Sprint(i), 1+j*3000)
				resp, err := client.Post(r.url("/echo?"+query), "text/plain", strings.NewReader(body))
				if err != nil {
					errors <- err
					return
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(got) != query+body || resp.Header.Get("X-Query") != query {
					errors <- fmt.Errorf("%s: %v, %d bytes, X-Query %s", query, err, len(got), resp.Header.Get("X-Query"))
					return
				}
			}
			errors <- nil
		}()
	}
	for range 50 {
		if err := <-errors; err != nil {
			t.Error(err)
		}
	}
}
