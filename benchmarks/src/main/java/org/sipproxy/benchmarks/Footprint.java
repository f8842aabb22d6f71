package org.sipproxy.benchmarks;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

/**
 * Live heap for each binding and for each INVITE that waits for its response, measured with a real proxy over loopback.
 * Usage: {@code Footprint [BINDINGS [TRANSACTIONS]]}. Default 100,000 and 10,000.
 */
public final class Footprint {

    private Footprint() {}

    /** Prints the results. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int bindings = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        int transactions = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
        try (SipProxy proxy = SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("example.test")
                        .noAuthentication()
                        .build();
                DatagramSocket phone = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            proxy.start();
            InetSocketAddress address = new InetSocketAddress(
                    InetAddress.getLoopbackAddress(),
                    proxy.boundEndpoints().get(0).port());
            phone.setSoTimeout(2_000);
            exchange(phone, address, Messages.register(bindings, 1)); // loads the code
            long empty = liveHeap();
            for (int i = 0; i < bindings; i++) {
                exchange(phone, address, Messages.register(i, 1));
            }
            long bound = liveHeap();
            print("binding", bindings, bound - empty);

            for (int i = 0; i < transactions; i++) {
                exchange(phone, address, Messages.invite(i)); // waits for the 100; the callee never responds
            }
            print("waiting INVITE", transactions, liveHeap() - bound);
            System.out.println("server transactions now: " + proxy.statistics().serverTransactions());
        }
    }

    private static void exchange(DatagramSocket phone, InetSocketAddress to, byte[] wire) throws IOException {
        phone.send(new DatagramPacket(wire, wire.length, to));
        phone.receive(new DatagramPacket(new byte[2_048], 2_048));
    }

    private static long liveHeap() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            Thread.sleep(100);
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    private static void print(String what, int count, long bytes) {
        System.out.println(count + " times a " + what + ": " + bytes / count + " bytes of live heap each");
    }
}
