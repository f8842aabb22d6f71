package org.sipproxy.benchmarks;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.RequestListener;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;
import org.sipproxy.nat.NatTest;
import org.sipproxy.nat.NatTraversal;

/** What it costs to tell of each request whether its sender is behind a NAT; nearly all are not. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NatBenchmark {

    /** A sum of nat_uac_test flags. */
    @Param({"19", "511"})
    public int flags;

    /** Where the request comes from: the address that it names, or a NAT's. */
    @Param({"198.51.100.7", "203.0.113.9"})
    public String source = "";

    private final Hooks hooks = new Hooks();
    private RequestAtProxy request = requestFrom(InetAddress.getLoopbackAddress());

    private static RequestAtProxy requestFrom(InetAddress address) {
        try {
            return new RequestAtProxy(DigestBenchmark.request(""), address);
        } catch (org.sipproxy.api.message.SipParseException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The step alone. */
    @Setup
    public void setUp() throws Exception {
        NatTraversal.builder().tests(NatTest.fromKamailioFlags(flags)).build().install(hooks);
        request = requestFrom(InetAddress.getByName(source));
    }

    /** The step at the entrance. */
    @Benchmark
    public Verdict detect() throws Exception {
        return hooks.stages.get(0).handle(request);
    }

    private static final class Hooks implements ComponentHooks {

        private final List<RequestStage> stages = new ArrayList<>();

        @Override
        public void atEntrance(RequestStage stage) {
            stages.add(stage);
        }

        @Override
        public void onArrival(ArrivalFilter filter) {}

        @Override
        public void onNonSip(NonSipHandler handler) {}

        @Override
        public void beforeAuthentication(RequestStage stage) {}

        @Override
        public void beforeRouting(RequestStage stage) {}

        @Override
        public void beforeForwarding(RequestStage stage) {}

        @Override
        public void onResponse(ResponseStage stage) {}

        @Override
        public void onStrayResponse(StrayResponseHandler handler) {}

        @Override
        public void onLocationChange(LocationListener listener) {}

        @Override
        public void onRequestCompleted(RequestListener listener) {}

        @Override
        public void onEvent(ProxyListener listener) {}

        @Override
        public void serveDomains(DomainSource source) {}
    }
}
