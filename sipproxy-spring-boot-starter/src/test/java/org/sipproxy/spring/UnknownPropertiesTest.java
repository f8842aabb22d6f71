package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

class UnknownPropertiesTest {

    @Test
    void aTypingErrorIsReportedWithWhatWasMeant() {
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .addLast(new MapPropertySource(
                        "file",
                        Map.of(
                                "sipproxy.min-expire", "60s",
                                "sipproxy.nat.pinng", "15s",
                                "sipproxy.something.else.entirely", "x",
                                "spring.application.name", "x")));

        assertThat(UnknownProperties.in(environment))
                .containsExactly(
                        "sipproxy.min-expire: is not a property of the SIP proxy; did you mean sipproxy.min-expires?",
                        "sipproxy.nat.pinng: is not a property of the SIP proxy; did you mean sipproxy.nat.ping?",
                        "sipproxy.something.else.entirely: is not a property of the SIP proxy");
    }

    @Test
    void propertiesInEveryFormAreKnown() {
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .addLast(new MapPropertySource(
                        "file",
                        Map.of(
                                "sipproxy.minExpires", "60s",
                                "sipproxy.listen[0]", "udp:127.0.0.1:0",
                                "sipproxy.domain", "sip.test",
                                "sipproxy.calls.max_duration", "1h",
                                "sipproxy.gateway.pstn.member[0].uri", "sip:192.0.2.1",
                                "sipproxy.trunk.carrier.did[4930]", "alice")));

        assertThat(UnknownProperties.in(environment)).isEmpty();
    }
}
