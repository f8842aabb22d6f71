package org.sipproxy.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.gateway.GatewayFigures;
import org.sipproxy.api.gateway.GatewayMonitor;
import org.sipproxy.api.gateway.TrunkFigures;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class GatewayMetersTest implements ProxyComponent, GatewayMonitor {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final FakeRuntime proxy = new FakeRuntime(FakeStageContext.START).with(this);
    private final List<GatewayFigures> gateways = new ArrayList<>();
    private final List<TrunkFigures> trunks = new ArrayList<>();
    private boolean fails;

    @Override
    public void install(ComponentHooks hooks) {
        // it only has figures
    }

    @Override
    public List<GatewayFigures> gatewayFigures() {
        if (fails) {
            throw new IllegalStateException("of the test");
        }
        return gateways;
    }

    @Override
    public List<TrunkFigures> trunkFigures() {
        return trunks;
    }

    private GatewayMeters start() {
        return new GatewayMeters(new Meters(registry, Tags.empty()), proxy);
    }

    private static GatewayFigures gateway(String id, String state, int calls) {
        return new GatewayFigures("pstn", id, state, !state.equals("down"), calls, 3, 4);
    }

    private double gauge(String name, String... tags) {
        return registry.get(name).tags(tags).gauge().value();
    }

    private double counted(String name, String... tags) {
        return registry.get(name).tags(tags).functionCounter().count();
    }

    private void next() {
        proxy.advance(Duration.ofSeconds(5));
    }

    @Test
    void figuresOfGatewaysAreShown() {
        gateways.add(gateway("one", "active", 2));
        gateways.add(gateway("two", "down", 0));
        start();

        assertThat(gauge("sip.proxy.gateway.up", "set", "pstn", "gateway", "one"))
                .isEqualTo(1);
        assertThat(gauge("sip.proxy.gateway.up", "set", "pstn", "gateway", "two"))
                .isZero();
        assertThat(gauge("sip.proxy.gateway.calls", "gateway", "one")).isEqualTo(2);
        assertThat(counted("sip.proxy.gateway.failures", "gateway", "one", "kind", "probe"))
                .isEqualTo(3);
        assertThat(counted("sip.proxy.gateway.failures", "gateway", "one", "kind", "request"))
                .isEqualTo(4);
        assertThat(gauge("sip.proxy.gateways", "set", "pstn", "state", "active"))
                .isEqualTo(1);
        assertThat(gauge("sip.proxy.gateways", "set", "pstn", "state", "down")).isEqualTo(1);
    }

    @Test
    void metersFollowTheGateways() {
        gateways.add(gateway("one", "active", 2));
        start();

        gateways.set(0, gateway("one", "down", 1));
        gateways.add(gateway("two", "down", 0));
        next();
        assertThat(gauge("sip.proxy.gateway.calls", "gateway", "one")).isEqualTo(1);
        assertThat(gauge("sip.proxy.gateway.up", "gateway", "two")).isZero();
        assertThat(gauge("sip.proxy.gateways", "state", "active")).isZero();
        assertThat(gauge("sip.proxy.gateways", "state", "down")).isEqualTo(2);

        gateways.clear();
        next();
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void registrationsOfTrunksAreShown() {
        trunks.add(new TrunkFigures("carrier", true, true, 5));
        trunks.add(new TrunkFigures("by address", false, false, 0));
        start();

        assertThat(gauge("sip.proxy.trunk.registered", "trunk", "carrier")).isEqualTo(1);
        assertThat(counted("sip.proxy.trunk.failures", "trunk", "carrier")).isEqualTo(5);
        assertThat(registry.find("sip.proxy.trunk.registered")
                        .tags("trunk", "by address")
                        .gauge())
                .isNull();
    }

    @Test
    void numberOfMetersIsBounded() {
        for (int i = 0; i < 2_000; i++) {
            gateways.add(gateway("g" + i, "active", 0));
        }
        start();

        assertThat(registry.find("sip.proxy.gateway.up").gauges()).hasSize(500);
        assertThat(gauge("sip.proxy.gateways", "state", "active")).isEqualTo(2_000);
    }

    @Test
    void readingGoesOnAfterAFailure() {
        gateways.add(gateway("one", "active", 2));
        start();

        fails = true;
        try {
            next();
        } catch (IllegalStateException e) {
            fails = false; // the proxy logs what a task throws
        }
        gateways.set(0, gateway("one", "active", 7));
        next();

        assertThat(fails).isFalse();
        assertThat(gauge("sip.proxy.gateway.calls", "gateway", "one")).isEqualTo(7);
    }

    @Test
    void readingAfterTheEndAddsNothing() {
        GatewayMeters meters = start();
        meters.close();
        gateways.add(gateway("one", "active", 2));

        next();

        assertThat(registry.getMeters()).isEmpty();
    }
}
