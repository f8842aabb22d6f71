package org.sipproxy.server.web;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.server.operations.ServerComponents;
import org.sipproxy.testkit.Phone;

/** A proxy on a free port of the loopback interface, and its page on another. The password of all users is test1234. */
final class ServedPage implements AutoCloseable {

    static final String TOKEN = "0123456789abcdef0123456789abcdef";

    final ServerComponents components = new ServerComponents();
    final SipProxy proxy;
    final WebServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    ServedPage(boolean needsToken, Softphone softphone, Consumer<SipProxyBuilder> more) {
        InMemoryCredentials users = InMemoryCredentials.of();
        for (String user : List.of("1001", "1002")) {
            users.put(Credential.ofPassword(user, "sip.test", "test1234"));
        }
        WebMetrics metrics = new WebMetrics();
        components.countResponses();
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .component(components)
                .calls(CallSettings.DEFAULT)
                .drainTime(Duration.ZERO);
        metrics.addTo(builder);
        more.accept(builder);
        proxy = builder.build();
        WebContents contents = new WebContents(components, "1.2.3", metrics, softphone);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        server = needsToken
                ? WebServer.withToken(address, TOKEN, contents)
                : WebServer.onLoopback(address, List.of(), contents);
        proxy.start();
        server.start(proxy);
    }

    static ServedPage open() {
        return new ServedPage(false, Softphone.KNOWN, builder -> {});
    }

    int sipPort() {
        return proxy.boundEndpoints().get(0).port();
    }

    Phone phone(String user) {
        return Phone.builder(user)
                .domain("sip.test")
                .password("test1234")
                .proxy(new InetSocketAddress(InetAddress.getLoopbackAddress(), sipPort()))
                .open();
    }

    /** Sends a GET request; {@code headers} are names and values in turn. */
    HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(server.url()).resolve(path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() {
        server.stop();
        proxy.close();
    }
}
