package org.sipproxy.spring;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;

/** Free ports of the loopback address in place of the listening points of the properties. For {@code org.sipproxy.spring.test}. */
public final class TestListeningPoints implements ProxyAssembly.ListeningPoints {

    /** Creates the bean. */
    public TestListeningPoints() {}

    @Override
    public List<Endpoint> of(List<Endpoint> configured) {
        List<Endpoint> points = new ArrayList<>();
        for (Endpoint endpoint : configured) {
            points.add(new Endpoint(endpoint.kind(), "127.0.0.1", 0, "", 0));
        }
        if (configured.stream().noneMatch(endpoint -> endpoint.kind() == TransportKind.UDP)) {
            points.add(Endpoint.udp("127.0.0.1", 0));
        }
        return points;
    }
}
