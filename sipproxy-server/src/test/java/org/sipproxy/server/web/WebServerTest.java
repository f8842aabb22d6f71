package org.sipproxy.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.part.ServerPartException;

@Timeout(60)
class WebServerTest {

    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    private final HttpClient client = HttpClient.newHttpClient();
    private final SipProxy proxy = SipProxy.builder()
            .listen(Endpoint.udp("127.0.0.1", 0))
            .domain("sip.test")
            .noAuthentication()
            .drainTime(Duration.ZERO)
            .build();
    private WebServer server = WebServer.onLoopback(loopback(0), List.of("Sip.example"), WebServerTest::contents);

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static void contents(WebRoutes routes, SipProxy proxy) {
        HealthRoutes.addTo(routes, proxy);
        routes.add("/broken", request -> {
            throw new IllegalStateException("of the test");
        });
    }

    private void start() {
        proxy.start();
        server.start(proxy);
    }

    @AfterEach
    void stop() {
        server.stop();
        proxy.close();
    }

    private HttpRequest.Builder at(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.bound().getPort() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonObject json(String path, int status) throws IOException, InterruptedException {
        HttpResponse<String> response = send(at(path));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json; charset=utf-8");
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    /** Sends text as it is, and returns what the server sends until it closes the connection. */
    private String raw(String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.bound().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void healthSaysWhatIsWrong() throws Exception {
        start();
        assertThat(json("/health/live", 200).get("status").getAsString()).isEqualTo("live");
        assertThat(json("/health/ready", 200).get("status").getAsString()).isEqualTo("ready");
        JsonObject all = json("/health", 200);
        assertThat(all.get("state").getAsString()).isEqualTo("running");
        assertThat(all.getAsJsonArray("endpoints").get(0).getAsString()).startsWith("udp:127.0.0.1:");
        assertThat(all.getAsJsonObject("store").get("database_responds").getAsBoolean())
                .isTrue();

        proxy.drain();

        JsonObject draining = json("/health/ready", 503);
        assertThat(draining.get("status").getAsString()).isEqualTo("not_ready");
        assertThat(draining.getAsJsonArray("problems")).isNotEmpty();
        json("/health", 503);
        json("/health/live", 200);

        proxy.close();

        json("/health/live", 503);
    }

    @Test
    void everyResponseHasTheSecurityHeaders() throws Exception {
        start();
        for (HttpRequest.Builder request : new HttpRequest.Builder[] {
            at("/health"), at("/nothing"), at("/health").DELETE(), at("/broken")
        }) {
            HttpResponse<String> response = send(request);
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(response.headers().firstValue("X-Frame-Options")).hasValue("DENY");
            assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
            assertThat(response.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'");
            assertThat(response.headers().firstValue("Content-Type").orElse("")).contains("charset=utf-8");
        }
    }

    @Test
    void onlyGetAndHeadAreServed() throws Exception {
        start();
        HttpResponse<String> post = send(at("/health").POST(HttpRequest.BodyPublishers.ofString("x")));
        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(post.headers().firstValue("Allow")).hasValue("GET, HEAD");
        assertThat(raw("TRACE /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 405 ");

        HttpResponse<String> head = send(at("/health").method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/health/",
                "//health",
                "/health/../health",
                "/%68ealth",
                "/health;x=1",
                "/../../../etc/passwd",
                "/health/%2e%2e/live",
                "/HEALTH"
            })
    void pathIsMatchedAsItIs(String path) throws Exception {
        start();
        assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 404 ");
    }

    @Test
    void failureOfARouteIsA500WithoutItsText() throws Exception {
        start();
        HttpResponse<String> response = send(at("/broken"));
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body()).doesNotContain("of the test");
    }

    /** Otherwise a web page could read it through a name that resolves to this machine. */
    @Test
    void withoutATokenTheHostMustBeNumericOrLocalhostOrAGivenName() throws Exception {
        start();
        String request = "GET /health/live HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n";
        assertThat(raw(request.formatted("page.example:8080"))).startsWith("HTTP/1.1 421 ");
        assertThat(raw(request.formatted("localhost.page.example"))).startsWith("HTTP/1.1 421 ");
        assertThat(raw(request.formatted("localhost:8080"))).startsWith("HTTP/1.1 200 ");
        assertThat(raw(request.formatted("[::1]:8080"))).startsWith("HTTP/1.1 200 ");
        assertThat(raw(request.formatted("sip.EXAMPLE:8080"))).startsWith("HTTP/1.1 200 "); // a name that was given
        assertThat(raw(request.formatted("sip.example.page.example"))).startsWith("HTTP/1.1 421 ");
        assertThat(raw("GET /health/live HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 421 ");
    }

    @Test
    void withATokenNothingIsServedWithoutIt() throws Exception {
        server = WebServer.withToken(loopback(0), TOKEN, WebServerTest::contents);
        start();
        HttpResponse<String> none = send(at("/health"));
        assertThat(none.statusCode()).isEqualTo(401);
        assertThat(none.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
        assertThat(send(at("/nothing")).statusCode()).isEqualTo(401);
        assertThat(send(at("/health").header("Authorization", "Bearer " + TOKEN.substring(1)))
                        .statusCode())
                .isEqualTo(401);
        assertThat(send(at("/health").header("Authorization", "Bearer ")).statusCode())
                .isEqualTo(401);
        assertThat(send(at("/health").header("Authorization", "Basic " + TOKEN)).statusCode())
                .isEqualTo(401);
        assertThat(send(at("/health").header("Authorization", "Bearer " + TOKEN))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void clientThatSendsHalfARequestIsDisconnected() throws Exception {
        start();
        assertThat(raw("GET /health HTTP/1.1\r\nHost: ")).isEmpty(); // readAllBytes returns when the server closes

        assertThat(send(at("/health/live")).statusCode()).isEqualTo(200);
    }

    @Test
    void portInUseIsReportedWithTheOption() throws Exception {
        proxy.start();
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server = WebServer.onLoopback(loopback(other.getLocalPort()), List.of(), WebServerTest::contents);

            assertThatThrownBy(() -> server.start(proxy))
                    .isInstanceOf(ServerPartException.class)
                    .hasMessageStartingWith("--web: 127.0.0.1:" + other.getLocalPort() + " cannot be used")
                    .hasMessageEndingWith("stop the other process or use another port");
        }
    }

    @Test
    void routeCannotBeReplaced() {
        WebRoutes routes = new WebRoutes().add("/a", request -> WebResponse.json(200, "{}"));
        assertThatThrownBy(() -> routes.add("/a", request -> WebResponse.json(200, "{}")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anotherAddressThanLoopbackNeedsAToken() {
        assertThatThrownBy(() ->
                        WebServer.onLoopback(new InetSocketAddress("0.0.0.0", 0), List.of(), WebServerTest::contents))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
