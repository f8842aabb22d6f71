package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.server.demo.FirstRegistration;
import org.sipproxy.server.part.ServerPartException;

@Timeout(60)
class DemoPageTest {

    private final List<String> problems = new ArrayList<>();

    private static FirstRegistration demo(DemoPage page) {
        return new FirstRegistration(
                List.of(Endpoint.udp("127.0.0.1", 0)),
                new PrintWriter(new StringWriter()),
                Optional.empty(),
                page::addTo);
    }

    /** At least the second one finds the usual port taken. */
    @Test
    void freePortIsUsedIfTheUsualOneIsTaken() {
        DemoPage one = DemoPage.of("", problems);
        DemoPage other = DemoPage.of("", problems);
        assertThat(problems).isEmpty();
        try (FirstRegistration first = demo(one);
                FirstRegistration second = demo(other)) {
            one.start(first.proxy());
            other.start(second.proxy());
            assertThat(one.url()).get().asString().startsWith("http://127.0.0.1:");
            assertThat(other.url()).isPresent().isNotEqualTo(one.url());
            other.stop();
            one.stop();
        }
    }

    @Test
    void portThatWasAskedForIsNotReplaced() {
        DemoPage one = DemoPage.of("127.0.0.1:0", problems);
        try (FirstRegistration first = demo(one)) {
            one.start(first.proxy());
            int port = URI.create(one.url().orElseThrow()).getPort();
            DemoPage other = DemoPage.of("127.0.0.1:" + port, problems);
            try (FirstRegistration second = demo(other)) {
                assertThatThrownBy(() -> other.start(second.proxy()))
                        .isInstanceOf(ServerPartException.class)
                        .hasMessageStartingWith("--web: 127.0.0.1:" + port + " cannot be used");
            }
            one.stop();
        }
    }

    @Test
    void noneStartsNothing() {
        DemoPage page = DemoPage.of("none", problems);
        try (FirstRegistration demo = demo(page)) {
            page.start(demo.proxy());
            assertThat(page.url()).isEmpty();
            page.stop();
        }
    }
}
