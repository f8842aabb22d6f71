package org.sipproxy.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.nat.PingMethod;

/**
 * Cost of OPTIONS pings to many clients that respond, over real sockets. Usage:
 * {@code NatPings [BINDINGS [INTERVAL-SECONDS]]}. Default 100,000 and 15 s. The clients are one socket behind many
 * loopback addresses, whose thread is not counted. The responses come from one address, so they are read and matched,
 * but not accepted.
 */
public final class NatPings {

    private NatPings() {}

    /** Prints the results. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int bindings = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        Duration interval = Duration.ofSeconds(args.length > 1 ? Integer.parseInt(args[1]) : 15);
        NatTraversal nat =
                NatTraversal.builder().ping(PingMethod.OPTIONS, interval).build();
        try (DatagramChannel phones = DatagramChannel.open();
                SipProxy proxy = SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("example.test")
                        .noAuthentication()
                        .component(nat)
                        .build()) {
            proxy.start();
            phones.bind(new InetSocketAddress("0.0.0.0", 0));
            Thread answering = new Thread(() -> answer(phones), "phones");
            answering.setDaemon(true);
            answering.start();
            fill(proxy, bindings, ((InetSocketAddress) phones.getLocalAddress()).getPort());
            Thread.sleep(interval.toMillis() * 2); // the first round skips new bindings, and code is compiled

            long pings = nat.statistics().pings();
            long responses = proxy.statistics().responses();
            long cpu = cpu() - cpu(answering);
            long start = System.nanoTime();
            Thread.sleep(interval.toMillis() * 2);
            double seconds = (System.nanoTime() - start) / 1e9;
            double share = (cpu() - cpu(answering) - cpu) / 1e9 / seconds;
            pings = nat.statistics().pings() - pings;
            responses = proxy.statistics().responses() - responses;
            System.out.printf(
                    "%d bindings every %d s: %.0f pings/s, %.0f responses/s, %.1f %% of one core, %.2f us a ping%n",
                    bindings,
                    interval.toSeconds(),
                    pings / seconds,
                    responses / seconds,
                    share * 100,
                    share * seconds * 1e6 / pings);
        }
    }

    private static void fill(SipProxy proxy, int bindings, int port) {
        Endpoint socket = proxy.boundEndpoints().get(0);
        long now = System.currentTimeMillis();
        for (int i = 0; i < bindings; i++) {
            String address = "127." + (1 + (i >> 16)) + "." + (i >> 8 & 255) + "." + (i & 255);
            Binding binding = Binding.builder("b" + i, SipUri.of("sip:u" + i + "@192.168.1.7:5060"))
                    .granted(now, Duration.ofHours(1))
                    .received(SipUri.of("sip:" + address + ":" + port))
                    .socket(socket)
                    .build();
            proxy.locationStore().update(new Aor("u" + i, "example.test"), current -> List.of(binding));
        }
    }

    /** Responds to each request with 200. */
    private static void answer(DatagramChannel phones) {
        ByteBuffer in = ByteBuffer.allocateDirect(2_048);
        try {
            while (true) {
                in.clear();
                InetSocketAddress from = (InetSocketAddress) phones.receive(in);
                in.flip();
                byte[] request = new byte[in.remaining()];
                in.get(request);
                String text = new String(request, StandardCharsets.US_ASCII);
                String answer = "SIP/2.0 200 OK" + text.substring(text.indexOf("\r\n"));
                phones.send(ByteBuffer.wrap(answer.getBytes(StandardCharsets.US_ASCII)), from);
            }
        } catch (ClosedChannelException e) {
            // closed
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static long cpu(Thread thread) {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.getId());
    }
}
