package org.sipproxy.benchmarks;

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
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.nat.NatTest;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Cost of the decision whether a sender is behind a NAT; nearly all senders are not. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NatBenchmark {

    /** Sum of nat_uac_test flags. */
    @Param({"19", "511"})
    public int flags;

    /** Source of the request: the address that it names, or that of a NAT. */
    @Param({"198.51.100.7", "203.0.113.9"})
    public String source = "";

    private final FakeHooks hooks = new FakeHooks();
    private FakeStageContext request = requestFrom("127.0.0.1");

    private static FakeStageContext requestFrom(String address) {
        try {
            return new FakeStageContext(DigestBenchmark.request(""), FakeStageContext.START).from(address, 5060);
        } catch (org.sipproxy.message.SipParseException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Installs the component and keeps only its stage. */
    @Setup
    public void setUp() throws Exception {
        NatTraversal.builder().tests(NatTest.fromKamailioFlags(flags)).build().install(hooks);
        request = requestFrom(source);
    }

    /** Calls the stage at the entrance. */
    @Benchmark
    public Verdict detect() throws Exception {
        return hooks.stages().get(0).handle(request);
    }
}
