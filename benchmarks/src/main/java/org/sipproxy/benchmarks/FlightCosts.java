package org.sipproxy.benchmarks;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import jdk.jfr.Recording;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.CallSettings;

/**
 * Bytes that the threads of a proxy allocate for a REGISTER, for a refused MESSAGE and for a call, over loopback, with
 * one stage of the host application: while no flight recording exists, during one without the proxy's events, and
 * during one with them. The least of all rounds is what the code needs; more is other work, such as of timers. Usage:
 * {@code FlightCosts [ROUNDS [REQUESTS]]}. Default 40 rounds of 500 requests.
 */
public final class FlightCosts {

    private static final List<String> EVENTS =
            List.of("sipproxy.Registration", "sipproxy.Call", "sipproxy.Refusal", "sipproxy.SlowStage");

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final DatagramSocket caller = CallCosts.socket();
    private final DatagramSocket callee = CallCosts.socket();
    private final InetSocketAddress address;
    private int number;

    private FlightCosts(SipProxy proxy) throws IOException {
        address = new InetSocketAddress(
                InetAddress.getLoopbackAddress(), proxy.boundEndpoints().get(0).port());
        callee.setSoTimeout(0);
        Thread phone = new Thread(() -> CallCosts.answer(callee), "callee");
        phone.setDaemon(true);
        phone.start();
    }

    /** Prints the results. */
    public static void main(String[] args) throws IOException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 40;
        int requests = args.length > 1 ? Integer.parseInt(args[1]) : 500;
        SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("example.test")
                .noAuthentication()
                .udpReceivers(1)
                .calls(CallSettings.DEFAULT)
                .beforeRouting(new Stage())
                .name("flight")
                .build();
        proxy.start();
        FlightCosts costs = new FlightCosts(proxy);
        costs.rounds(2 * rounds, requests); // loads and compiles the code
        costs.print("no recording", rounds, requests);
        try (Recording recording = new Recording()) {
            EVENTS.forEach(recording::disable);
            recording.start();
            costs.print("recording, events disabled", rounds, requests);
        }
        try (Recording recording = new Recording()) {
            recording.start();
            costs.rounds(rounds, requests);
            costs.print("recording, events enabled", rounds, requests);
        }
        proxy.close();
        costs.caller.close();
        costs.callee.close();
    }

    private static final class Stage implements RequestStage {

        @Override
        public Verdict handle(StageContext context) {
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }
    }

    private void print(String name, int rounds, int requests) throws IOException {
        double[] least = rounds(rounds, requests);
        System.out.printf(
                "%-28s bytes of a REGISTER: %.1f, of a refused MESSAGE: %.1f, of a call: %.1f%n",
                name, least[0], least[1], least[2]);
    }

    /** Returns the least bytes of each kind of request. */
    private double[] rounds(int rounds, int requests) throws IOException {
        double[] least = new double[3];
        Arrays.fill(least, Double.MAX_VALUE);
        for (int round = 0; round < rounds; round++) {
            for (int kind = 0; kind < least.length; kind++) {
                long before = allocated();
                for (int i = 0; i < requests; i++) {
                    send(kind);
                }
                least[kind] = Math.min(least[kind], (allocated() - before) / (double) requests);
            }
        }
        return least;
    }

    private void send(int kind) throws IOException {
        String id = "flight" + number++;
        switch (kind) {
            case 0 -> {
                String register = CallCosts.register(callee.getLocalPort()).replace("z9hG4bK-r", "z9hG4bK-" + id);
                CallCosts.exchange(caller, address, register.replace("Call-ID: register", "Call-ID: " + id), " 200 ");
            }
            case 1 -> {
                String message = CallCosts.request("MESSAGE", "sip:nobody@example.test", caller, id, "", "", 1);
                CallCosts.exchange(caller, address, message, " 404 ");
            }
            default -> CallCosts.call(caller, address, id, true);
        }
    }

    private static long allocated() {
        long sum = 0;
        for (var thread : THREADS.dumpAllThreads(false, false, 0)) {
            if (thread.getThreadName().startsWith("flight-")) {
                sum += Math.max(0, THREADS.getThreadAllocatedBytes(thread.getThreadId()));
            }
        }
        return sum;
    }
}
