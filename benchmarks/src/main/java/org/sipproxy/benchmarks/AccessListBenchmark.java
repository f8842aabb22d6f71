package org.sipproxy.benchmarks;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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
import org.sipproxy.api.transport.Flow;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.testkit.fakes.FakeFlow;
import org.sipproxy.testkit.fakes.FakeHooks;

/** Cost of the check of one source by an access list, with few networks and with many. It comes before any parsing. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AccessListBenchmark {

    private static final int SOURCES = 65_536;

    /** Number of networks with a rule: /16 to /32, at random places. */
    @Param({"10", "1000", "100000"})
    public int networks;

    private final Flow[] sources = new Flow[SOURCES];
    private final FakeHooks hooks = new FakeHooks();
    private int next;

    /** Half of the sources are in a network of the list. */
    @Setup
    public void setUp() throws UnknownHostException {
        Random random = new Random(1);
        List<AccessRule> rules = new ArrayList<>();
        byte[][] addresses = new byte[networks][4];
        for (byte[] address : addresses) {
            random.nextBytes(address);
            rules.add(AccessRule.deny(CidrBlock.around(InetAddress.getByAddress(address), 16 + random.nextInt(17))));
        }
        AccessList.builder()
                .defaultPolicy(AccessRule.Action.ALLOW)
                .rules(rules.toArray(new AccessRule[0]))
                .build()
                .install(hooks);
        for (int i = 0; i < SOURCES; i++) {
            byte[] address = addresses[random.nextInt(networks)].clone();
            if (i % 2 == 0) {
                random.nextBytes(address);
            }
            sources[i] = FakeFlow.udp(InetAddress.getByAddress(address).getHostAddress(), 5060);
        }
    }

    /** Looks up one source, each time another one. */
    @Benchmark
    public boolean accepts() {
        next = (next + 1) % SOURCES;
        return hooks.arrivalFilters().get(0).accepts(sources[next], 500);
    }
}
