package org.sipproxy.server.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.sipproxy.api.support.LogPace;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves every request: checks its method and access, finds the route, and sets the security headers. */
final class WebHandler implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.web");

    /** Documents load only what this server serves, run no script of their text, and are not shown in other pages. */
    private static final Map<String, String> HEADERS = Map.of(
            "Cache-Control", "no-store",
            "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
                            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Referrer-Policy", "no-referrer",
            "X-Content-Type-Options", "nosniff",
            "X-Frame-Options", "DENY");

    private static final WebResponse FAILED = WebResponse.of(500, "text/plain", "Internal error; see the log.\n");

    private final WebRoutes routes;
    private final WebAccess access;
    private final LogPace failures = new LogPace(Duration.ofSeconds(10));

    WebHandler(WebRoutes routes, WebAccess access) {
        this.routes = routes;
        this.access = access;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Headers headers = exchange.getResponseHeaders();
            HEADERS.forEach(headers::set);
            WebResponse response = respond(exchange, headers);
            headers.set("Content-Type", response.contentType());
            boolean isHead = exchange.getRequestMethod().equals("HEAD");
            byte[] body = response.body();
            exchange.sendResponseHeaders(response.status(), isHead || body.length == 0 ? -1 : body.length);
            if (!isHead) {
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(body);
                }
            }
        }
    }

    private WebResponse respond(HttpExchange exchange, Headers headers) {
        Headers sent = exchange.getRequestHeaders();
        URI uri = exchange.getRequestURI();
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        String host = sent.getFirst("Host");
        boolean isFile = routes.isPublic(path);
        if (isFile ? !access.allowsFile(host) : !access.allows(sent.getFirst("Authorization"), host)) {
            return refuse(headers);
        }
        if (path.startsWith(ApiRoutes.ROOT) && !WebAccess.isOfThisSite(sent.getFirst("Sec-Fetch-Site"))) {
            return WebResponse.of(403, "text/plain", "Not for pages of other sites.\n");
        }
        String method = exchange.getRequestMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            headers.set("Allow", "GET, HEAD");
            return WebResponse.of(405, "text/plain", "Only GET and HEAD.\n");
        }
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        return routes.at(path)
                .map(route -> get(route, new WebRequest(path, query)))
                .orElseGet(() -> WebResponse.of(404, "text/plain", "Not found.\n"));
    }

    private WebResponse refuse(Headers headers) {
        if (access.needsToken()) {
            headers.set("WWW-Authenticate", "Bearer");
            return WebResponse.of(401, "text/plain", "Send the token: Authorization: Bearer TOKEN\n");
        }
        return WebResponse.of(
                421, "text/plain", "Use a numeric address or localhost; another name needs --web-name or a token.\n");
    }

    private WebResponse get(WebRoute route, WebRequest request) {
        try {
            return route.get(request);
        } catch (RuntimeException e) {
            if (failures.isDue()) {
                LOG.error("{} cannot be served", request.path(), e); // the path is that of a route
            }
            return FAILED;
        }
    }
}
