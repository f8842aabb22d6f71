package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {

    @ParameterizedTest
    @CsvSource({
        "proxy.requests, proxy.requests, true",
        "proxy.*, proxy.requests, true",
        "*.requests, proxy.requests, true",
        "*quest*, proxy.requests, true",
        "p*y.*s, proxy.requests, true",
        "*, proxy.requests, true",
        "**, proxy.requests, true",
        "proxy.requests*, proxy.requests, true",
        "proxy, proxy.requests, false",
        "*x, proxy.requests, false",
        "proxy.r*x*, proxy.requests, false",
        "proxyXrequests, proxy.requests, false",
    })
    void starsStandForAnyText(String pattern, String name, boolean matches) {
        assertThat(Figures.matches(pattern, name)).isEqualTo(matches);
    }

    @Test
    @Timeout(5)
    void manyStarsTakeNoLonger() {
        assertThat(Figures.matches("*".repeat(5_000) + "z", "proxy.retransmissions".repeat(10)))
                .isFalse();
        assertThat(Figures.matches("*a".repeat(500) + "z", "a".repeat(2_000))).isFalse();
    }
}
