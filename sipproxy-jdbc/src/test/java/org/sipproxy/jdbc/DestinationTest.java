package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;

/** Rows of the table dispatcher. */
class DestinationTest {

    private final List<String> problems = new ArrayList<>();

    @Test
    void attributesNameTheWeightAndTheListeningPoint() {
        Destination destination =
                Destination.of("sip:192.0.2.7", "duid=a;weight=30;socket=udp:192.0.2.1:5080", problems::add);

        assertThat(destination.weight()).isEqualTo(30);
        assertThat(destination.socket()).isEqualTo(Endpoint.udp("192.0.2.1", 5080));
        assertThat(problems).isEmpty();
    }

    @Test
    void socketThatIsNotAnEndpointIsReportedAndNotUsed() {
        Destination destination = Destination.of("sip:192.0.2.7", "socket=eth0", problems::add);

        assertThat(destination.socket()).isNull();
        assertThat(destination.uri()).hasToString("sip:192.0.2.7");
        assertThat(problems).singleElement().asString().contains("read without its socket \"eth0\"");
    }
}
