"""A person at a browser, as far as our pages need one: cookies, forms, and pages that lead on by themselves."""
import html.parser
import http.cookiejar
import urllib.parse
import urllib.request


class Page(html.parser.HTMLParser):
    """The forms of a page, and where it leads by itself."""

    def __init__(self, address, text):
        super().__init__()
        self.address, self.text, self.forms, self.leads_to = address, text, [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag == "meta" and a.get("http-equiv") == "refresh":
            self.leads_to = a["content"].split("url=", 1)[1]
        elif tag == "form":
            self.forms.append({"action": a["action"], "fields": [], "boxes": []})
        elif tag == "input" and self.forms:
            kind = "boxes" if a.get("type") == "checkbox" else "fields"
            if kind == "fields" or "checked" in a:
                self.forms[-1][kind].append((a["name"], a.get("value") or ""))

    def form(self, action):
        found = [form for form in self.forms if form["action"] == action]
        assert found, f"no form {action} on {self.address}: {self.text}"
        return found[0]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self, email, password):
        self.email, self.password, self.logins = email, password, 0
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies, NoRedirect)

    def load(self, address, fields=None):
        """Loads a page, by a form where there are fields; follows redirects as browsers do."""
        for _ in range(5):
            body = urllib.parse.urlencode(fields).encode() if fields is not None else None
            request = urllib.request.Request(address, body, {"Sec-Fetch-Site": "same-origin"} if body is not None else {})
            try:
                with self.opener.open(request) as answer:
                    return Page(address, answer.read().decode())
            except urllib.error.HTTPError as e:
                if e.code != 303:
                    raise AssertionError(f"{e.code} of {address}: {e.read().decode()}") from e
                address, fields = urllib.parse.urljoin(address, e.headers["location"]), None
        raise AssertionError(f"{address} leads in a circle")

    def press(self, page, action, **more):
        """Sends a form of a page, as it was filled in beforehand but for what is said."""
        form = page.form(action)
        fields = [(n, more.pop(n, v)) for n, v in form["fields"]]
        fields += more.pop("boxes", form["boxes"]) + list(more.items())
        return self.load(urllib.parse.urljoin(page.address, action), fields)

    def log_in(self, address):
        """The page at an address, after the login where one is asked for."""
        page = self.load(address)
        if any(form["action"] == "/oauth/login" for form in page.forms):
            self.logins += 1
            page = self.press(page, "/oauth/login", email=self.email, password=self.password)
        return page

    def let_in(self, address, also=()):
        """Lets a program in that sent its person here; gives where the browser is sent with the answer."""
        page = self.log_in(address)
        boxes = page.form("/oauth/authorize")["boxes"] + [("allow", scope) for scope in also]
        page = self.press(page, "/oauth/authorize", decision="allow", boxes=boxes)
        assert page.leads_to, page.text
        return page.leads_to
