package org.sipproxy.security;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.ProxyEvent;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;

/** A proxy whose clock stands until a test moves it. */
final class FakeRuntime implements ProxyRuntime {

    private final List<ProxyEvent> events = new ArrayList<>();
    private final List<Runnable> scheduled = new ArrayList<>();
    private Instant now;

    FakeRuntime(Instant now) {
        this.now = now;
    }

    void pass(Duration time) {
        now = now.plus(time);
    }

    List<ProxyEvent> events() {
        return events;
    }

    List<Runnable> scheduled() {
        return scheduled;
    }

    @Override
    public LocationStore locationStore() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public List<Endpoint> boundEndpoints() {
        return List.of(Endpoint.udp("192.0.2.1", 5060));
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return domains().contains(uri.host());
    }

    @Override
    public List<String> domains() {
        return List.of("example.org");
    }

    @Override
    public void send(Flow flow, byte[] bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Flow> flow(SipUri received, String socket) {
        return Optional.empty();
    }

    @Override
    public String sentBy(Flow flow) {
        return "192.0.2.1:5060";
    }

    @Override
    public void schedule(Duration delay, Runnable task) {
        scheduled.add(task);
    }

    @Override
    public void publish(ProxyEvent event) {
        events.add(event);
    }
}
